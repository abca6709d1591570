/** A push of one 4 KiB record: its cost relative to bare HTTP, and the throughput. */
import type { Figure, Measure } from '../measure.ts'
import { Broker } from '../support/broker.ts'
import { pushBody } from '../support/run.ts'
import { startBare, startKprf, startObvious } from '../support/server.ts'
import { show } from '../support/statistics.ts'
import { assertStored, compare, requestsOf } from './compared.ts'

const TOPICS = { kprf: 4, obvious: 4, peers: 4 } as const
const BYTES = 4_096
const CONNECTIONS = 64
const MAX_CPU_RATIO = 1.5
const MIN_SPEEDUP = 5
const LINGER_MS = 10
const SHORT_LINGER_MS = 2

/** CPU and requests a second, asynchronous. */
export const oneRecordAsync: Measure = async (options) => {
  const broker = await Broker.start(TOPICS)
  const bare = await startBare()
  const kprf = await startKprf(broker.bootstrap, { 'kafka.queue_buffering_max_ms': LINGER_MS })
  const obvious = await startObvious(broker.bootstrap)
  try {
    const body = (topic: string): string => pushBody(topic, { bytes: BYTES })
    const load = { bodies: [body('kprf')], connections: CONNECTIONS }
    const [ofBare, ofKprf] = await compare([bare, kprf], load, options)
    const [ofObvious] = await compare([obvious], { ...load, bodies: [body('obvious')] }, options)
    if (!ofBare || !ofKprf || !ofObvious) throw new Error('a server was left out')
    await assertStored(broker, 'kprf', requestsOf(ofKprf))
    await assertStored(broker, 'obvious', requestsOf(ofObvious))
    const ratio = ofKprf.cpuPerRequestUs.median / ofBare.cpuPerRequestUs.median
    const speedup = ofKprf.requestsPerSecond.median / ofObvious.requestsPerSecond.median
    return [
      {
        name: 'CPU of an asynchronous push of one 4 KiB record',
        measured: `${show(ofKprf.cpuPerRequestUs, 'µs')}, bare ${show(ofBare.cpuPerRequestUs, 'µs')}: ${ratio.toFixed(2)} x`,
        target: `<= ${MAX_CPU_RATIO} x bare node:http`,
        isReached: ratio <= MAX_CPU_RATIO,
        values: {
          kprfUs: ofKprf.cpuPerRequestUs.median,
          bareUs: ofBare.cpuPerRequestUs.median,
          ratio,
        },
      },
      speedupFigure(
        'asynchronous',
        ofKprf.requestsPerSecond.median,
        ofObvious.requestsPerSecond.median,
        speedup,
      ),
      {
        name: 'CPU of the simple program for the same push',
        measured: show(ofObvious.cpuPerRequestUs, 'µs'),
        target: '',
        isReached: undefined,
        values: { obviousUs: ofObvious.cpuPerRequestUs.median },
      },
    ]
  } finally {
    await Promise.all([bare.stop(), kprf.stop(), obvious.stop()])
    await broker.stop()
  }
}

/** Requests a second, synchronous: with the default linger, and with a short one for clients that wait. */
export const oneRecordSync: Measure = async (options) => {
  const broker = await Broker.start(TOPICS)
  const [patient, hasty] = await Promise.all(
    [LINGER_MS, SHORT_LINGER_MS].map((lingerMs) =>
      startKprf(broker.bootstrap, { 'kafka.queue_buffering_max_ms': lingerMs }),
    ),
  )
  const obvious = await startObvious(broker.bootstrap)
  if (!patient || !hasty) throw new Error('a server was left out')
  try {
    const connections = 256
    const body = (topic: string): string => pushBody(topic, { bytes: BYTES, isSync: true })
    const ofKprf = await compare([patient, hasty], { bodies: [body('kprf')], connections }, options)
    const [ofObvious] = await compare(
      [obvious],
      { bodies: [body('obvious')], connections },
      options,
    )
    if (!ofObvious) throw new Error('a server was left out')
    await assertStored(
      broker,
      'kprf',
      ofKprf.reduce((sum, one) => sum + requestsOf(one), 0),
    )
    await assertStored(broker, 'obvious', requestsOf(ofObvious))
    const obviousRate = ofObvious.requestsPerSecond.median
    return ofKprf.map(({ requestsPerSecond: { median } }, index) =>
      speedupFigure(
        `synchronous (linger ${index === 0 ? LINGER_MS : SHORT_LINGER_MS} ms, ${connections} connections)`,
        median,
        obviousRate,
        median / obviousRate,
      ),
    )
  } finally {
    await Promise.all([patient.stop(), hasty.stop(), obvious.stop()])
    await broker.stop()
  }
}

function speedupFigure(kind: string, rate: number, obviousRate: number, speedup: number): Figure {
  return {
    name: `${kind} pushes of one 4 KiB record a second, beside the simple program`,
    measured: `${rate.toFixed(0)} against ${obviousRate.toFixed(0)}: ${speedup.toFixed(1)} x`,
    target: `>= ${MIN_SPEEDUP} x`,
    isReached: speedup >= MIN_SPEEDUP,
    values: { rate, obviousRate, speedup },
  }
}
