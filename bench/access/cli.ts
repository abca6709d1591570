/**
 * `npm run bench:access [-- --quick]`: what tokens, access rules and quotas cost a push. Prints each figure and whether
 * its target is reached.
 */
import { scriptArguments } from '../../scripts/arguments.ts'
import { ScriptProgress } from '../../scripts/progress.ts'
import { describeMachine } from '../machine.ts'
import { accessCosts } from './access-costs.ts'

const QUICK = { durationMs: 500, warmUpMs: 100, rounds: 3 }
const FULL = { durationMs: 1_000, warmUpMs: 100, rounds: 12 }

// kafkajs sets timers with negative delays, and Node would warn about them (kafkajs issue 1751).
process.removeAllListeners('warning')
const values = scriptArguments('Usage: npm run bench:access -- [--quick]', {
  quick: { type: 'boolean', default: false },
})
const { cpu, cores, node, commit } = describeMachine()
console.log(`${cpu}, ${cores} cores, Node.js ${node}, commit ${commit}`)
const progress = new ScriptProgress({ verb: 'took', noun: 'measure', total: 1 })
const options = { ...(values.quick ? QUICK : FULL), peers: [], brokers: undefined }
const figures = await accessCosts(options)
progress.done()
progress.end()
for (const { name, measured, target, isReached } of figures) {
  const verdict = isReached === undefined ? '    ' : isReached ? 'ok  ' : 'MORE'
  console.log(`${verdict} ${name}: ${measured}${target === '' ? '' : ` (${target})`}`)
}
