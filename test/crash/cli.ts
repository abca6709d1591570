/**
 * `npm run crash-test [-- --kills N --seed S]`: kprf with a write-ahead log, killed with SIGKILL at random moments,
 * also while it starts and while Kafka is away. Exits with 1 if an accepted record is missing, altered, out of order,
 * or stored more often than the log can explain.
 */
import { randomInt } from 'node:crypto'
import { scriptArguments } from '../../scripts/arguments.ts'
import { runCrashes } from './run.ts'

const MAX_PRINTED = 50

const values = scriptArguments('Usage: npm run crash-test -- [--kills 200] [--seed N]', {
  kills: { type: 'string', default: '200' },
  seed: { type: 'string', default: String(randomInt(2 ** 31)) },
})
const seed = Number(values.seed)
const startedMs = performance.now()
const result = await runCrashes(Number(values.kills), seed)
const seconds = ((performance.now() - startedMs) / 1000).toFixed(0)
for (const violation of result.violations.slice(0, MAX_PRINTED)) console.log(violation)
console.log(
  `seed ${seed}: ${result.kills} kills (${result.killsAtStart} at the start, ${result.killsWithoutKafka} without Kafka), ${result.accepted} records accepted, ${result.refused} refused, ${result.unknown} without a reply, ${result.duplicates} duplicates, ${result.violations.length} violations in ${seconds} s`,
)
process.exitCode = result.violations.length === 0 ? 0 : 1
