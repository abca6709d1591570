/**
 * `npm run bench:profile -- [--sync] [--wal MODE] [--records N] [--bytes N] [--seconds N]`: runs kprf under load
 * with V8's profiler, stores the CPU profile in `bench/results/` for a browser's developer tools, and prints its top
 * functions.
 */
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { scriptArguments } from '../scripts/arguments.ts'
import { Broker } from './support/broker.ts'
import { pushBody, runLoad } from './support/run.ts'
import { startKprf } from './support/server.ts'

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: {
      readonly functionName: string
      readonly url: string
      readonly lineNumber: number
    }
  }[]
  readonly samples: readonly number[]
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[]
}

const TOP = 40
const IDLE = '(idle)'

const values = scriptArguments(
  'Usage: npm run bench:profile -- [--sync] [--wal always|interval|os] [--records 1] [--bytes 4096] [--seconds 8]',
  {
    sync: { type: 'boolean', default: false },
    wal: { type: 'string' },
    records: { type: 'string', default: '1' },
    bytes: { type: 'string', default: '4096' },
    seconds: { type: 'string', default: '8' },
  },
)
const results = join(import.meta.dirname, 'results')
const directory = mkdtempSync(join(results, 'profile-'))
const broker = await Broker.start({ profiled: 4 })
const { wal } = values
const log =
  wal === undefined
    ? {}
    : { 'wal.enabled': 'true', 'wal.sync': wal, 'wal.dir': join(directory, 'wal') }
const kprf = await startKprf(broker.bootstrap, log, [
  '--cpu-prof',
  `--cpu-prof-dir=${directory}`,
  '--cpu-prof-interval=200',
])
const { records, bytes, sync: isSync, seconds } = values
const { requests } = await runLoad(kprf, {
  bodies: [pushBody('profiled', { records: Number(records), bytes: Number(bytes), isSync })],
  ...{
    connections: 256,
    warmUpMs: 0,
    durationMs: Number(seconds) * 1000,
  },
  ...{ isConnectionPerRequest: false, ratePerSecond: undefined },
})
await kprf.stop()
await broker.stop()

const [name = ''] = readdirSync(directory).filter((entry) => entry.endsWith('.cpuprofile'))
const file = join(results, `${new Date().toISOString().replaceAll(/[:.]/g, '-')}.cpuprofile`)
renameSync(join(directory, name), file)
rmSync(directory, { recursive: true })
const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, 'utf8')) as CpuProfile
const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
const selfUs = new Map<string, number>()
samples.forEach((id, index) => {
  const { functionName = '', url = '', lineNumber = 0 } = frames.get(id) ?? {}
  const place = url === '' ? '' : ` ${basename(url)}:${lineNumber + 1}`
  const key = `${functionName === '' ? '(anonymous)' : functionName}${place}`
  selfUs.set(key, (selfUs.get(key) ?? 0) + (timeDeltas[index] ?? 0))
})
selfUs.delete(IDLE)
const busyUs = [...selfUs.values()].reduce((sum, us) => sum + us, 0)
console.log(
  `${requests} requests, ${(busyUs / requests).toFixed(1)} µs of the main thread for each`,
)
const top = [...selfUs].sort(([, one], [, other]) => other - one).slice(0, TOP)
for (const [key, us] of top) console.log(`${(us / requests).toFixed(2).padStart(8)} µs  ${key}`)
console.log(file)
