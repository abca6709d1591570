/**
 * `npm run power-loss [-- --runs N --seed S]`: the write-ahead log on a simulated disk that loses power, three times
 * in each run, and keeps any sectors of what was not synced. Exits with 1 if an accepted push is lost.
 */
import { scriptArguments } from '../../scripts/arguments.ts'
import { ScriptProgress } from '../../scripts/progress.ts'
import { powerLossViolations } from '../wal/support/power-loss.ts'

const values = scriptArguments('Usage: npm run power-loss -- [--runs 100000] [--seed 1]', {
  runs: { type: 'string', default: '100000' },
  seed: { type: 'string', default: '1' },
})
const [runs, first] = [Number(values.runs), Number(values.seed)]
const progress = new ScriptProgress({ verb: 'made', noun: 'run', total: runs })
let violations = 0
for (let run = 0; run < runs; run += 1) {
  for (const violation of await powerLossViolations(first + run)) {
    violations += 1
    progress.print(`seed ${first + run}: ${violation}`)
  }
  progress.done()
}
progress.end()
console.log(`${runs} runs, ${violations} violations`)
process.exitCode = violations === 0 ? 0 : 1
