/**
 * `npm run crash-test [-- --kills N --seed S]`: kprf with a write-ahead log, killed with SIGKILL at random moments,
 * also while it starts and while Kafka is away. Exits with 1 if an accepted record is missing, altered, out of order,
 * or kept more often than the log can explain.
 */
import { randomInt } from 'node:crypto'
import { scriptArguments } from '../../scripts/arguments.ts'
import { ScriptProgress } from '../../scripts/progress.ts'
import { type CrashResult, runCrashes } from './run.ts'

const MAX_PRINTED = 50

const values = scriptArguments('Usage: npm run crash-test -- [--kills 200] [--seed N]', {
  kills: { type: 'string', default: '200' },
  seed: { type: 'string', default: String(randomInt(2 ** 31)) },
})
const seed = Number(values.seed)
const startedMs = performance.now()
const secondsSoFar = (): string => ((performance.now() - startedMs) / 1000).toFixed(0)
const progress = new ScriptProgress({ verb: 'made', noun: 'kill', total: Number(values.kills) })
let printed = 0
let done = 0
const result = await runCrashes(Number(values.kills), seed, (sum: CrashResult) => {
  const { kills, accepted, violations } = sum
  progress.done(kills - done)
  done = kills
  for (const violation of violations.slice(printed, MAX_PRINTED)) progress.print(violation)
  printed = violations.length
  progress.print(
    `${kills} kills, ${accepted} records accepted, ${printed} violations, ${secondsSoFar()} s`,
  )
})
progress.end()
const { kills, violations, ...counts } = result
console.log(`seed ${seed}: ${kills} kills, ${violations.length} violations in ${secondsSoFar()} s`)
for (const [name, count] of Object.entries(counts)) console.log(`${name}: ${String(count)}`)
process.exitCode = violations.length === 0 ? 0 : 1
