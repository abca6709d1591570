/** The resident memory of a server under a steady load of pushes of one record. */
import type { BenchOptions, Figure, Measure } from '../measure.ts'
import { Broker } from '../support/broker.ts'
import { residentBytes } from '../support/cpu-time.ts'
import { pushBody, runLoad } from '../support/run.ts'
import { type Server, startBare, startKprf } from '../support/server.ts'
import { spreadOf, type Spread } from '../support/statistics.ts'
import { assertStored } from './compared.ts'

const MIB = 1_048_576
const TOPIC = 'kprf'
const BYTES = 4_096
const CONNECTIONS = 64
const LINGER_MS = 10
const MAX_MIB = 140
/** V8 takes several collections to find the size of its heap. */
const MIN_LOAD_MS = 12_000
/** Only the last part of the load counts. */
const SETTLING_SHARE = 2 / 3
const SAMPLE_EVERY_MS = 50

/** Resident memory of kprf, each kind of push on a process of its own, beside bare HTTP. */
export const steadyMemory: Measure = async (options) => {
  const bareMib = await ofBare(options)
  return [await ofKprf(options, false, bareMib), await ofKprf(options, true, bareMib)]
}

async function ofBare(options: BenchOptions): Promise<Spread> {
  const bare = await startBare()
  try {
    return (await residentMib(bare, options, false)).spread
  } finally {
    await bare.stop()
  }
}

async function ofKprf(options: BenchOptions, isSync: boolean, bareMib: Spread): Promise<Figure> {
  const broker = await Broker.start({ [TOPIC]: 4 })
  const kprf = await startKprf(broker.bootstrap, { 'kafka.queue_buffering_max_ms': LINGER_MS })
  try {
    const beforeMib = residentNow(kprf) / MIB
    const { spread, requests } = await residentMib(kprf, options, isSync)
    await assertStored(broker, TOPIC, requests)
    return {
      name: `memory under ${CONNECTIONS} connections of ${isSync ? 'synchronous' : 'asynchronous'} pushes of one 4 KiB record`,
      measured: `${spread.median.toFixed(0)} MiB, at most ${spread.max.toFixed(0)}; before the load ${beforeMib.toFixed(0)}; bare node:http under the asynchronous ones ${bareMib.median.toFixed(0)}`,
      target: `<= ${MAX_MIB} MiB`,
      isReached: spread.median <= MAX_MIB,
      values: {
        ...{ medianMib: spread.median, maxMib: spread.max },
        ...{ beforeMib, bareMedianMib: bareMib.median },
      },
    }
  } finally {
    await kprf.stop()
    await broker.stop()
  }
}

async function residentMib(
  server: Server,
  { durationMs, warmUpMs, rounds }: BenchOptions,
  isSync: boolean,
): Promise<{ readonly spread: Spread; readonly requests: number }> {
  const loadMs = Math.max(MIN_LOAD_MS, durationMs * rounds)
  const fromMs = performance.now() + warmUpMs + loadMs * SETTLING_SHARE
  const samples: number[] = []
  const timer = setInterval(() => {
    if (performance.now() >= fromMs) samples.push(residentNow(server) / MIB)
  }, SAMPLE_EVERY_MS)
  try {
    const { requests } = await runLoad(server, {
      bodies: [pushBody(TOPIC, { bytes: BYTES, isSync })],
      connections: CONNECTIONS,
      ...{ warmUpMs, durationMs: loadMs },
      ...{ isConnectionPerRequest: false, ratePerSecond: undefined },
    })
    return { spread: spreadOf(samples), requests }
  } finally {
    clearInterval(timer)
  }
}

/** NaN without /proc. */
function residentNow({ pid }: Server): number {
  return (pid === undefined ? undefined : residentBytes(pid)) ?? NaN
}
