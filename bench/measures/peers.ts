/**
 * Other servers that speak `/push`, compared with kprf. They should use the brokers of `--brokers`, and have 4
 * partitions.
 */
import type { Figure, Measure } from '../measure.ts'
import { Broker } from '../support/broker.ts'
import { pushBody } from '../support/run.ts'
import { startKprf } from '../support/server.ts'
import { assertStored, compare, requestsOf } from './compared.ts'

const TOPIC = 'kprf-bench'

interface Case {
  readonly name: string
  readonly records: number
  readonly connections: number
  readonly body: string
  readonly minSpeedup: number
}

const CASES: readonly Case[] = [
  {
    name: 'asynchronous pushes of one 4 KiB record',
    records: 1,
    connections: 256,
    body: pushBody(TOPIC, { bytes: 4_096 }),
    minSpeedup: 1,
  },
  {
    name: 'synchronous pushes of one 4 KiB record',
    records: 1,
    connections: 256,
    body: pushBody(TOPIC, { bytes: 4_096, isSync: true }),
    minSpeedup: 1,
  },
  {
    name: 'asynchronous pushes of 100 records of 1 KiB',
    records: 100,
    connections: 16,
    body: pushBody(TOPIC, { records: 100, bytes: 1_024 }),
    minSpeedup: 1,
  },
  {
    name: 'synchronous pushes of 100 records of 1 KiB',
    records: 100,
    connections: 16,
    body: pushBody(TOPIC, { records: 100, bytes: 1_024, isSync: true }),
    minSpeedup: 10,
  },
]

/** Requests a second of each peer, with acks 1 and a linger of 10 ms. */
export const peers: Measure = async (options) => {
  if (options.peers.length === 0) return []
  const broker = await Broker.start({ [TOPIC]: 4 }, options.brokers)
  const kprf = await startKprf(broker.bootstrap, {
    'kafka.queue_buffering_max_ms': 10,
    'kafka.request_required_acks': 1,
  })
  const figures: Figure[] = []
  try {
    for (const { name, records, connections, body, minSpeedup } of CASES) {
      const before = await broker.recordCount(TOPIC)
      const load = { bodies: [body], connections }
      const all = await compare([kprf, ...options.peers], load, options)
      const requests = all.reduce((sum, one) => sum + requestsOf(one), 0)
      if (options.brokers) await assertStored(broker, TOPIC, before + requests * records)
      const [own = NaN, ...rates] = all.map(({ requestsPerSecond }) => requestsPerSecond.median)
      options.peers.forEach((peer, index) => {
        const rate = rates[index] ?? NaN
        figures.push({
          name: `${name}, beside ${peer.name}`,
          measured: `${own.toFixed(0)} requests a second against ${rate.toFixed(0)}: ${(own / rate).toFixed(2)} x`,
          target: `>= ${minSpeedup} x`,
          isReached: own / rate >= minSpeedup,
          values: { own, rate, speedup: own / rate },
        })
      })
    }
    return figures
  } finally {
    await kprf.stop()
    await broker.stop()
  }
}
