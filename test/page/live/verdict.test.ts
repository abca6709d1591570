import { describe, expect, it } from 'vitest'
import type { LiveBroker, LiveLog, LiveSample } from '../../../src/base/live-sample.ts'
import { verdictOn } from '../../../src/page/live/verdict.ts'
import { IDLE_SAMPLE } from '../../support/live-sample.ts'

const QUIET = { delivered: 0, failed: 0 }
const LOG: LiveLog = {
  ...{ bytes: { used: 0, limit: 100 }, pendingRecords: 0, oldestAgeMs: 0 },
  ...{ freeBytes: undefined, isAccepting: true },
}
const broker = (address: string, state: LiveBroker['state']): LiveBroker => ({
  ...{ address, nodeId: 1, state, reason: state === 'down' ? 'refused' : undefined },
  ...{ stateAgeMs: 0, answers: 0, roundTripMs: 0, throttleMs: 0 },
})
const sample = (more: Partial<LiveSample>): LiveSample => ({ ...IDLE_SAMPLE, ...more })
const queues = (more: Partial<LiveSample['queues']>): LiveSample =>
  sample({ queues: { ...IDLE_SAMPLE.queues, ...more } })

describe('The verdict', () => {
  it.each([
    ['is ready when nothing is pushed', sample({}), QUIET, 'good', 'Ready'],
    ['says that records flow', sample({}), { delivered: 5, failed: 0 }, 'good', 'Records flow'],
    [
      'is what fails of readiness, before all else',
      sample({
        checks: [
          { name: 'accepting', problem: undefined },
          { name: 'kafka', problem: 'no broker can be reached' },
        ],
        brokers: [broker('a:1', 'down')],
      }),
      { delivered: 5, failed: 5 },
      'bad',
      'Not ready: no broker can be reached',
    ],
    [
      'says that records wait in the log while Kafka is away',
      sample({
        brokers: [broker('a:1', 'down'), broker('b:1', 'down')],
        queues: { ...IDLE_SAMPLE.queues, log: LOG },
      }),
      QUIET,
      'warn',
      'Kafka is away: records wait in the log',
    ],
    ['says that records fail', sample({}), { delivered: 5, failed: 1 }, 'warn', 'Records fail'],
    [
      'says that one of several brokers is away',
      sample({ brokers: [broker('a:1', 'up'), broker('b:1', 'down')] }),
      { delivered: 5, failed: 0 },
      'warn',
      'Ready, but a broker is away',
    ],
    [
      'says how many are',
      sample({ brokers: [broker('a:1', 'up'), broker('b:1', 'down'), broker('c:1', 'down')] }),
      QUIET,
      'warn',
      'Ready, but 2 brokers are away',
    ],
    [
      'says that the queue is nearly full',
      queues({ bytes: { used: 88, limit: 100 } }),
      QUIET,
      'warn',
      'The queue is more than 85 % full',
    ],
    [
      'says that the log is nearly full',
      queues({ log: { ...LOG, bytes: { used: 93, limit: 100 } } }),
      QUIET,
      'warn',
      'The write-ahead log is more than 90 % full',
    ],
    [
      'takes a queue without a limit for never full',
      queues({ records: { used: 1e9, limit: undefined } }),
      QUIET,
      'good',
      'Ready',
    ],
  ] as const)('%s', (_, given, lately, state, title) => {
    expect(verdictOn(given, lately)).toMatchObject({ state, title })
  })

  it('names the broker that is away, and why', () => {
    const { text } = verdictOn(
      sample({ brokers: [broker('a:1', 'up'), broker('b:1', 'down')] }),
      QUIET,
    )

    expect(text).toBe('b:1: refused.')
  })

  it('says what failed last', () => {
    const topicFailures = {
      old: { code: 'A', text: 'the old one', lastMs: 1 },
      new: { code: 'B', text: 'the new one', lastMs: 2 },
    }

    expect(verdictOn(sample({ topicFailures }), { delivered: 0, failed: 1 }).text).toBe(
      'the new one.',
    )
  })
})
