/**
 * `npm run power-loss [-- --runs N --seed S]`: the write-ahead log on a simulated disk that loses power, three times
 * in each run, and keeps any sectors of what was not synced. Exits with 1 if an accepted push is lost.
 */
import { scriptArguments } from '../../scripts/arguments.ts'
import { powerLossViolations } from '../wal/support/power-loss.ts'

const PROGRESS_MS = 10_000

const values = scriptArguments('Usage: npm run power-loss -- [--runs 100000] [--seed 1]', {
  runs: { type: 'string', default: '100000' },
  seed: { type: 'string', default: '1' },
})
const [runs, first] = [Number(values.runs), Number(values.seed)]
const startedMs = performance.now()
let saidMs = startedMs
let violations = 0
for (let run = 0; run < runs; run += 1) {
  for (const violation of await powerLossViolations(first + run)) {
    violations += 1
    console.log(`seed ${first + run}: ${violation}`)
  }
  const nowMs = performance.now()
  if (nowMs - saidMs < PROGRESS_MS && run + 1 < runs) continue
  saidMs = nowMs
  const seconds = ((nowMs - startedMs) / 1000).toFixed(0)
  console.log(`${run + 1} of ${runs} runs, ${violations} violations, ${seconds} s`)
}
process.exitCode = violations === 0 ? 0 : 1
