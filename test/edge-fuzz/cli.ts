/**
 * `npm run fuzz:edge [-- --runs N --seed S]`: says the same to two kprf, one with the fast way and one without. Exits with 1
 * if they differ in a reply, in what is produced or counted, or in the end of a connection.
 */
import { randomInt } from 'node:crypto'
import { scriptArguments } from '../../scripts/arguments.ts'
import { ScriptProgress } from '../../scripts/progress.ts'
import { runEdgeFuzz } from './run.ts'

const values = scriptArguments('Usage: npm run fuzz:edge -- [--runs 100000] [--seed N]', {
  runs: { type: 'string', default: '100000' },
  seed: { type: 'string', default: String(randomInt(2 ** 31)) },
})
const seed = Number(values.seed)
const startedMs = performance.now()
console.log(`seed ${seed}`)
const progress = new ScriptProgress({
  ...{ verb: 'compared', noun: 'conversation', total: Number(values.runs) },
})
const { runs, replies, records, fastPushes, askedAgain, differences } = await runEdgeFuzz({
  ...{ runs: Number(values.runs), seed },
  onCompared: () => {
    progress.done()
  },
})
progress.end()
const seconds = ((performance.now() - startedMs) / 1000).toFixed(0)
console.log(
  `${runs} conversations, ${replies} replies, ${records} records, ${fastPushes} pushes on the fast way, ${askedAgain} asked again, ${differences.length} differences in ${seconds} s`,
)
for (const difference of differences) console.log(JSON.stringify(difference, undefined, 2))
process.exitCode = differences.length === 0 ? 0 : 1
