import { describe, expect, it } from 'vitest'
import type { LiveBroker, LiveSample } from '../../../src/base/live-sample.ts'
import { Figures, type LiveFigures } from '../../../src/page/live/figures.ts'
import { bins, IDLE_SAMPLE, NO_LIVE_COUNTS } from '../../support/live-sample.ts'

/** A sample in which so many records of a topic were counted. */
function sampleAt(
  atMs: number,
  { received = 0, delivered = 0, failed = 0 },
  more: Partial<LiveSample> = {},
): LiveSample {
  const topics = { orders: { received, delivered, failed } }
  return { ...IDLE_SAMPLE, atMs, counts: { ...NO_LIVE_COUNTS, topics }, ...more }
}

const BROKER: LiveBroker = {
  ...{ address: 'a:9092', nodeId: 1, state: 'up', reason: undefined, stateAgeMs: 0 },
  ...{ answers: 0, roundTripMs: 0, throttleMs: 0 },
}

/** Figures at no time in particular. */
function following(): { next(sample: LiveSample): LiveFigures } {
  const figures = new Figures()
  return { next: (sample) => figures.next(sample, 0) }
}

describe('Figures', () => {
  it('has no rates before there are two samples', () => {
    const figures = following().next(sampleAt(0, { received: 1_000 }))

    expect(figures.rates).toBeNull()
    expect(figures.topics).toMatchObject([{ topic: 'orders', received: 0 }])
  })

  it('makes rates per second of the time that passed, not of the time that should have', () => {
    const figures = following()
    figures.next(sampleAt(1_000, { received: 100, delivered: 50, failed: 10 }))

    const { rates, topics } = figures.next(
      sampleAt(3_000, { received: 300, delivered: 150, failed: 12 }),
    )

    expect(rates).toMatchObject({ received: 100, delivered: 50, failed: 1, rejected: 0 })
    expect(topics).toEqual([
      { topic: 'orders', received: 100, delivered: 50, failed: 1, failure: null },
    ])
  })

  it('counts the first records of a topic that is new', () => {
    const figures = following()
    figures.next({ ...IDLE_SAMPLE, atMs: 0 })

    expect(figures.next(sampleAt(1_000, { delivered: 7 })).rates?.delivered).toBe(7)
  })

  it.each(['constructor', 'toString', '__proto__'])(
    'takes the topic %s for a topic, not for what every object has',
    (topic) => {
      const figures = following()
      figures.next({ ...IDLE_SAMPLE, atMs: 0 })
      const topics = Object.fromEntries([[topic, { received: 5, delivered: 4, failed: 0 }]])

      const sample = { ...IDLE_SAMPLE, atMs: 1_000, counts: { ...NO_LIVE_COUNTS, topics } }

      expect(figures.next(sample).topics).toEqual([
        { topic, received: 5, delivered: 4, failed: 0, failure: null },
      ])
    },
  )

  it('shows no negative rate when a process with its counts is gone', () => {
    const figures = following()
    figures.next(sampleAt(0, { delivered: 100 }))

    expect(figures.next(sampleAt(1_000, { delivered: 40 })).rates?.delivered).toBe(0)
  })

  it('takes latencies from the last ten samples, not from the start', () => {
    const figures = following()
    const withPushes = (atMs: number, pushDurations: readonly number[]): LiveSample => ({
      ...IDLE_SAMPLE,
      atMs,
      counts: { ...NO_LIVE_COUNTS, pushDurations },
    })
    figures.next(withPushes(0, bins(10, 10, 10)))
    const within = figures.next(withPushes(1_000, bins(10, 10, 10, 0)))
    for (let second = 2; second < 12; second += 1) {
      figures.next(withPushes(second * 1_000, bins(10, 10, 10, 0)))
    }
    const after = figures.next(withPushes(12_000, bins(10, 10, 10, 0)))

    expect(within.pushes.p99).toBeCloseTo(0.495)
    expect(after.pushes).toEqual({ p50: null, p99: null })
  })

  it('averages the round trips of a broker over the last samples', () => {
    const figures = following()
    const withBroker = (atMs: number, broker: Partial<LiveBroker>): LiveSample => ({
      ...IDLE_SAMPLE,
      atMs,
      brokers: [{ ...BROKER, ...broker }],
    })
    const first = figures.next(withBroker(0, { answers: 10, roundTripMs: 500, throttleMs: 30 }))
    const second = figures.next(
      withBroker(1_000, { answers: 14, roundTripMs: 512, throttleMs: 130 }),
    )

    expect(first.brokers).toMatchObject([{ roundTripMs: null, throttleMs: 0 }])
    expect(second.brokers).toMatchObject([{ roundTripMs: 3, throttleMs: 100 }])
  })

  it('says what failed last of each topic', () => {
    const failure = { code: 'TOPIC_UNKNOWN', text: 'Unknown topic', lastMs: 5 }
    const sample = sampleAt(0, {}, { topicFailures: { orders: failure } })

    expect(following().next(sample).topics).toMatchObject([{ topic: 'orders', failure }])
  })
})
