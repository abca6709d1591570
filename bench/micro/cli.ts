/**
 * Times the hot functions by themselves, with tinybench, and prints a table:
 *
 *     npm run bench:micro
 */
import { Bench } from 'tinybench'
import { describeMachine } from '../machine.ts'
import { microCases } from './cases.ts'
import { scriptArguments } from '../../scripts/arguments.ts'
import { ScriptProgress } from '../../scripts/progress.ts'

scriptArguments('Usage: npm run bench:micro', {})

const TIME_MS = 1_000
const WARMUP_MS = 500
const HEAD = [
  'what',
  'ns an operation',
  'p75',
  'p99',
  'mean',
  '± of the mean',
  'operations a second',
]

const cases = microCases()
const bench = new Bench({ time: TIME_MS, warmupTime: WARMUP_MS })
for (const { name, run } of cases) bench.add(name, run, { async: false })
const progress = new ScriptProgress({ verb: 'timed', noun: 'function', total: cases.length })
bench.addEventListener('cycle', () => {
  progress.done()
})
await bench.run()
progress.end()

const { cpu, cores, node, commit } = describeMachine()
console.log(`${cpu}, ${cores} cores; Node.js ${node}; kprf ${commit}\n`)
printRow(HEAD)
printRow(HEAD.map((_, column) => (column === 0 ? '---' : '---:')))
for (const { name, operations } of cases) {
  const result = bench.getTask(name)?.result
  if (result?.state !== 'completed') throw new Error(`${name} did not run`)
  // The median: other programs of the machine, and collections, make the mean what they like.
  const { p50, p75, p99, mean, rme } = result.latency
  const [median = '', ...spread] = [p50, p75, p99, mean].map((ms) =>
    grouped((ms * 1e6) / operations),
  )
  printRow([name, median, ...spread, `${rme.toFixed(1)} %`, grouped((operations * 1_000) / p50)])
}

function grouped(value: number): string {
  return Math.round(value).toLocaleString('en')
}

function printRow(cells: readonly string[]): void {
  console.log(`| ${cells.join(' | ')} |`)
}
