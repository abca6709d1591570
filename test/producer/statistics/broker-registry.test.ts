import { describe, expect, it } from 'vitest'
import {
  BrokerRegistry,
  FORGET_AFTER_MS,
} from '../../../src/producer/statistics/broker-registry.ts'
import type { BrokerEvent, ConnectionStage } from '../../../src/producer/events.ts'
import type {
  BrokerQueues,
  BrokerStatistics,
} from '../../../src/producer/statistics/broker-statistics.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const IDLE: BrokerQueues = { outbuf_msg_cnt: 0, waitresp_msg_cnt: 0, toppars: {} }
const idle = (): BrokerQueues => IDLE
/** Connections are known by their identity alone. */
const ONE = {}
const TWO = {}
const wire = (bytesWritten: number, bytesRead: number, writableLength = 0) => ({
  ...{ bytesWritten, bytesRead, writableLength },
})

type Told = BrokerEvent extends infer Event
  ? Event extends BrokerEvent
    ? Omit<Event, 'broker'>
    : never
  : never

/** Passes events to the statistics of a broker, whatever its name. */
function tell(broker: BrokerStatistics, ...events: readonly Told[]): void {
  for (const event of events) broker.observe({ ...event, broker: '' })
}

const opened = (connection: object, at = wire(0, 0)): Told => ({
  ...{ kind: 'connectionOpened', connection, wire: at },
})
const reached = (connection: object, stage: ConnectionStage): Told => ({
  ...{ kind: 'connectionReached', connection, stage },
})
type End = (BrokerEvent & { kind: 'connectionClosed' })['end']
const closed = (connection: object, end: End): Told => ({
  ...{ kind: 'connectionClosed', connection, end },
})
const sent = (api: string, waitedMs: number): Told => ({ kind: 'requestSent', api, waitedMs })
const answered = (roundTripMs: number): Told => ({ kind: 'requestAnswered', roundTripMs })

describe('BrokerRegistry', () => {
  it('names a broker bootstrap until one says which node has its address', () => {
    const registry = new BrokerRegistry(['a:9092', '[::1]:9092'], new FakeClock())
    expect(registry.take(idle)).toMatchObject({
      'a:9092/bootstrap': { nodeid: -1, nodename: 'a:9092', source: 'configured', state: 'INIT' },
      '[::1]:9092/bootstrap': { nodename: '[::1]:9092' },
    })
    tell(registry.at('a:9092'), { kind: 'requestQueued' })

    registry.learn([
      { nodeId: 1, host: 'a', port: 9092 },
      { nodeId: 2, host: '::1', port: 9092 },
      { nodeId: 3, host: 'b', port: 9093 },
    ])

    const brokers = registry.take(idle)
    expect(Object.keys(brokers)).toEqual(['a:9092/1', '[::1]:9092/2', 'b:9093/3'])
    expect(brokers).toMatchObject({
      'a:9092/1': { nodeid: 1, source: 'configured', outbuf_cnt: 1 },
      'b:9093/3': { nodeid: 3, source: 'learned', state: 'INIT' },
    })
    expect(registry.node(3)?.name).toBe('b:9093/3')
  })

  it('forgets a broker ten minutes after it left, and keeps what it counted in the totals', async () => {
    const clock = new FakeClock()
    const registry = new BrokerRegistry(['a:9092'], clock)
    const member = { nodeId: 1, host: 'a', port: 9092 }
    registry.learn([member, { nodeId: 2, host: 'b', port: 9092 }])
    const leaver = registry.at('b:9092')
    tell(leaver, opened(ONE, wire(700, 70)))
    tell(leaver, { kind: 'requestQueued' })
    tell(leaver, sent('Produce', 0))
    tell(leaver, answered(1))
    tell(leaver, closed(ONE, 'closed'))

    registry.learn([member])
    await clock.advance(FORGET_AFTER_MS)
    expect(Object.keys(registry.take(idle))).toEqual(['a:9092/1', 'b:9092/2'])
    await clock.advance(1)

    expect(Object.keys(registry.take(idle))).toEqual(['a:9092/1'])
    expect(registry.totals()).toEqual({ tx: 1, tx_bytes: 700, rx: 1, rx_bytes: 70 })
  })

  it('does not grow when broker after broker comes and goes', async () => {
    const clock = new FakeClock()
    const registry = new BrokerRegistry(['a:9092'], clock)

    for (let port = 1; port <= 1000; port += 1) {
      registry.learn([{ nodeId: port, host: 'pod', port }])
      registry.take(idle)
      await clock.advance(FORGET_AFTER_MS / 10)
    }

    expect(registry.size).toBeLessThan(20)
  })
})

describe('BrokerStatistics', () => {
  const make = () => {
    const clock = new FakeClock()
    const registry = new BrokerRegistry(['a:9092'], clock)
    const broker = registry.at('a:9092')
    return { clock, broker, read: () => broker.take(IDLE) }
  }

  it('counts requests from the queue to their answer', async () => {
    const { clock, broker, read } = make()
    for (let request = 0; request < 5; request += 1) tell(broker, { kind: 'requestQueued' })
    tell(broker, { kind: 'requestWithdrawn' })
    expect(read()).toMatchObject({ outbuf_cnt: 4, waitresp_cnt: 0, tx: 0, txidle: -1, rxidle: -1 })

    await clock.advance(2)
    tell(broker, sent('ApiVersions', 2))
    tell(broker, sent('Produce', 4))
    tell(broker, sent('Produce', 4))
    tell(broker, answered(7))
    tell(broker, { kind: 'requestLost' })
    tell(broker, { kind: 'requestCompleted' })
    await clock.advance(3)

    const counts = read()
    expect(counts).toMatchObject({
      ...{ outbuf_cnt: 1, waitresp_cnt: 0, tx: 3, rx: 1, txerrs: 1 },
      ...{ txidle: 3000, rxidle: 3000, req: { ApiVersions: 1, Produce: 2 } },
      outbuf_latency: { min: 2000, max: 4000, cnt: 3 },
      rtt: { min: 7000, cnt: 1 },
    })
    expect(read().rtt.cnt).toBe(0)
  })

  it('is in the best state of all its connections, and down when it has none any more', async () => {
    const { clock, broker, read } = make()
    const states: unknown[] = []
    const note = async (): Promise<void> => {
      await clock.advance(1)
      const { state, stateage: age } = read()
      states.push([state, age])
    }

    await note()
    tell(broker, opened(ONE, wire(0, 0)))
    await note()
    tell(broker, reached(ONE, 'APIVERSION_QUERY'))
    tell(broker, opened(TWO, wire(0, 0)))
    await note()
    tell(broker, reached(ONE, 'UP'))
    await note()
    await note()
    tell(broker, closed(ONE, 'reset'))
    await note()
    tell(broker, closed(TWO, undefined))
    await note()

    expect(states).toEqual([
      ['INIT', 1000],
      ['CONNECT', 1000],
      ['APIVERSION_QUERY', 1000],
      ['UP', 1000],
      ['UP', 2000],
      ['CONNECT', 1000],
      ['DOWN', 1000],
    ])
  })

  it('counts the bytes of all connections, and not those that still wait to be written', () => {
    const { broker, read } = make()
    tell(broker, opened(ONE, wire(100, 10, 30)))
    tell(broker, closed(ONE, 'reset'))
    tell(broker, opened(TWO, wire(1000, 500, 200)))

    expect(read()).toMatchObject({ txbytes: 870, rxbytes: 510, connects: 2 })
  })

  it.each([
    ['timeout', 1, 0],
    ['closed', 1, 1],
    ['reset', 1, 1],
    ['malformed', 1, 1],
    ['intended', 0, 0],
    [undefined, 0, 0],
  ] as const)('tells how a connection ended: %s', (end, disconnects, rxerrs) => {
    const { broker, read } = make()
    tell(broker, opened(ONE, wire(0, 0)))
    tell(broker, closed(ONE, end))
    tell(broker, closed(ONE, end))

    expect(read()).toMatchObject({ connects: 1, disconnects, rxerrs })
  })

  it('counts timeouts, foreign answers, retries and throttling', () => {
    const { broker, read } = make()
    tell(broker, { kind: 'requestTimedOut' })
    tell(broker, { kind: 'foreignAnswer' })
    broker.retried()
    tell(broker, { kind: 'produceAnswered', durationMs: 1, throttleMs: 0 })
    tell(broker, { kind: 'produceAnswered', durationMs: 1, throttleMs: 30 })

    expect(read()).toMatchObject({
      ...{ req_timeouts: 1, rxcorriderrs: 1, txretries: 1 },
      throttle: { max: 30, cnt: 2 },
    })
  })
})
