/** Two workers, compared with one. */
import { availableParallelism } from 'node:os'
import type { Figure, Measure } from '../measure.ts'
import { Broker } from '../support/broker.ts'
import { pushBody } from '../support/run.ts'
import { startKprf } from '../support/server.ts'
import { show } from '../support/statistics.ts'
import { assertStored, compare, requestsOf } from './compared.ts'

const MIN_SPEEDUP = 1.7
/** Two for the workers, and as many for the load and the brokers. */
const CORES = 4

/** Requests a second if there are enough cores, and the cost of sharing in any case. */
export const twoWorkers: Measure = async (options) => {
  const broker = await Broker.start({ workers: 4 })
  const servers = await Promise.all(
    [1, 2].map((workers) => startKprf(broker.bootstrap, { workers })),
  )
  try {
    const load = { bodies: [pushBody('workers', { bytes: 4_096 })], connections: 128 }
    const [one, two] = await compare(servers, load, options)
    if (!one || !two) throw new Error('a server was left out')
    await assertStored(broker, 'workers', requestsOf(one) + requestsOf(two))
    const speedup = two.requestsPerSecond.median / one.requestsPerSecond.median
    const cores = availableParallelism()
    const ratio = two.cpuPerRequestUs.median / one.cpuPerRequestUs.median
    const figures: Figure[] = [
      {
        name: 'two workers beside one',
        measured: `${two.requestsPerSecond.median.toFixed(0)} against ${one.requestsPerSecond.median.toFixed(0)} pushes a second: ${speedup.toFixed(2)} x${cores < CORES ? `; this machine has ${cores} cores, and the load and the brokers need some too` : ''}`,
        target: `>= ${MIN_SPEEDUP} x on two free cores`,
        isReached: cores < CORES ? undefined : speedup >= MIN_SPEEDUP,
        values: { one: one.requestsPerSecond.median, two: two.requestsPerSecond.median, speedup },
      },
      {
        name: 'CPU of a push that is taken by one of two workers',
        measured: `${show(two.cpuPerRequestUs, 'µs')}, by the only process ${show(one.cpuPerRequestUs, 'µs')}: ${ratio.toFixed(2)} x`,
        target: '',
        isReached: undefined,
        values: { ratio },
      },
    ]
    return figures
  } finally {
    await Promise.all(servers.map((server) => server.stop()))
    await broker.stop()
  }
}
