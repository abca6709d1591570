/**
 * What the fast way saves: the same pushes to kprf with it and without it, to bare HTTP, and to a server that understands
 * no HTTP.
 */
import type { BenchOptions, Figure, Measure } from '../measure.ts'
import { Broker } from '../support/broker.ts'
import { pushBody } from '../support/run.ts'
import { type Server, startBare, startFloor, startKprf } from '../support/server.ts'
import { show } from '../support/statistics.ts'
import { assertStored, type Comparison, compare, requestsOf } from './compared.ts'

const TOPIC = 'kprf'
const LINGER_MS = 10
/** Four servers take turns: many short runs say more about a ratio than a few long ones. */
const TURN = { durationMs: 2_500, warmUpMs: 1_000 }

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
  const floor = await startFloor()
  const fast = await startKprf(broker.bootstrap, settings)
  const plain = await startKprf(broker.bootstrap, { ...settings, 'http.fast_path': 'false' })
  try {
    const figures: Figure[] = []
    let stored = 0
    for (const kind of KINDS) {
      const { comparison, figure } = await measure(kind, [bare, fast, plain, floor], options)
      stored += requestsOf(comparison[1]) + requestsOf(comparison[2])
      await assertStored(broker, TOPIC, stored)
      figures.push(figure)
    }
    return figures
  } finally {
    await Promise.all([bare, floor, fast, plain].map((server) => server.stop()))
    await broker.stop()
  }
}

type Four = readonly [bare: Comparison, fast: Comparison, plain: Comparison, floor: Comparison]

async function measure(
  { bytes, isSync, connections, maxRatio }: Kind,
  servers: readonly Server[],
  options: BenchOptions,
): Promise<{ readonly comparison: Four; readonly figure: Figure }> {
  const load = { bodies: [pushBody(TOPIC, { bytes, isSync })], connections }
  const [bare, fast, plain, floor] = await compare(servers, load, { ...options, ...TURN })
  if (!bare || !fast || !plain || !floor) throw new Error('a server was left out')
  const [bareUs, fastUs, plainUs, floorUs] = [bare, fast, plain, floor].map(
    ({ cpuPerRequestUs }) => cpuPerRequestUs.median,
  ) as [number, number, number, number]
  const ofBare = fastUs / bareUs
  const ofPlain = fastUs / plainUs
  const cost = ({ cpuPerRequestUs, systemPerRequestUs }: Comparison): string =>
    `${show(cpuPerRequestUs, 'µs')}, ${systemPerRequestUs.median.toFixed(1)} of it in the kernel`
  const figure = {
    name: `CPU of ${isSync ? 'a synchronous' : 'an asynchronous'} push of ${bytes} bytes`,
    measured: [
      cost(fast),
      `without the fast way ${cost(plain)}: ${ofPlain.toFixed(2)} x`,
      `bare ${cost(bare)}: ${ofBare.toFixed(2)} x`,
      `a TCP server that understands no HTTP ${cost(floor)}: ${(floorUs / bareUs).toFixed(2)} x bare`,
    ].join('; '),
    target: maxRatio === undefined ? '' : `<= ${maxRatio} x bare node:http`,
    isReached: maxRatio === undefined ? undefined : ofBare <= maxRatio,
    values: {
      ...{ fastUs, plainUs, bareUs, floorUs, ofBare, ofPlain },
      fastSystemUs: fast.systemPerRequestUs.median,
      bareSystemUs: bare.systemPerRequestUs.median,
      fastPerSecond: fast.requestsPerSecond.median,
      plainPerSecond: plain.requestsPerSecond.median,
    },
  }
  return { comparison: [bare, fast, plain, floor], figure }
}
