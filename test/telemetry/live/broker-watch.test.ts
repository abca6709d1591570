import { describe, expect, it } from 'vitest'
import type { BrokerEvent } from '../../../src/producer/events.ts'
import { BrokerWatch, GONE_SHOWN_MS } from '../../../src/telemetry/live/broker-watch.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const ADDRESS = 'one:9092'
const WIRE = { bytesRead: 0, bytesWritten: 0, writableLength: 0 }
const member = (nodeId: number, host: string) => ({ nodeId, host, port: 9092 })

const watch = (configured: readonly string[] = [ADDRESS]) => {
  const clock = new FakeClock()
  const brokers = new BrokerWatch(configured, clock)
  const happens = (...events: readonly BrokerEvent[]): void => {
    for (const event of events) brokers.observe(event)
  }
  const connect = (broker: string | number = ADDRESS): object => {
    const connection = {}
    happens(
      { kind: 'connectionOpened', broker, connection, wire: WIRE },
      { kind: 'connectionReached', broker, connection, stage: 'UP' },
    )
    return connection
  }
  const learn = (...members: readonly ReturnType<typeof member>[]): void => {
    brokers.observe({ kind: 'brokersLearned', brokers: members })
  }
  return { clock, brokers, happens, connect, learn, only: () => brokers.list()[0] }
}

describe('BrokerWatch', () => {
  it('knows a configured broker before anything happened', () => {
    expect(watch().only()).toMatchObject({ address: ADDRESS, state: 'idle', nodeId: undefined })
  })

  it('follows a connection from its beginning to its end', async () => {
    const { clock, happens, only } = watch()
    const connection = {}
    happens({ kind: 'connectionOpened', broker: ADDRESS, connection, wire: WIRE })
    expect(only()?.state).toBe('connecting')
    happens({ kind: 'connectionReached', broker: ADDRESS, connection, stage: 'AUTH' })
    expect(only()?.state).toBe('connecting')
    await clock.advance(5)
    happens({ kind: 'connectionReached', broker: ADDRESS, connection, stage: 'UP' })
    await clock.advance(7)
    expect(only()).toMatchObject({ state: 'up', stateAgeMs: 7 })

    happens({ kind: 'connectionClosed', broker: ADDRESS, connection, end: 'closed' })

    // The broker may have closed what was idle.
    expect(only()).toMatchObject({ state: 'idle', reason: undefined })
  })

  it('says why a broker cannot be used, until it can', () => {
    const { brokers, happens, connect, only } = watch()
    happens({ kind: 'connectFailed', broker: ADDRESS })
    expect(only()).toMatchObject({ state: 'down', reason: 'it does not answer' })
    brokers.logged({ broker: ADDRESS, reason: 'connect ECONNREFUSED' })
    expect(only()).toMatchObject({ state: 'down', reason: 'connect ECONNREFUSED' })
    // It stays down while kprf tries.
    happens({ kind: 'connectionOpened', broker: ADDRESS, connection: {}, wire: WIRE })
    expect(only()?.state).toBe('down')

    connect()

    expect(only()).toMatchObject({ state: 'up', reason: undefined })
  })

  it.each([
    ['that does not answer', { kind: 'connectionClosed', end: 'timeout', connection: {} }],
    ['that refuses the credentials', { kind: 'authenticationFailed' }],
  ] as const)('takes a broker %s for down', (_, event) => {
    const { happens, only } = watch()

    happens({ ...event, broker: ADDRESS })

    expect(only()?.state).toBe('down')
  })

  it('adds up round trips and throttling, also of events that name the node', () => {
    const { happens, learn, only } = watch()
    learn(member(7, 'one'))
    happens(
      { kind: 'requestAnswered', broker: ADDRESS, roundTripMs: 4 },
      { kind: 'requestAnswered', broker: 7, roundTripMs: 6 },
      { kind: 'produceAnswered', broker: 7, durationMs: 6, throttleMs: 30 },
    )

    expect(only()).toMatchObject({ nodeId: 7, answers: 2, roundTripMs: 10, throttleMs: 30 })
  })

  it('shows the members of the cluster, not other names for them', () => {
    const { brokers, learn } = watch(['bootstrap:9092', ADDRESS])
    learn(member(2, 'two'), member(1, 'one'))

    expect(brokers.list().map(({ address }) => address)).toEqual([ADDRESS, 'two:9092'])
  })

  it('shows a broker that left the cluster as away, for a while', async () => {
    const { clock, brokers, connect, happens, learn } = watch()
    learn(member(1, 'one'), member(2, 'two'))
    connect('two:9092')
    brokers.logged({ broker: 'two:9092', reason: 'connect ECONNREFUSED' })
    happens({ kind: 'connectFailed', broker: 'two:9092' })

    learn(member(1, 'one'))

    expect(brokers.list()[1]).toMatchObject({
      address: 'two:9092',
      state: 'down',
      reason: 'it is no longer in the cluster (connect ECONNREFUSED)',
    })
    await clock.advance(GONE_SHOWN_MS + 1)
    learn(member(1, 'one'))
    expect(brokers.list()).toHaveLength(1)
  })

  it('takes a broker that came back for what it is', () => {
    const { brokers, connect, learn } = watch()
    learn(member(1, 'one'), member(2, 'two'))
    learn(member(1, 'one'))

    learn(member(1, 'one'), member(2, 'two'))
    connect('two:9092')

    expect(brokers.list()[1]).toMatchObject({ state: 'up', reason: undefined })
  })

  it('forgets addresses of brokers that move, so that they do not grow in number', async () => {
    const { clock, brokers, learn } = watch()
    for (let number = 0; number < 1_000; number += 1) {
      learn(member(1, `host-${number}`))
      await clock.advance(GONE_SHOWN_MS)
    }

    expect(brokers.list().length).toBeLessThanOrEqual(3)
  })
})
