/** What the fast way saves: the same pushes to bare HTTP, and to kprf with it and without it. */
import type { BenchOptions, Figure, Measure } from '../measure.ts'
import { Broker } from '../support/broker.ts'
import { pushBody } from '../support/run.ts'
import { type Server, startBare, startKprf } from '../support/server.ts'
import { show } from '../support/statistics.ts'
import { assertStored, type Comparison, compare, requestsOf } from './compared.ts'

const TOPIC = 'kprf'
const LINGER_MS = 10

interface Kind {
  readonly bytes: number
  readonly isSync: boolean
  readonly connections: number
  /** Of the CPU of bare HTTP. `undefined`: it does not wait for Kafka, and says nothing of this kind. */
  readonly maxRatio: number | undefined
}

const KINDS: readonly Kind[] = [
  { bytes: 4_096, isSync: false, connections: 64, maxRatio: 0.55 },
  { bytes: 100, isSync: false, connections: 64, maxRatio: 0.5 },
  { bytes: 4_096, isSync: true, connections: 256, maxRatio: undefined },
  { bytes: 100, isSync: true, connections: 256, maxRatio: undefined },
]

/** CPU of a push of one record. */
export const fastWay: Measure = async (options) => {
  const broker = await Broker.start({ [TOPIC]: 4 })
  const settings = { 'kafka.queue_buffering_max_ms': LINGER_MS }
  const bare = await startBare()
  const fast = await startKprf(broker.bootstrap, settings)
  const plain = await startKprf(broker.bootstrap, { ...settings, 'http.fast_path': 'false' })
  try {
    const figures: Figure[] = []
    let stored = 0
    for (const kind of KINDS) {
      const { comparison, figure } = await measure(kind, [bare, fast, plain], options)
      stored += requestsOf(comparison[1]) + requestsOf(comparison[2])
      await assertStored(broker, TOPIC, stored)
      figures.push(figure)
    }
    return figures
  } finally {
    await Promise.all([bare.stop(), fast.stop(), plain.stop()])
    await broker.stop()
  }
}

type Three = readonly [bare: Comparison, fast: Comparison, plain: Comparison]

async function measure(
  { bytes, isSync, connections, maxRatio }: Kind,
  servers: readonly Server[],
  options: BenchOptions,
): Promise<{ readonly comparison: Three; readonly figure: Figure }> {
  const load = { bodies: [pushBody(TOPIC, { bytes, isSync })], connections }
  const [bare, fast, plain] = await compare(servers, load, options)
  if (!bare || !fast || !plain) throw new Error('a server was left out')
  const [bareUs, fastUs, plainUs] = [bare, fast, plain].map(
    ({ cpuPerRequestUs }) => cpuPerRequestUs.median,
  ) as [number, number, number]
  const ofBare = fastUs / bareUs
  const ofPlain = fastUs / plainUs
  const figure = {
    name: `CPU of ${isSync ? 'a synchronous' : 'an asynchronous'} push of ${bytes} bytes`,
    measured: `${show(fast.cpuPerRequestUs, 'µs')}, without the fast way ${show(plain.cpuPerRequestUs, 'µs')}: ${ofPlain.toFixed(2)} x; bare ${show(bare.cpuPerRequestUs, 'µs')}: ${ofBare.toFixed(2)} x`,
    target: maxRatio === undefined ? '' : `<= ${maxRatio} x bare node:http`,
    isReached: maxRatio === undefined ? undefined : ofBare <= maxRatio,
    values: {
      ...{ fastUs, plainUs, bareUs, ofBare, ofPlain },
      fastPerSecond: fast.requestsPerSecond.median,
      plainPerSecond: plain.requestsPerSecond.median,
    },
  }
  return { comparison: [bare, fast, plain], figure }
}
