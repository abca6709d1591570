/**
 * `npm run fuzz [-- --runs N --seed S --workers W]`: fuzzed requests, half of them with damaged credentials, to a kprf
 * with tokens, an ACL, quotas and a rate limit, on an embedded broker. Nothing crashes; nothing is produced that its
 * sender may not write, or twice, and what was accepted is produced; every reply is a documented one; secrets appear
 * nowhere. Exits with 1 where that does not hold.
 */
import { randomInt } from 'node:crypto'
import { scriptArguments } from '../../scripts/arguments.ts'
import { ScriptProgress } from '../../scripts/progress.ts'
import { runFuzz } from './run.ts'

const values = scriptArguments('Usage: npm run fuzz -- [--runs 20000] [--seed N] [--workers 1]', {
  runs: { type: 'string', default: '20000' },
  seed: { type: 'string', default: String(randomInt(2 ** 31)) },
  workers: { type: 'string', default: '1' },
})
const seed = Number(values.seed)
const startedMs = performance.now()
const seconds = (): string => ((performance.now() - startedMs) / 1000).toFixed(0)
console.log(`seed ${seed}`)
const progress = new ScriptProgress({
  ...{ verb: 'sent', noun: 'request', total: Number(values.runs) },
})
const { requests, replies, stored, statuses, violations } = await runFuzz({
  requests: Number(values.runs),
  seed,
  workers: Number(values.workers),
  onRound: (round) => {
    const mib = (round.residentBytes / 2 ** 20).toFixed(0)
    progress.print(
      `${round.requests} requests, ${round.stored} records, ${mib} MiB, ${seconds()} s`,
    )
  },
  onRequests: (count) => {
    progress.done(count)
  },
})
progress.end()
console.log(
  `${requests} requests, ${replies} replies, ${stored} records in Kafka, ${violations.length} violations in ${seconds()} s`,
)
const counts = [...statuses].sort(([one], [other]) => one - other)
console.log(counts.map(([status, count]) => `${status}: ${count}`).join(', '))
for (const violation of violations) console.log(violation)
process.exitCode = violations.length === 0 ? 0 : 1
