/**
 * `npm run survive [-- --minutes M --rate N --kib K --only TEXT]`: sends all kinds of hostile requests at once to
 * kprf with a heap of 256 MiB in a memory limit of 512 MiB. It prints the results of honest clients and of
 * `/livez`, and exits with 1 if a promise is broken.
 */
import { scriptArguments } from '../../scripts/arguments.ts'
import { ScriptProgress } from '../../scripts/progress.ts'
import { describeMachine } from '../machine.ts'
import { Broker } from '../support/broker.ts'
import { type Child, startNode } from '../support/child.ts'
import { peakResidentBytes } from '../support/cpu-time.ts'
import { generate, pushBody } from '../support/run.ts'
import { startIdle, startKprf, type Server } from '../support/server.ts'
import type { LoadResult } from '../load/plan.ts'
import type { Liveness } from './liveness-probe.ts'
import { MemoryLimit } from './memory-limit.ts'

const HEAP_MIB = 256
const LIMIT_BYTES = 512 * 2 ** 20
const MIN_HONEST_SHARE = 0.5
const MAX_LIVEZ_MS = 100
const HONEST_CONNECTIONS = 32
const ALONE_MS = 15_000
const WARM_UP_MS = 3_000
/** Lower priority for the load: load from other machines would not take processor time from kprf. */
const NICE = 'renice -n 10 -p $$ >/dev/null'

const values = scriptArguments(
  'Usage: npm run survive -- [--minutes 2] [--rate 1000] [--kib 8] [--only TEXT]',
  {
    minutes: { type: 'string', default: '2' },
    rate: { type: 'string', default: '1000' },
    kib: { type: 'string', default: '8' },
    only: { type: 'string', default: '' },
  },
)
const durationMs = Number(values.minutes) * 60_000
const ratePerSecond = Number(values.rate)

/** The results of honest clients and probes in one phase. */
interface Phase {
  readonly okPerSecond: number
  readonly statuses: LoadResult['statuses']
  readonly latencyMs: LoadResult['latencyMs']
  readonly liveness: Liveness
  /** The same probe against an idle server: how long the machine needs to run a process. */
  readonly idle: Liveness
}

/** Warm-up, honest clients alone, and all at once. */
const progress = new ScriptProgress({
  verb: 'watched',
  noun: 'second',
  total: (WARM_UP_MS + ALONE_MS + durationMs) / 1_000,
})

async function observe(kprf: Server, phaseMs: number): Promise<Phase> {
  const probe = await startProbe(kprf.metricsPort)
  const idleProbe = await startProbe(idleServer.port)
  const { requests, statuses, latencyMs } = await generate({
    port: kprf.port,
    bodies: [pushBody('bench', { bytes: 100 }), pushBody('bench', { bytes: 100, isSync: true })],
    ...{ connections: HONEST_CONNECTIONS, warmUpMs: 0, durationMs: phaseMs },
    ...{ isConnectionPerRequest: false, ratePerSecond },
  })
  progress.done(phaseMs / 1_000)
  const [liveness, idle] = await Promise.all([livenessOf(probe), livenessOf(idleProbe)])
  const okPerSecond = ((statuses['200'] ?? 0) / phaseMs) * 1000
  progress.print(`  ${requests} pushes sent, answered ${JSON.stringify(statuses)}`)
  return { okPerSecond, statuses, latencyMs, liveness, idle }
}

function startProbe(port = 0): Promise<Child> {
  return startNode(['bench/hostile/liveness-probe.ts', String(port)], /^probing$/)
}

async function livenessOf(probe: Child): Promise<Liveness> {
  const [json] = await probe.endInput(/^\{.*\}$/)
  return JSON.parse(json) as Liveness
}

/** The largest delay of the event loop since the last call, ms. */
async function latestLagMs({ metricsPort }: Server): Promise<number> {
  const reply = await fetch(`http://127.0.0.1:${metricsPort ?? 0}/metrics`)
  const lag = /^nodejs_eventloop_lag_max_seconds (\S+)/m.exec(await reply.text())?.[1]
  return Number(lag) * 1000
}

function describe({ okPerSecond, latencyMs, liveness, idle }: Phase): string {
  const pushes = `${okPerSecond.toFixed(0)} pushes/s ok, p50 ${latencyMs.p50.toFixed(1)} ms, p99 ${latencyMs.p99.toFixed(0)} ms`
  return `${pushes}; /livez ${describeProbes(liveness)}; an idle server ${describeProbes(idle)}`
}

function describeProbes({ probes, failures, medianMs, p99Ms, maxMs }: Liveness): string {
  return `${probes} probes, ${failures} failed, p50 ${medianMs.toFixed(1)} ms, p99 ${p99Ms.toFixed(0)} ms, longest ${maxMs.toFixed(0)} ms`
}

const machine = describeMachine()
console.log(
  `${machine.cpu}, ${machine.cores} cores, Node.js ${machine.node}, commit ${machine.commit}`,
)
const limit = MemoryLimit.create(LIMIT_BYTES)
if (limit === undefined)
  console.log('no control group could be made: resident memory is watched instead')
const broker = await Broker.start({ bench: 4 })
const idleServer = await startIdle()
const kprf = await startKprf(
  broker.bootstrap,
  {},
  [`--max-old-space-size=${HEAP_MIB}`],
  limit && { before: limit.enterCommand },
)
const verdicts: [what: string, isKept: boolean][] = []
try {
  await observe(kprf, WARM_UP_MS)
  const alone = await observe(kprf, ALONE_MS)
  progress.print(`alone: ${describe(alone)}`)
  const attackers = await startNode(
    ['bench/hostile/attackers.ts', String(kprf.port), values.kib, values.only],
    /^attacking$/,
    { before: NICE },
  )
  await latestLagMs(kprf)
  const attacked = await observe(kprf, durationMs)
  await attackers.stop()
  console.log(`the event loop was late by ${(await latestLagMs(kprf)).toFixed(0)} ms at most`)
  console.log(`attacked: ${describe(attacked)}`)
  progress.end()
  const hasSurvived = !kprf.hasEnded()
  const peakBytes = limit?.peakBytes ?? peakResidentBytes(kprf.pid ?? 0) ?? NaN
  const share = attacked.okPerSecond / alone.okPerSecond
  const { failures, maxMs } = attacked.liveness
  verdicts.push(
    [
      `survives (at most ${(peakBytes / 2 ** 20).toFixed(0)} of 512 MiB)`,
      hasSurvived && peakBytes <= LIMIT_BYTES,
    ],
    [
      `serves honest clients at ${(share * 100).toFixed(0)} % of their rate (at least ${MIN_HONEST_SHARE * 100} %)`,
      share >= MIN_HONEST_SHARE,
    ],
    [
      `answers /livez within ${maxMs.toFixed(0)} ms (at most ${MAX_LIVEZ_MS} ms), ${failures} failures`,
      failures === 0 && maxMs <= MAX_LIVEZ_MS,
    ],
  )
} finally {
  await kprf.stop('SIGKILL')
  await idleServer.stop()
  await broker.stop()
  limit?.remove()
}
for (const [what, isKept] of verdicts) console.log(`${isKept ? 'ok  ' : 'FAIL'} ${what}`)
process.exitCode = verdicts.every(([, isKept]) => isKept) ? 0 : 1
