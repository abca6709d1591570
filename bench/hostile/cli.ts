/**
 * `npm run bench:hostile [-- --kib N --only TEXT --json]`: measures what each kind of hostile request costs kprf in
 * processor time and memory per received byte, relative to a normal push. It exits with 0 either way. Each kind
 * sends several MiB, because V8 and the allocator take 40 to 60 MiB as soon as they have much to do.
 */
import { scriptArguments } from '../../scripts/arguments.ts'
import { ScriptProgress } from '../../scripts/progress.ts'
import { describeMachine } from '../machine.ts'
import { Broker } from '../support/broker.ts'
import { costOf, type Cost } from './cost.ts'
import { NORMAL, NORMAL_WHILE_AWAY, type Shape, SHAPES } from './shapes.ts'

const MAX_CPU_RATIO = 20
const MAX_MEMORY_RATIO = 30
/** Normal pushes hold so little memory that many are needed for a measurable amount. */
const NORMAL_TIMES = 3

const values = scriptArguments(
  'Usage: npm run bench:hostile -- [--kib 6144] [--only TEXT] [--json]',
  {
    kib: { type: 'string', default: '6144' },
    only: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
)
const bytes = Number(values.kib) * 1024
const machine = describeMachine()
const print = values.json ? console.error : console.log
print(`${machine.cpu}, ${machine.cores} cores, Node.js ${machine.node}, commit ${machine.commit}`)

const shapes = SHAPES.filter(({ name }) => name.includes(values.only))
const progress = new ScriptProgress({
  ...{ verb: 'measured', noun: 'kind', total: shapes.length + 2 },
})
const broker = await Broker.start({ bench: 4 })
const costs: Cost[] = []
const measure = async (shape: Shape, sentBytes: number): Promise<Cost> => {
  progress.doing(shape.name)
  const cost = await costOf(shape, sentBytes, broker.bootstrap)
  progress.done()
  costs.push(cost)
  return cost
}
try {
  const normal = await measure(NORMAL, bytes * NORMAL_TIMES)
  progress.print(line(normal, ''), print)
  const normalWhileAway = await measure(NORMAL_WHILE_AWAY, bytes * NORMAL_TIMES)
  progress.print(line(normalWhileAway, ''), print)
  for (const shape of shapes) {
    const cost = await measure(shape, bytes)
    const cpuRatio = cost.cpuNsPerByte / normal.cpuNsPerByte
    const memoryRatio = cost.memoryPerByte / normalWhileAway.memoryPerByte
    const isReached = cpuRatio <= MAX_CPU_RATIO && memoryRatio <= MAX_MEMORY_RATIO
    const ratios = `${cpuRatio.toFixed(1)} x the CPU, ${memoryRatio.toFixed(1)} x the memory of a normal push`
    progress.print(`${isReached ? 'ok  ' : 'MORE'} ${line(cost, ratios)}`, print)
  }
  progress.end()
  print(
    `to reach: <= ${MAX_CPU_RATIO} x the CPU and <= ${MAX_MEMORY_RATIO} x the memory, for each byte received`,
  )
} finally {
  await broker.stop()
}
if (values.json) console.log(JSON.stringify({ machine, bytes, costs }, undefined, 2))

function line({ name, sentBytes, cpuMs, memoryBytes, cpuNsPerByte }: Cost, ratios: string): string {
  const sent = `${(sentBytes / 1024).toFixed(0)} KiB sent`
  const cost = `${cpuMs.toFixed(0)} ms of CPU (${cpuNsPerByte.toFixed(0)} ns a byte), +${(memoryBytes / 2 ** 20).toFixed(0)} MiB`
  return `${name}: ${sent}, ${cost}${ratios === '' ? '' : `: ${ratios}`}`
}
