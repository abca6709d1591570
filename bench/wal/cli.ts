/**
 * `npm run bench:wal [-- --quick] [--dir FOLDER]`: what the write-ahead log costs, on the disk of this folder. Prints
 * each figure and whether its target is reached. Fails if a record that was accepted is not delivered.
 */
import { join } from 'node:path'
import { scriptArguments } from '../../scripts/arguments.ts'
import { ScriptProgress } from '../../scripts/progress.ts'
import { describeMachine } from '../machine.ts'
import { makeDiskFolder } from './disk-folder.ts'
import { durablePushes } from './durable.ts'
import { opening } from './opening.ts'

const QUICK = { durationMs: 2_500, warmUpMs: 1_000, rounds: 2 }
const FULL = { durationMs: 5_000, warmUpMs: 2_000, rounds: 5 }

// kafkajs sets timers with negative delays, and Node would warn about them (kafkajs issue 1751).
process.removeAllListeners('warning')
const values = scriptArguments('Usage: npm run bench:wal -- [--quick] [--dir FOLDER]', {
  quick: { type: 'boolean', default: false },
  dir: { type: 'string', default: join(import.meta.dirname, '..', 'results') },
})
const options = { ...(values.quick ? QUICK : FULL), peers: [], brokers: undefined }
const folder = makeDiskFolder(values.dir)
const { cpu, cores, node, commit } = describeMachine()
console.log(`${cpu}, ${cores} cores, Node.js ${node}, commit ${commit}, ${folder.fileSystem}`)
const progress = new ScriptProgress({ verb: 'took', noun: 'measure', total: 2 })
progress.doing('durable pushes')
const durable = await durablePushes(options, folder)
progress.done()
progress.doing('starts with a full log')
const figures = [...durable, ...(await opening(options.rounds, folder))]
progress.done()
progress.end()
for (const { name, measured, target, isReached } of figures) {
  const verdict = isReached === undefined ? '    ' : isReached ? 'ok  ' : 'LESS'
  console.log(`${verdict} ${name}: ${measured}${target === '' ? '' : ` (${target})`}`)
}
