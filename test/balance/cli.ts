/**
 * `npm run balance [-- --requests N --seed S]`: clients that pipeline, half-close, abort and send what is refused,
 * on raw connections to the HTTP edge. Every request gets exactly one reply, in order, or none and no effect, and
 * what was produced is what was answered. Exits with 1 where that does not hold.
 */
import { randomInt } from 'node:crypto'
import { scriptArguments } from '../../scripts/arguments.ts'
import { ScriptProgress } from '../../scripts/progress.ts'
import { runBalance } from './run.ts'

const values = scriptArguments('Usage: npm run balance -- [--requests 100000] [--seed N]', {
  requests: { type: 'string', default: '100000' },
  seed: { type: 'string', default: String(randomInt(2 ** 31)) },
})
const requestCount = Number(values.requests)
const seed = Number(values.seed)
const startedMs = performance.now()
const progress = new ScriptProgress({ verb: 'sent', noun: 'request', total: requestCount })
const result = await runBalance(requestCount, seed, (requests) => {
  progress.done(requests)
})
progress.end()
const seconds = ((performance.now() - startedMs) / 1000).toFixed(0)
const statuses = [...result.statuses].sort(([one], [other]) => one - other)
console.log(
  `seed ${seed}: ${result.requests} requests on ${result.conversations} connections, ${result.answered} replies, ${result.violations.length} violations in ${seconds} s`,
)
console.log(statuses.map(([status, count]) => `${status}: ${count}`).join(', '))
for (const violation of result.violations) console.log(violation)
process.exitCode = result.violations.length === 0 ? 0 : 1
