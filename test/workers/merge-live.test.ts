import { describe, expect, it } from 'vitest'
import type { LiveBroker, LiveLog, LiveProblem, LiveProcess } from '../../src/base/live-sample.ts'
import { mergeLive } from '../../src/workers/merge-live.ts'
import { bins, IDLE_SAMPLE, NO_LIVE_COUNTS } from '../support/live-sample.ts'

const process = (more: Partial<LiveProcess>): LiveProcess => ({ ...IDLE_SAMPLE, ...more })
const broker = (more: Partial<LiveBroker>): LiveBroker => ({
  ...{ address: 'a:9092', nodeId: undefined, state: 'idle', reason: undefined, stateAgeMs: 0 },
  ...{ answers: 0, roundTripMs: 0, throttleMs: 0 },
  ...more,
})
const problem = (more: Partial<LiveProblem>): LiveProblem => ({
  ...{ code: 'BUFFER_FULL', meaning: '', text: '', remedy: '', topics: [] },
  ...{ records: 0, requests: 0, times: 1, lastMs: 0 },
  ...more,
})
const failure = (text: string, lastMs: number) => ({ code: 'X', text, lastMs })

describe('mergeLive', () => {
  it('adds counts and buckets up, by topic', () => {
    const one = process({
      counts: {
        ...{ pushes: { served: 1, refused: 2, failed: 3 }, pushDurations: bins(0, 16) },
        ...{ deliveryDurations: bins(1), rejected: 4, retried: 5 },
        topics: { a: { received: 1, delivered: 2, failed: 3 } },
      },
      connections: 2,
    })
    const other = process({
      counts: {
        ...{ pushes: { served: 10, refused: 20, failed: 30 }, pushDurations: bins(0) },
        ...{ deliveryDurations: bins(1), rejected: 40, retried: 50 },
        topics: {
          a: { received: 10, delivered: 20, failed: 30 },
          b: { received: 7, delivered: 7, failed: 0 },
        },
      },
      connections: 3,
    })

    const { counts, connections } = mergeLive([one, other])

    expect(counts).toEqual({
      pushes: { served: 11, refused: 22, failed: 33 },
      ...{ pushDurations: bins(0, 0, 16), deliveryDurations: bins(1, 1) },
      ...{ rejected: 44, retried: 55 },
      topics: {
        a: { received: 11, delivered: 22, failed: 33 },
        b: { received: 7, delivered: 7, failed: 0 },
      },
    })
    expect(connections).toBe(5)
  })

  it('adds up what is in the queue, whose limit all share', () => {
    const queues = { ...IDLE_SAMPLE.queues, records: { used: 5, limit: 100 }, oldestAgeMs: 3 }
    const older = { ...queues, oldestAgeMs: 9 }

    const merged = mergeLive([process({ queues }), process({ queues: older })]).queues

    expect(merged.records).toEqual({ used: 10, limit: 100 })
    expect([merged.oldestAgeMs, merged.log]).toEqual([9, undefined])
  })

  it('adds up logs with their limits; the smallest disk and a log that takes nothing count', () => {
    const log: LiveLog = {
      ...{ bytes: { used: 10, limit: 100 }, pendingRecords: 1, oldestAgeMs: 5 },
      ...{ freeBytes: 500, isAccepting: true },
    }
    const other = { ...log, oldestAgeMs: 7, freeBytes: 300, isAccepting: false }
    const withLog = (one: LiveLog): LiveProcess =>
      process({ queues: { ...IDLE_SAMPLE.queues, log: one } })

    expect(mergeLive([withLog(log), withLog(other)]).queues.log).toEqual({
      ...{ bytes: { used: 20, limit: 200 }, pendingRecords: 2, oldestAgeMs: 7 },
      ...{ freeBytes: 300, isAccepting: false },
    })
  })

  it.each([
    [['idle', 'up'], 'up'],
    [['idle', 'connecting'], 'connecting'],
    [['up', 'down'], 'down'],
  ] as const)('takes a broker that workers see as %j for %s', (states, expected) => {
    const merged = mergeLive(states.map((state) => process({ brokers: [broker({ state })] })))

    expect(merged.brokers).toMatchObject([{ state: expected }])
  })

  it('adds up what a broker answered, and takes its id from who knows it', () => {
    const one = broker({ answers: 1, roundTripMs: 2, throttleMs: 3 })
    const other = broker({ nodeId: 4, answers: 10, roundTripMs: 20, throttleMs: 30 })

    const { brokers } = mergeLive([process({ brokers: [one] }), process({ brokers: [other] })])

    expect(brokers).toMatchObject([{ nodeId: 4, answers: 11, roundTripMs: 22, throttleMs: 33 }])
  })

  it('has one problem for each code: the newest words, all counts, the newest first', () => {
    const old = problem({ text: 'old', topics: ['a', 'b'], records: 1, lastMs: 1 })
    const fresh = problem({ text: 'fresh', topics: ['c', 'a'], records: 2, requests: 1, lastMs: 2 })
    const latest = problem({ code: 'NOT_FOUND', lastMs: 3 })

    const { problems } = mergeLive([
      process({ problems: [old] }),
      process({ problems: [latest, fresh] }),
    ])

    expect(problems).toMatchObject([
      { code: 'NOT_FOUND' },
      { text: 'fresh', topics: ['c', 'a', 'b'], records: 3, requests: 1, times: 2, lastMs: 2 },
    ])
  })

  it('keeps the newest failure of each topic', () => {
    const merged = mergeLive([
      process({ topicFailures: { a: failure('new', 2), b: failure('only', 1) } }),
      process({ topicFailures: { a: failure('old', 1) } }),
    ])

    expect(merged.topicFailures).toEqual({ a: failure('new', 2), b: failure('only', 1) })
  })

  it.each(['constructor', '__proto__'])('keeps the failure of the topic %s', (topic) => {
    const topicFailures = Object.fromEntries([[topic, failure('away', 1)]])

    const merged = mergeLive([process({ topicFailures }), process({})])

    expect(Object.entries(merged.topicFailures)).toEqual([[topic, failure('away', 1)]])
  })

  it('of no processes is what an idle one has', () => {
    const { counts, brokers, problems, connections } = mergeLive([])

    expect(counts).toEqual(NO_LIVE_COUNTS)
    expect([brokers, problems, connections]).toEqual([[], [], 0])
  })
})
