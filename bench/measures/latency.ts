/** Latency of synchronous pushes, and delay of the event loop. */
import type { Measure } from '../measure.ts'
import { Broker } from '../support/broker.ts'
import { pushBody, runLoad, type Run } from '../support/run.ts'
import { startKprf, type Server } from '../support/server.ts'
import { spreadOf } from '../support/statistics.ts'
import { assertStored } from './compared.ts'

const LINGER_MS = 10
const CONNECTIONS = 256
const ALLOWANCE_MS = 5
const MAX_TAIL = 2
/** Half of the synchronous throughput, because an open loop must not saturate the server. */
const RATE_PER_SECOND = 4_000
const MAX_LAG_MS = 20

/** Synchronous pushes at a constant rate, whether or not the server keeps up. */
export const syncLatency: Measure = async ({ durationMs, warmUpMs, rounds }) => {
  const broker = await Broker.start({ latency: 4 })
  const kprf = await startKprf(broker.bootstrap, { 'kafka.queue_buffering_max_ms': LINGER_MS })
  try {
    const plan = {
      ...{
        bodies: [pushBody('latency', { bytes: 4_096, isSync: true })],
        connections: CONNECTIONS,
      },
      ...{ durationMs, warmUpMs, isConnectionPerRequest: false, ratePerSecond: RATE_PER_SECOND },
    }
    // The first run warms up the compilers: in it, even bare node:http sometimes takes tens of milliseconds.
    const runs: Run[] = []
    for (let round = 0; round <= rounds; round += 1) runs.push(await runLoad(kprf, plan))
    await assertStored(
      broker,
      'latency',
      runs.reduce((sum, { requests }) => sum + requests, 0),
    )
    const of = (quantile: 'p50' | 'p99' | 'p999' | 'max'): number =>
      spreadOf(runs.slice(1).map(({ latencyMs }) => latencyMs[quantile])).median
    const [p50, p99, p999, max] = [of('p50'), of('p99'), of('p999'), of('max')]
    const isReached = p50 <= LINGER_MS + ALLOWANCE_MS && p99 <= MAX_TAIL * p50
    return [
      {
        name: `synchronous pushes, ${CONNECTIONS} connections, ${RATE_PER_SECOND} a second, linger ${LINGER_MS} ms`,
        measured: `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)}, p99.9 ${p999.toFixed(1)}, max ${max.toFixed(0)}`,
        target: `p50 <= ${LINGER_MS + ALLOWANCE_MS} ms, p99 <= ${MAX_TAIL} x p50`,
        isReached,
        values: { p50, p99, p999, max },
      },
    ]
  } finally {
    await kprf.stop()
    await broker.stop()
  }
}

/** The delay of the event loop under full load. */
export const eventLoopDelay: Measure = async ({ durationMs, warmUpMs, rounds }) => {
  const broker = await Broker.start({ busy: 4 })
  const kprf = await startKprf(broker.bootstrap)
  try {
    const body = pushBody('busy', { bytes: 4_096 })
    const plan = {
      bodies: [body],
      connections: 64,
      isConnectionPerRequest: false,
      ratePerSecond: undefined,
    }
    const runs = [await runLoad(kprf, { ...plan, durationMs, warmUpMs })]
    const lags: number[] = []
    for (let round = 0; round < rounds; round += 1) {
      await readLagMs(kprf)
      runs.push(await runLoad(kprf, { ...plan, durationMs, warmUpMs }))
      lags.push(await readLagMs(kprf))
    }
    await assertStored(
      broker,
      'busy',
      runs.reduce((sum, { requests }) => sum + requests, 0),
    )
    const lagMs = spreadOf(lags).median
    const rate = spreadOf(runs.slice(1).map(({ requestsPerSecond }) => requestsPerSecond)).median
    return [
      {
        name: 'event-loop delay under full load',
        measured: `p99 ${lagMs.toFixed(1)} ms at ${rate.toFixed(0)} pushes a second`,
        target: `<= ${MAX_LAG_MS} ms`,
        isReached: lagMs <= MAX_LAG_MS,
        values: { lagMs, rate },
      },
    ]
  } finally {
    await kprf.stop()
    await broker.stop()
  }
}

/** The 99th percentile since the last call. */
async function readLagMs({ metricsPort }: Server): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${metricsPort}/metrics`)
  const text = await response.text()
  return Number(/^nodejs_eventloop_lag_p99_seconds (\S+)$/m.exec(text)?.[1]) * 1_000
}
