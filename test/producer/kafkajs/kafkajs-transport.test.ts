import { EventEmitter, once } from 'node:events'
import { createServer } from 'node:http'
import net from 'node:net'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { systemClock, type Clock } from '../../../src/base/clock.ts'
import { TestCluster, fault } from '@kprf/embedded-broker/testing'
import { ChunkPool } from '../../../src/producer/chunk-pool.ts'
import type { TransportLog } from '../../../src/producer/kafkajs/kafkajs-log.ts'
import type { SaslSettings } from '../../../src/producer/security/settings.ts'
import { KafkajsTransport } from '../../../src/producer/kafkajs/kafkajs-transport.ts'
import { measure, RecordBatchWriter } from '../../../src/producer/record-batch.ts'
import type {
  EncodedBatch,
  ProduceOutcome,
  ProduceRequest,
} from '../../../src/producer/transport.ts'
import { createAuthority } from '../../support/certificates.ts'
import { DEFAULT_TRANSPORT_SETTINGS } from '../../support/default-settings.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { transportOn, valuesOf } from '../../support/kafkajs-harness.ts'
import { record } from '../../support/producer-harness.ts'
import { RecordingEvents } from '../../support/recording-events.ts'
import { unsignedToken } from '../../support/unsigned-token.ts'

const closers: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function startCluster(
  options: Parameters<typeof TestCluster.start>[0] = { topics: { t: { partitions: 2 } } },
): Promise<TestCluster> {
  const cluster = await TestCluster.start({ autoCreateTopics: false, ...options })
  closers.push(() => cluster.close())
  return cluster
}

function connect(...parameters: Parameters<typeof transportOn>): KafkajsTransport {
  const transport = transportOn(...parameters)
  closers.push(() => transport.close())
  return transport
}

/** The time after the last answer of Kafka until the transport checks whether it is reachable. */
const PROBE_INTERVAL_MS = 10_000
/** Longer than the longest backoff of the harness. */
const LONGEST_BACKOFF_MS = 300

const USERS = { kprf: 'secret' }
const PLAIN = { mechanism: 'plain', username: 'kprf', password: 'secret' } as const

/** What differs from a request of one batch for partition 0, led by broker 1. */
type Overrides = Partial<ProduceRequest> & { readonly partition?: number }

function batchOf(values: readonly string[], partition = 0): EncodedBatch {
  const writer = new RecordBatchWriter(1_700_000_000_000, new ChunkPool())
  for (const value of values) {
    const one = record(value)
    writer.append(one, measure(one), 1_700_000_000_000)
  }
  return { topic: 't', partition, pieces: writer.finish(), sizeBytes: writer.sizeBytes }
}

function request(
  values: readonly string[],
  { partition, ...overrides }: Overrides = {},
): ProduceRequest {
  return {
    leader: 1,
    batches: [batchOf(values, partition)],
    requiredAcks: -1,
    ackTimeoutMs: 30_000,
    requestTimeoutMs: 5_000,
    ...overrides,
  }
}

/** Sends one batch, and resolves to what became of it. */
async function produce(
  transport: KafkajsTransport,
  ...parameters: Parameters<typeof request>
): Promise<ProduceOutcome> {
  const [outcome] = await transport.produce(request(...parameters)).outcomes
  if (!outcome) throw new Error('there is no outcome')
  return outcome
}

/** A transport that knows topic `t`. */
async function ready(
  cluster: TestCluster,
  ...rest: [Parameters<typeof transportOn>[1]?, Clock?]
): Promise<KafkajsTransport> {
  const transport = connect(cluster, ...rest)
  await transport.fetchMetadata(['t'])
  return transport
}

describe('produce', () => {
  it('is sent on a new connection after one on which a broker fell silent in the midst of SASL', async () => {
    const cluster = await startCluster({
      topics: { t: { partitions: 1 } },
      sasl: { users: USERS },
    })
    const transport = await ready(cluster, { sasl: PLAIN, connectTimeoutMs: 1_000 })
    await produce(transport, ['first'])
    // The other connection stays open, so kafkajs counts the broker as connected.
    cluster.control('Produce', fault.cutBefore())
    await produce(transport, ['lost'])
    const silence = cluster.control('SaslAuthenticate', fault.hang())

    const late = await produce(transport, ['late'])
    const next = await produce(transport, ['next'])

    expect(silence.appliedCount).toBe(1)
    expect(late).toMatchObject({ status: 'failed', wasSent: false })
    expect(next).toMatchObject({ status: 'acknowledged' })
  })

  it('has the time that its request says, whatever kafkajs would give it', async () => {
    const cluster = await startCluster()
    // kafkajs checks for late requests at an interval, by the time of day.
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const transport = await ready(cluster, { socketTimeoutMs: 300 })
    const latch = Promise.withResolvers<undefined>()
    const held = cluster.control('Produce', fault.delayAnswer(latch.promise))

    const produced = produce(transport, ['slow'])
    await held.applied
    vi.advanceTimersByTime(4_000)
    latch.resolve(undefined)

    expect(await produced).toMatchObject({ status: 'acknowledged' })
  })

  it('stores a batch and reports its first offset', async () => {
    const cluster = await startCluster()
    const transport = await ready(cluster)

    await produce(transport, ['a', 'b'])
    const outcome = await produce(transport, ['c'])

    expect(outcome).toEqual({
      status: 'acknowledged',
      baseOffset: 2n,
      logAppendTimeMs: undefined,
    })
    expect(valuesOf(cluster, 't', 0)).toEqual(['a', 'b', 'c'])
  })

  it.each([2, 3, 5, 6, 7, 10, 17, 18, 19, 20, 29, 31, 45, 56, 87])(
    'reports the broker’s error %i as it is',
    async (errorNumber) => {
      const cluster = await startCluster()
      const transport = await ready(cluster)
      cluster.control('Produce', fault.error(errorNumber))

      expect(await produce(transport, ['a'])).toEqual({ status: 'refused', errorNumber })
    },
  )

  it('fails when the answer does not mention the partition', async () => {
    const cluster = await startCluster()
    const transport = await ready(cluster)
    cluster.control(
      'Produce',
      fault.rewrite((response) => ({ ...response, topics: [] })),
    )

    expect(await produce(transport, ['a'])).toMatchObject({
      status: 'failed',
      errorNumber: -195,
      wasSent: true,
    })
  })

  it('fails without sending for a partition that metadata does not know', async () => {
    const cluster = await startCluster()
    const transport = await ready(cluster)

    const outcome = await produce(transport, ['a'], { partition: 7 })

    expect(outcome).toMatchObject({ status: 'failed', errorNumber: -195 })
    expect(cluster.requests.filter(({ api }) => api === 'Produce')).toEqual([])
  })

  it('with acks 0 is acknowledged without an offset', async () => {
    const cluster = await startCluster()
    const transport = await ready(cluster)
    const received = cluster.nextRequest('Produce')

    const outcome = await produce(transport, ['a'], { requiredAcks: 0 })
    await received

    expect(outcome).toMatchObject({ status: 'acknowledged', baseOffset: undefined })
  })

  it.each([
    { title: 'before storing', cut: fault.cutBefore(), stored: [] },
    { title: 'before storing, by a reset', cut: fault.cutBefore({ withReset: true }), stored: [] },
    { title: 'after storing', cut: fault.cutAfter(), stored: ['a'] },
    { title: 'within the answer', cut: fault.cutWithin(7), stored: ['a'] },
  ])('says that a request may have arrived when the connection is cut $title', async (row) => {
    const cluster = await startCluster()
    const transport = await ready(cluster)
    cluster.control('Produce', row.cut)

    const outcome = await produce(transport, ['a'])

    expect(outcome).toMatchObject({ status: 'failed', errorNumber: -195, wasSent: true })
    expect(valuesOf(cluster, 't')).toEqual(row.stored)
  })

  it('says that a request was not sent when nobody listens any more', async () => {
    const cluster = await startCluster()
    const transport = await ready(cluster)
    await cluster.stopBroker(1)

    const [first, second] = [await produce(transport, ['a']), await produce(transport, ['b'])]

    expect(first.status).toBe('failed')
    expect(second).toMatchObject({ status: 'failed', errorNumber: -195, wasSent: false })
  })

  it('gives a hung broker up in time and destroys the connection', async () => {
    const cluster = await startCluster()
    const transport = await ready(cluster)
    cluster.control('Produce', fault.hang())

    const hung = await produce(transport, ['a'], { requestTimeoutMs: 50 })
    const next = await retry(transport)

    expect(hung).toMatchObject({ status: 'failed', errorNumber: -185, wasSent: true })
    expect(next.status).toBe('acknowledged')
    const connections = cluster.requests
      .filter(({ api }) => api === 'Produce')
      .map(({ connectionId }) => connectionId)
    expect(new Set(connections).size).toBe(2)
  })

  it('that times out while it still connects was not sent, and is not sent later', async () => {
    const topics = { t: { partitions: 1 } }
    const cluster = await startCluster({ topics, sasl: { users: { u: 'p' } } })
    const sasl = { mechanism: 'plain', username: 'u', password: 'p' } as const
    const transport = await ready(cluster, { sasl })
    cluster.cutConnections()
    const latch = Promise.withResolvers<undefined>()
    cluster.control('SaslHandshake', fault.delay(latch.promise), { keep: true })
    await produce(transport, ['x'], { requestTimeoutMs: 50 })

    const outcome = await produce(transport, ['a'], { requestTimeoutMs: 50 })
    latch.resolve(undefined)

    expect(outcome.status).toBe('failed')
    expect(valuesOf(cluster, 't')).not.toContain('a')
  })

  it('sends several batches in one request, and tells them apart', async () => {
    const topics = { t: { partitions: 3 }, u: { partitions: 1 } }
    const cluster = await startCluster({ topics })
    const transport = connect(cluster)
    await transport.fetchMetadata(['t', 'u'])
    cluster.control('Produce', fault.error(19, { topic: 't', partition: 1 }))

    const { outcomes } = transport.produce(
      request([], {
        batches: [
          batchOf(['a', 'b'], 2),
          batchOf(['c'], 1),
          { ...batchOf(['d']), topic: 'u' },
          batchOf(['e'], 0),
        ],
      }),
    )

    expect(await outcomes).toMatchObject([
      { status: 'acknowledged', baseOffset: 0n },
      { status: 'refused', errorNumber: 19 },
      { status: 'acknowledged', baseOffset: 0n },
      { status: 'acknowledged', baseOffset: 0n },
    ])
    expect(cluster.requests.filter(({ api }) => api === 'Produce')).toHaveLength(1)
    expect([0, 1, 2].map((partition) => valuesOf(cluster, 't', partition))).toEqual([
      ['e'],
      [],
      ['a', 'b'],
    ])
    expect(valuesOf(cluster, 'u')).toEqual(['d'])
  })

  it('sends a batch of many pieces as it is, large or small', async () => {
    const cluster = await startCluster()
    const transport = await ready(cluster)
    const values = [10, 5_000, 40_000, 100_000, 200_000].map((length) => 'x'.repeat(length))

    for (const value of values) await produce(transport, [value])
    await produce(transport, [...values, ...values])

    expect(valuesOf(cluster, 't', 0)).toEqual([...values, ...values, ...values])
  })

  it('sends nothing when one of the partitions has another leader by now', async () => {
    const cluster = await startCluster({ brokers: 2, topics: { t: { partitions: 2 } } })
    const transport = await ready(cluster)

    const outcomes = await transport.produce(
      request([], {
        batches: [batchOf(['a'], 0), batchOf(['b'], 1)],
        leader: cluster.leaderOf('t', 0),
      }),
    ).outcomes

    expect(outcomes).toMatchObject([
      { status: 'failed', wasSent: false },
      { status: 'failed', wasSent: false },
    ])
    expect(valuesOf(cluster, 't')).toEqual([])
  })

  it('is over at once when it is abandoned, and its connection is gone', async () => {
    const cluster = await startCluster()
    const transport = await ready(cluster)
    const held = cluster.control('Produce', fault.hang())
    const attempt = transport.produce(request(['a']))
    await held.applied
    const { wasSent } = attempt

    attempt.abandon()

    expect(wasSent).toBe(true)
    expect(await attempt.outcomes).toMatchObject([{ status: 'failed', wasSent: true }])
    expect((await retry(transport)).status).toBe('acknowledged')
  })

  it('is never sent when it is abandoned before', async () => {
    const cluster = await startCluster()
    const transport = await ready(cluster)
    cluster.control('Produce', fault.throttle(200))
    await produce(transport, ['first'])
    const attempt = transport.produce(request(['throttled']))
    await new Promise(setImmediate)
    const { wasSent } = attempt

    attempt.abandon()
    const outcomes = await attempt.outcomes
    await produce(transport, ['last'])

    expect(wasSent).toBe(false)
    expect(outcomes).toMatchObject([{ status: 'failed', wasSent: false }])
    expect(valuesOf(cluster, 't', 0)).toEqual(['first', 'last'])
  })

  it('survives an answer that makes no sense', async () => {
    const cluster = await startCluster()
    const transport = await ready(cluster)
    cluster.control('Produce', fault.wrongCorrelationId(4711))

    const outcome = await produce(transport, ['a'], { requestTimeoutMs: 50 })

    expect(outcome).toMatchObject({ status: 'failed', wasSent: true })
    expect((await retry(transport)).status).toBe('acknowledged')
  })
})

/** Sends until the transport has a connection again, as the dispatcher would. */
async function retry(transport: KafkajsTransport): Promise<ProduceOutcome> {
  for (let attempt = 0; attempt < 5; attempt++) {
    await transport.fetchMetadata(['t']).catch(() => undefined)
    const outcome = await produce(transport, ['again'])
    if (outcome.status === 'acknowledged') return outcome
  }
  throw new Error('the transport did not recover')
}

describe('fetchMetadata', () => {
  it('returns every topic with its own error, and partitions without a leader', async () => {
    const cluster = await startCluster()
    const lie = fault.metadataLie({ topic: 't', partition: 1, partitionErrorCode: 5, leaderId: -1 })
    cluster.control('Metadata', lie, { keep: true })

    const { brokers, topics } = await connect(cluster).fetchMetadata(['t', 'missing'])

    expect(brokers).toMatchObject([{ nodeId: 1 }])
    expect(topics.toSorted((a, b) => a.name.localeCompare(b.name))).toEqual([
      { name: 'missing', errorNumber: 3, leaders: [] },
      { name: 't', errorNumber: 0, leaders: [1, undefined] },
    ])
  })

  it('asks for no topic when it is given none', async () => {
    const cluster = await startCluster()

    expect((await connect(cluster).fetchMetadata([])).topics).toEqual([])
  })

  it('rejects when no broker is there, and works when one comes', async () => {
    const cluster = await startCluster()
    await cluster.stopBroker(1)
    const transport = connect(cluster, { reconnectBackoffMs: 0 })

    await expect(transport.fetchMetadata(['t'])).rejects.toMatchObject({ errorNumber: -195 })
    expect(transport.availability).toBe('down')
    await cluster.startBroker(1)

    expect((await transport.fetchMetadata(['t'])).topics).toHaveLength(1)
    expect(transport.availability).toBe('up')
  })

  it('leaves a broker that could not be reached alone for reconnect.backoff.ms', async () => {
    const cluster = await startCluster()
    await cluster.stopBroker(1)
    const backoff = { reconnectBackoffMs: 60_000, reconnectBackoffMaxMs: 60_000 }
    const events = new RecordingEvents()
    const transport = connect(cluster, backoff, systemClock, undefined, events)

    for (let attempt = 1; attempt <= 3; attempt += 1) {
      await expect(transport.fetchMetadata(['t'])).rejects.toMatchObject({ errorNumber: -195 })
    }

    expect(events.connectFailures).toBe(1)
  })

  it('does not ask without a pause whether Kafka is there, whatever the backoff', async () => {
    const cluster = await startCluster()
    await cluster.stopBroker(1)
    const delays: number[] = []
    const clock: Clock = {
      nowMs: () => systemClock.nowMs(),
      epochMs: () => systemClock.epochMs(),
      schedule: (delayMs, task) => {
        delays.push(delayMs)
        return systemClock.schedule(delayMs, task)
      },
    }
    const events = new RecordingEvents()
    const transport = connect(cluster, { reconnectBackoffMs: 0 }, clock, undefined, events)
    transport.start({ onAvailable: () => undefined, onStalled: () => undefined })

    await expect.poll(() => events.connectFailures).toBeGreaterThan(3)

    // The first probe is sent at once.
    expect(delays.filter((delayMs) => delayMs < 20)).toEqual([0])
  })

  it('goes on to the next bootstrap broker at once when one is dead', async () => {
    const cluster = await startCluster({ brokers: 3, topics: { t: { partitions: 3 } } })
    await cluster.stopBroker(1)
    await cluster.stopBroker(2)

    expect((await connect(cluster).fetchMetadata(['t'])).topics).toHaveLength(1)
  })

  it('gives a broker that does not answer up after 1 s, and asks on a new connection', async () => {
    const cluster = await startCluster()
    const clock = new FakeClock()
    const transport = connect(cluster, {}, clock)
    const silence = cluster.control('Metadata', fault.hang())

    const fetched = transport.fetchMetadata(['t'])
    await silence.applied
    await clock.advance(1_000)

    expect((await fetched).topics).toHaveLength(1)
    const asked = cluster.requests.filter(({ api }) => api === 'Metadata')
    expect(new Set(asked.map(({ connectionId }) => connectionId)).size).toBe(2)
  })

  it('rejects when a broker falls silent in the midst of SASL, and then asks on a new connection', async () => {
    const cluster = await startCluster({ topics: { t: {} }, sasl: { users: USERS } })
    const clock = new FakeClock()
    const transport = connect(cluster, { sasl: PLAIN }, clock)
    // The first connection of each broker is for produce requests.
    const silences = [1, 2].map(() =>
      cluster.control('SaslAuthenticate', fault.silentWithin(6), { skip: 1 }),
    )

    const fetched = expect(transport.fetchMetadata(['t'])).rejects.toThrow(
      'no answer within 1000 ms',
    )
    for (const silence of silences) {
      await silence.applied
      await clock.advance(1_000)
    }
    await fetched
    const { topics } = await transport.fetchMetadata(['t'])

    expect(topics).toHaveLength(1)
  })

  it('rejects when two attempts got no answer', async () => {
    const cluster = await startCluster()
    const clock = new FakeClock()
    const transport = connect(cluster, {}, clock)
    const silences = [1, 2].map(() => cluster.control('Metadata', fault.hang()))

    const fetched = expect(transport.fetchMetadata(['t'])).rejects.toMatchObject({
      message: expect.stringContaining('no answer within 1000 ms') as string,
    })
    for (const silence of silences) {
      await silence.applied
      await clock.advance(1_000)
    }

    await fetched
    expect(transport.availability).toBe('down')
  })

  it('is not held up by a hung broker that has left the cluster, and frees what waits for it', async () => {
    const cluster = await startCluster({ brokers: 2, topics: { t: { partitions: 2 } } })
    const transport = await ready(cluster)
    const partition = [0, 1].find((number) => cluster.leaderOf('t', number) === 2) ?? 0
    cluster.control('Produce', fault.hang(), { brokerId: 2 })
    const received = cluster.nextRequest('Produce')
    const produced = produce(transport, ['a'], {
      ...{ leader: 2, partition, requestTimeoutMs: 3_600_000 },
    })
    await received
    cluster.control(
      'Metadata',
      fault.rewrite((answer) => ({
        ...answer,
        brokers: answer.brokers.filter(({ nodeId }) => nodeId !== 2),
      })),
      { keep: true },
    )

    const { brokers } = await transport.fetchMetadata(['t'])

    expect(brokers.map(({ nodeId }) => nodeId)).toEqual([1])
    expect(await produced).toMatchObject({ status: 'failed', errorNumber: -195, wasSent: true })
  })

  it('is not delayed by a produce request that a broker is slow to answer', async () => {
    const cluster = await startCluster()
    const transport = await ready(cluster)
    const slow = Promise.withResolvers<undefined>()
    cluster.control('Produce', fault.delay(slow.promise))
    const received = cluster.nextRequest('Produce')
    const produced = produce(transport, ['a'])
    await received

    const { topics } = await transport.fetchMetadata(['t'])
    slow.resolve(undefined)

    expect(topics).toHaveLength(1)
    expect((await produced).status).toBe('acknowledged')
  })

  it('gives up on a broker that accepts the connection and then goes silent', async () => {
    const cluster = await startCluster()
    const clock = new FakeClock()
    const transport = connect(cluster, {}, clock)
    const silence = cluster.control('ApiVersions', fault.hang())

    const fetched = expect(transport.fetchMetadata(['t'])).rejects.toMatchObject({
      message: expect.stringContaining('was not ready within 5000 ms') as string,
    })
    await silence.applied
    await clock.advance(5_000)
    await fetched
    await clock.advance(LONGEST_BACKOFF_MS)

    expect((await transport.fetchMetadata(['t'])).topics).toHaveLength(1)
  })
})

describe('start', () => {
  it('connects by itself, notices when Kafka goes away, and when it comes back', async () => {
    const cluster = await startCluster()
    const messages = new EventEmitter()
    const clock = new FakeClock()
    const transport = connect(cluster, {}, clock, (_, message) => messages.emit(message))

    let times = 0
    transport.start({ onAvailable: () => times++, onStalled: () => undefined })
    const first = once(messages, 'Kafka is reachable')
    await clock.advance(0)
    await first
    const lost = once(messages, 'Kafka is not reachable')
    await cluster.stopBroker(1)
    await clock.advance(PROBE_INTERVAL_MS)
    await lost
    const found = once(messages, 'Kafka is reachable')
    await cluster.startBroker(1)
    await clock.advance(LONGEST_BACKOFF_MS)
    await found

    expect(times).toBe(2)
    expect(transport.availability).toBe('up')
  })
})

describe('the events', () => {
  it('report which broker answered produce requests, and metadata', async () => {
    const cluster = await startCluster()
    const events = new RecordingEvents()
    const transport = connect(cluster, {}, systemClock, undefined, events)
    await transport.fetchMetadata(['t'])

    await produce(transport, ['a'])

    expect(events.answers).toEqual([cluster.bootstrap])
    expect(events.metadataAnswers).toBe(1)
    expect(events.lost).toEqual([])
  })

  it('report how long a broker throttles', async () => {
    const cluster = await startCluster()
    const events = new RecordingEvents()
    const transport = connect(cluster, {}, systemClock, undefined, events)
    await transport.fetchMetadata(['t'])
    cluster.control('Produce', fault.throttle(7))

    await produce(transport, ['a'])

    expect(events.throttles).toEqual([7])
  })

  it('report brokers that cannot be reached', async () => {
    const cluster = await startCluster()
    await cluster.stopBroker(1)
    const events = new RecordingEvents()
    const transport = connect(cluster, {}, systemClock, undefined, events)

    await transport.fetchMetadata(['t']).catch(() => undefined)

    expect(events.connectFailures).toBe(1)
    expect(events.authenticationFailures).toBe(0)
  })

  it('report refused credentials', async () => {
    const cluster = await startCluster({ sasl: { users: { kprf: 'right' } } })
    const sasl = { mechanism: 'plain', username: 'kprf', password: 'wrong' } as const
    const events = new RecordingEvents()
    const transport = connect(cluster, { sasl }, systemClock, undefined, events)

    await transport.fetchMetadata(['t']).catch(() => undefined)

    expect(events.authenticationFailures).toBe(1)
  })

  it('has one name for each broker, in events and in the log, though kafkajs writes IPv6 in its own way', async () => {
    const cluster = await startCluster({ sasl: { users: { kprf: 'right' } } })
    const port = Number(cluster.bootstrap.split(':')[1])
    const names = new Set<unknown>()
    const transport = new KafkajsTransport(
      {
        ...{ ...DEFAULT_TRANSPORT_SETTINGS, clientId: 'kprf-test', brokers: [`[::1]:${port}`] },
        sasl: { mechanism: 'plain', username: 'kprf', password: 'wrong' },
      },
      {
        ...{ clock: systemClock, random: () => 0.5 },
        log: (level, _, { broker }) => {
          if (level === 'error' && broker !== undefined) names.add(broker)
        },
        events: {
          emit: (event) => {
            if ('broker' in event) names.add(event.broker)
          },
        },
        connect: (_, onConnect) => net.connect({ host: '127.0.0.1', port }, onConnect),
      },
    )
    closers.push(() => transport.close())

    await transport.fetchMetadata(['t']).catch(() => undefined)

    expect(transport.availability).toBe('authenticationFailed')
    expect([...names]).toEqual([`[::1]:${port}`])
  })
})

describe('a broker with SASL or TLS', () => {
  const right = { mechanism: 'plain', username: 'kprf', password: 'canary-right' } as const
  const wrong = { ...right, password: 'canary-wrong' }
  const users = { kprf: right.password }

  /** A log that keeps the lines about security, and all lines as text. */
  function securityLog() {
    const lines: object[] = []
    let text = ''
    const log: TransportLog = (level, message, fields) => {
      text += JSON.stringify([level, message, fields])
      if (/credentials|TLS|token/.test(message) && level !== 'debug')
        lines.push({ message, ...fields })
    }
    return { log, lines, text: () => text }
  }

  const attempts = (cluster: TestCluster): number =>
    cluster.requests.filter(({ api }) => api === 'SaslAuthenticate').length

  it('is asked once in each backoff and logged once, whatever waits for it', async () => {
    const cluster = await startCluster({ topics: { t: { partitions: 1 } }, sasl: { users } })
    const clock = new FakeClock()
    const { log, lines, text } = securityLog()
    const transport = connect(cluster, { sasl: wrong }, clock, log)
    const ask = async (): Promise<void> => {
      const questions = [1, 2, 3].map(() => transport.fetchMetadata(['t']))
      await Promise.allSettled([...questions, transport.initProducerId()])
    }

    await ask()
    await ask()
    await clock.advance(999)
    await ask()
    const inFirst = [attempts(cluster), lines.length]
    await clock.advance(1)
    await ask()

    expect(inFirst).toEqual([1, 1])
    expect([attempts(cluster), lines.length]).toEqual([2, 2])
    expect(lines[0]).toMatchObject({
      message: 'Kafka refuses the credentials',
      broker: cluster.bootstrap,
      mechanism: 'plain',
      reason: 'SASL PLAIN authentication failed: the credentials are not valid',
      retry_in_ms: 1_000,
    })
    expect(transport.availability).toBe('authenticationFailed')
    expect(text()).not.toContain('canary')
  })

  it('is used again once it takes the credentials, without a restart of kprf', async () => {
    const before = await startCluster({ sasl: { users: { kprf: 'another' } } })
    const clock = new FakeClock()
    const transport = connect(before, { sasl: right }, clock)
    await transport.fetchMetadata([]).catch(() => undefined)
    const refused = transport.availability
    const port = Number(before.bootstrap.split(':')[1])
    await before.close()
    await startCluster({ port, sasl: { users } })

    await clock.advance(1_500)
    await transport.fetchMetadata([])

    expect(refused).toBe('authenticationFailed')
    expect(transport.availability).toBe('up')
  })

  it('does not keep kprf from another one in the list', async () => {
    const unwilling = await startCluster({ sasl: { users: { kprf: 'another' } } })
    const willing = await startCluster({ sasl: { users } })
    const brokers = [unwilling.bootstrap, willing.bootstrap]
    const transport = connect(unwilling, { brokers, sasl: right }, new FakeClock())

    await transport.fetchMetadata([])

    expect(attempts(unwilling)).toBe(1)
    expect(transport.availability).toBe('up')
  })

  it('has a certificate of an authority that kprf does not know: TLS failed', async () => {
    const cluster = await startCluster({ tls: createAuthority().issue('localhost') })
    const { log, lines } = securityLog()
    const transport = connect(cluster, { ssl: {} }, new FakeClock(), log)

    await expect(transport.fetchMetadata([])).rejects.toMatchObject({ errorNumber: -181 })
    await expect(transport.fetchMetadata([])).rejects.toMatchObject({ errorNumber: -181 })
    expect(transport.availability).toBe('tlsFailed')
    expect(lines).toEqual([
      expect.objectContaining({
        message: 'TLS with a broker failed',
        broker: cluster.bootstrap,
        check: expect.stringContaining('kafka.ssl.ca_file') as string,
      }),
    ])
  })

  it('does not use TLS: TLS failed', async () => {
    const cluster = await startCluster()
    const transport = connect(cluster, { ssl: {} }, new FakeClock())

    await expect(transport.fetchMetadata([])).rejects.toMatchObject({ errorNumber: -181 })
    expect(transport.availability).toBe('tlsFailed')
  })

  it('uses TLS and answers plain requests with an alert, as Kafka does: TLS failed', async () => {
    const server = net.createServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => socket.end(Buffer.from([0x15, 3, 3, 0, 2, 2, 0x50])))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closers.push(() => new Promise((resolve) => server.close(resolve)))
    const { port } = server.address() as net.AddressInfo
    const cluster = await startCluster()
    const transport = connect(cluster, { brokers: [`127.0.0.1:${port}`] }, new FakeClock())

    await expect(transport.fetchMetadata([])).rejects.toMatchObject({
      errorNumber: -181,
      message: 'the broker uses TLS, but kprf does not',
    })
    expect(transport.availability).toBe('tlsFailed')
  })

  it('uses TLS and closes plain connections: the log says what to check', async () => {
    const cluster = await startCluster({ tls: createAuthority().issue('localhost') })

    await expect(connect(cluster).fetchMetadata([])).rejects.toMatchObject({
      errorNumber: -195,
      message: `${cluster.bootstrap} closed the connection at once; check kafka.security_protocol: it may need TLS, or no TLS`,
    })
  })

  it('requires SASL and closes connections without it: the log says what to check', async () => {
    const cluster = await startCluster({ sasl: { users } })
    const log: string[] = []
    const transport = connect(cluster, {}, systemClock, (_level, message, { reason }) => {
      log.push(`${message}: ${String(reason)}`)
    })

    await expect(transport.fetchMetadata([])).rejects.toMatchObject({ errorNumber: -195 })
    expect(log).toContain(
      `Kafka is not reachable: ${cluster.bootstrap} closed the connection at once; check kafka.security_protocol: it may need SASL, or no SASL`,
    )
  })

  it('gets the token and its extensions', async () => {
    const cluster = await startCluster({ sasl: { users: {} } })
    const token = unsignedToken({ sub: 'kprf', exp: Math.floor(Date.now() / 1_000) + 60 })
    const transport = connect(cluster, {
      sasl: {
        mechanism: 'oauthbearer',
        source: { method: 'static', token },
        extensions: { traceId: 'x' },
      },
    })

    await transport.fetchMetadata([])

    expect(transport.availability).toBe('up')
  })

  /** Tokens from an endpoint on this port. */
  const oidc = (port: number): SaslSettings => ({
    mechanism: 'oauthbearer',
    source: {
      ...{ method: 'oidc', tokenEndpointUrl: `http://127.0.0.1:${port}/token`, scope: '' },
      ...{ clientId: 'kprf', clientSecret: 'canary-secret', subClaimName: 'sub', ca: undefined },
    },
    extensions: {},
  })

  it('is asked again once there is a token, and the log says so', async () => {
    const cluster = await startCluster({ sasl: { users: {} } })
    const exp = Math.floor(Date.now() / 1_000) + 3_600
    const answers = [{}, { access_token: unsignedToken({ sub: 'kprf', exp }) }]
    const endpoint = createServer((_request, response) => {
      response.setHeader('Content-Type', 'application/json')
      response.end(JSON.stringify({ token_type: 'bearer', expires_in: 3_600, ...answers.shift() }))
    })
    await once(endpoint.listen(0, '127.0.0.1'), 'listening')
    closers.push(() => new Promise((resolve) => endpoint.close(resolve)))
    const { port } = endpoint.address() as net.AddressInfo
    const messages: string[] = []
    const clock = new FakeClock()
    const transport = connect(cluster, { sasl: oidc(port) }, clock, (_level, message) => {
      messages.push(message)
    })
    await expect(transport.fetchMetadata([])).rejects.toMatchObject({ errorNumber: -169 })

    await clock.advance(LONGEST_BACKOFF_MS)
    await transport.fetchMetadata([])

    expect(messages.filter((message) => message.includes('token'))).toEqual([
      'cannot get a token for Kafka',
      'got a token for Kafka again',
    ])
    expect(transport.availability).toBe('up')
  })

  it('is not asked while there is no token, and the log says once why', async () => {
    const cluster = await startCluster({ sasl: { users: {} } })
    const { log, lines, text } = securityLog()
    const closed = net.createServer().listen(0, '127.0.0.1')
    await once(closed, 'listening')
    const { port } = closed.address() as net.AddressInfo
    closed.close()
    const events = new RecordingEvents()
    const transport = connect(cluster, { sasl: oidc(port) }, new FakeClock(), log, events)

    await expect(transport.fetchMetadata([])).rejects.toMatchObject({ errorNumber: -169 })
    await expect(transport.fetchMetadata([])).rejects.toMatchObject({ errorNumber: -169 })

    expect(transport.availability).toBe('tokenMissing')
    expect(lines).toMatchObject([{ message: 'cannot get a token for Kafka', retry_in_ms: 23 }])
    expect(cluster.requests).toEqual([])
    expect(events.authenticationFailures).toBe(0)
    expect(text()).not.toContain('canary')
  })

  it('is verified unless kprf is configured not to', async () => {
    const cluster = await startCluster({ tls: createAuthority().issue('localhost') })
    const transport = connect(cluster, { ssl: { rejectUnauthorized: false } }, systemClock)

    const { promise: available, resolve } = Promise.withResolvers<undefined>()
    transport.start({
      onAvailable: () => {
        resolve(undefined)
      },
      onStalled: () => undefined,
    })
    await available

    expect(transport.availability).toBe('up')
  })
})

describe('close', () => {
  it('does not wait for a broker that never answers', async () => {
    const cluster = await startCluster()
    // The clock does not advance.
    const transport = await ready(cluster, {}, new FakeClock())
    cluster.control('Produce', fault.hang())
    const received = cluster.nextRequest('Produce')
    void produce(transport, ['a'], { requestTimeoutMs: 3_600_000 })
    await received

    await transport.close()

    expect(valuesOf(cluster, 't')).toEqual([])
  })

  it('closes every connection', async () => {
    const server = net.createServer()
    const connected = Promise.withResolvers<net.Socket>()
    server.on('connection', (socket) => {
      connected.resolve(socket.on('error', () => undefined).resume())
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closers.push(() => new Promise((resolve) => server.close(resolve)))
    const { port } = server.address() as net.AddressInfo
    const cluster = await startCluster()
    const transport = connect(cluster, { brokers: [`127.0.0.1:${port}`] }, new FakeClock())
    const failed = transport.fetchMetadata(['t']).catch(() => undefined)
    const socket = await connected.promise
    const closed = once(socket, 'close')

    await transport.close()
    await failed
    await closed

    expect(socket.destroyed).toBe(true)
  })
})
