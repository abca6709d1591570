/**
 * `npm run bench:doors [-- --quick] [--stream-gib N]`: what records cost that come in by another door than `/push`.
 * Prints each figure and whether its target is reached.
 */
import { scriptArguments } from '../../scripts/arguments.ts'
import { ScriptProgress } from '../../scripts/progress.ts'
import { describeMachine } from '../machine.ts'
import { lineCosts, receiptCosts, streamMemory } from './line-costs.ts'
import { rawCosts } from './raw-costs.ts'

const QUICK = { durationMs: 500, warmUpMs: 100, rounds: 2 }
const FULL = { durationMs: 2_000, warmUpMs: 200, rounds: 5 }
const GIB = 1_073_741_824

// kafkajs sets timers with negative delays, and Node would warn about them (kafkajs issue 1751).
process.removeAllListeners('warning')
const values = scriptArguments('Usage: npm run bench:doors -- [--quick] [--stream-gib N]', {
  quick: { type: 'boolean', default: false },
  'stream-gib': { type: 'string', default: '1' },
})
const { cpu, cores, node, commit } = describeMachine()
console.log(`${cpu}, ${cores} cores, Node.js ${node}, commit ${commit}`)
const options = { ...(values.quick ? QUICK : FULL), peers: [], brokers: undefined }
const progress = new ScriptProgress({ verb: 'took', noun: 'measure', total: 4 })
const take = async <Figures>(what: string, measure: () => Promise<Figures>): Promise<Figures> => {
  progress.doing(what)
  const taken = await measure()
  progress.done()
  return taken
}
const figures = [
  ...(await take('raw bodies', () => rawCosts(options))),
  ...(await take('lines', () => lineCosts(options))),
  await take('receipts', () => receiptCosts(options)),
  ...(await take('memory of a stream', () => streamMemory(Number(values['stream-gib']) * GIB))),
]
progress.end()
for (const { name, measured, target, isReached } of figures) {
  const verdict = isReached === undefined ? '    ' : isReached ? 'ok  ' : 'MISS'
  console.log(`${verdict} ${name}: ${measured}${target === '' ? '' : ` (${target})`}`)
}
