import { describe, expect, it } from 'vitest'
import type { ProducerSettings } from '../../../src/producer/settings.ts'
import type {
  PartitionData,
  StatisticsData,
} from '../../../src/producer/statistics/statistics-data.ts'
import { Statistics } from '../../../src/producer/statistics/statistics.ts'
import { summarize } from '../../../src/producer/statistics/window.ts'
import type { ProduceOutcome } from '../../../src/producer/transport.ts'
import { ProducerHarness, record } from '../../support/producer-harness.ts'

const INTERVAL_MS = 1_000

/** A producer whose statistics are collected each second; its one broker is number 1. */
class Fixture {
  readonly harness: ProducerHarness
  readonly statistics: Statistics

  constructor(
    settings: Partial<ProducerSettings> = {},
    topics: Readonly<Record<string, number>> = { t: 4 },
    intervalMs = INTERVAL_MS,
  ) {
    let made: Statistics | undefined
    this.harness = new ProducerHarness(
      { messageTimeoutMs: 60_000, ...settings },
      topics,
      undefined,
      undefined,
      (clock) => {
        made = new Statistics(
          {
            ...{ clientId: 'kprf', brokers: ['fake:9092'], intervalMs, number: 3 },
            ...{ queueBufferingMaxMessages: 100, queueBufferingMaxKbytes: 2 },
          },
          clock,
        )
        return made
      },
    )
    if (!made) throw new Error('the harness asks for statistics')
    this.statistics = made
    const brokers = [{ nodeId: 1, host: 'fake', port: 9092 }]
    made.observe({ kind: 'brokersLearned', brokers })
  }

  /** What is collected at the end of an interval that has just passed. */
  async next(): Promise<StatisticsData> {
    await this.harness.clock.advance(INTERVAL_MS)
    return this.statistics.take()
  }
}

const partitionOf = (data: StatisticsData, partition: number, topic = 't') =>
  data.topics[topic]?.partitions[partition]

const failed: ProduceOutcome = {
  ...{ status: 'failed', errorNumber: -195, wasSent: true, reason: 'test' },
}

describe('Statistics', () => {
  it('have the name of the producer, the client id and the time', async () => {
    const { harness, statistics } = new Fixture()
    await harness.clock.advance(2_500)

    expect(statistics.take()).toMatchObject({
      ...{ name: 'kprf#producer-3', client_id: 'kprf', type: 'producer', replyq: 0 },
      ...{ ts: 2_000_000, time: 1_700_000_002, age: 2_000_000, msg_max: 100, msg_size_max: 2048 },
    })
    expect(statistics.take().eos).toBeUndefined()
  })

  it.each([
    [1, 1_000],
    [1_000, 1_000],
    [1_001, 2_000],
  ])('are collected in whole seconds: of %i ms every %i ms', async (intervalMs, everyMs) => {
    const { harness, statistics } = new Fixture({}, { t: 1 }, intervalMs)

    await harness.clock.advance(everyMs - 1)
    expect(statistics.take().ts).toBe(0)
    await harness.clock.advance(1)

    expect(statistics.take().ts).toBe(everyMs * 1000)
  })

  it('count each acknowledged record once, with the bytes of its batch', async () => {
    const fixture = new Fixture()
    await fixture.harness.send(record('a'), record('bc'), record('d', { partition: 2 }))

    const data = await fixture.next()

    const sizes = fixture.harness.transport.requests.map(({ recordBatch }) => recordBatch.length)
    const [two = 0, one = 0] = sizes
    expect(data).toMatchObject({ txmsgs: 3, txmsg_bytes: two + one, msg_cnt: 0, msg_size: 0 })
    expect(partitionOf(data, 0)).toMatchObject({ txmsgs: 2, txbytes: two, msgs: 2, leader: 1 })
    expect(partitionOf(data, 2)).toMatchObject({ txmsgs: 1, txbytes: one, msgs: 1 })
    expect(partitionOf(data, 1)).toBeUndefined()
    expect(await fixture.next()).toMatchObject({ txmsgs: 3, txmsg_bytes: two + one })
  })

  it('count what is retried once it is acknowledged, and the retry on its broker', async () => {
    const fixture = new Fixture()
    fixture.harness.transport.script.push(failed, failed)
    await fixture.harness.send(record('a'))

    const data = await fixture.next()

    expect(fixture.harness.transport.requests).toHaveLength(3)
    expect(data).toMatchObject({ txmsgs: 1, brokers: { 'fake:9092/1': { txretries: 2 } } })
    expect(data.topics['t']?.batchcnt.cnt).toBe(3)
  })

  it('do not count a record that failed as sent', async () => {
    const fixture = new Fixture({ retries: 0 })
    fixture.harness.transport.script.push({ status: 'refused', errorNumber: 29 })
    await fixture.harness.send(record('a'))

    expect(partitionOf(await fixture.next(), 0)).toMatchObject({ txmsgs: 0, txbytes: 0, msgs: 1 })
  })

  it('describe the batches of the last interval only', async () => {
    const fixture = new Fixture()
    await fixture.harness.send(record('a'), record('b'), record('c', { partition: 1 }))

    const { batchcnt, batchsize } = (await fixture.next()).topics['t'] ?? {}

    const sizes = fixture.harness.transport.requests.map(({ recordBatch }) => recordBatch.length)
    expect(batchcnt && summarize(batchcnt)).toMatchObject({ min: 1, max: 2, cnt: 2, sum: 3 })
    expect(batchsize && summarize(batchsize)).toMatchObject({
      ...{ min: Math.min(...sizes), max: Math.max(...sizes), cnt: 2 },
    })
    expect((await fixture.next()).topics['t']?.batchcnt.cnt).toBe(0)
  })

  it('say how long the oldest record of each batch was in the queue', async () => {
    const fixture = new Fixture({ lingerMs: 10 })
    await fixture.harness.send(record('warm'))
    await fixture.next()
    await fixture.harness.send(record('a'))

    const { brokers } = await fixture.next()

    expect(brokers['fake:9092/1']?.int_latency).toMatchObject({ min: 10_000, cnt: 1 })
  })

  it('show what waits, is in flight, and has no partition yet', async () => {
    const fixture = new Fixture({ lingerMs: 5_000, batchNumMessages: 2 })
    const { harness } = fixture
    await harness.send(record('warm', { partition: 1 }))
    await harness.clock.advance(6_000)
    harness.transport.script.push('hold')
    await harness.send(...['a', 'b', 'c', 'd', 'e'].map((value) => record(value)))
    harness.transport.availability = 'down'
    await harness.send(record('xyz', { topic: 'new', partition: undefined }))

    const data = await fixture.next()

    expect(data).toMatchObject({ msg_cnt: 6, msg_size: 8, metadata_cache_cnt: 2 })
    const { msgq_bytes: openBytes = 0, ...counts } = partitionOf(data, 0) ?? {}
    expect(counts).toMatchObject({ msgq_cnt: 1, xmit_msgq_cnt: 2, msgs_inflight: 2, msgs: 5 })
    expect(openBytes).toBeGreaterThan(60)
    expect(data.brokers['fake:9092/1']).toMatchObject({
      ...{ outbuf_msg_cnt: 0, waitresp_msg_cnt: 2 },
      toppars: { 't-0': { topic: 't', partition: 0 }, 't-1': { topic: 't', partition: 1 } },
    })
    expect(data.topics['new']).toBeUndefined()
  })

  it('distinguish unsent requests from requests that wait for an answer', async () => {
    const fixture = new Fixture()
    fixture.harness.transport.script.push('hold')
    fixture.harness.transport.isSent = false
    await fixture.harness.send(record('a'), record('b'))

    const { brokers } = await fixture.next()

    expect(brokers['fake:9092/1']).toMatchObject({ outbuf_msg_cnt: 2, waitresp_msg_cnt: 0 })
  })

  it('show records of a known topic that have no partition while metadata is asked for', async () => {
    const fixture = new Fixture()
    fixture.harness.transport.availability = 'down'
    await fixture.harness.send(record('abc'))
    await fixture.next()
    fixture.statistics.observe({ kind: 'topicConfirmed', topic: 't' })

    const data = await fixture.next()

    expect(partitionOf(data, -1)).toEqual<PartitionData>({
      ...{ partition: -1, leader: -1, msgq_cnt: 1, msgq_bytes: 3, msgs: 1 },
      ...{ xmit_msgq_cnt: 0, xmit_msgq_bytes: 0, msgs_inflight: 0, txmsgs: 0, txbytes: 0 },
    })
  })

  it('know how old a topic and its metadata are', async () => {
    const fixture = new Fixture({ topicMetadataRefreshIntervalMs: 2_500 })
    await fixture.harness.send(record('a'))
    await fixture.next()
    await fixture.next()

    expect((await fixture.next()).topics['t']).toMatchObject({ age: 3_000, metadata_age: 500 })
  })

  it('forget the topics that the producer forgets, and keep the totals', async () => {
    const fixture = new Fixture({
      topicMetadataRefreshIntervalMs: 1_000,
      metadataMaxAgeMs: 3_000,
    })
    const { harness, statistics } = fixture

    for (let index = 0; index < 200; index += 1) {
      const topic = `topic-${index}`
      harness.transport.setTopic(topic, 2)
      await harness.send(record('a', { topic }))
      await harness.clock.advance(1_000)
    }

    expect(statistics.size).toBeLessThan(10)
    expect((await fixture.next()).txmsgs).toBe(200)
  })

  it('forget the partitions that a topic has no more', async () => {
    const fixture = new Fixture({ topicMetadataRefreshIntervalMs: 1_500 })
    await fixture.harness.send(record('a', { partition: 3 }), record('a', { partition: 0 }))
    expect(Object.keys((await fixture.next()).topics['t']?.partitions ?? {})).toEqual(['0', '3'])
    fixture.harness.transport.setTopic('t', 2)
    await fixture.next()

    expect(Object.keys((await fixture.next()).topics['t']?.partitions ?? {})).toEqual(['0'])
  })

  it('show the identity of an idempotent producer', async () => {
    const fixture = new Fixture({ enableIdempotence: true })
    fixture.harness.transport.availability = 'down'
    expect(fixture.statistics.take().eos).toEqual({
      ...{ idemp_state: 'Init', idemp_stateage: 0, epoch_cnt: 0 },
      ...{ producer_id: -1, producer_epoch: -1 },
    })
    await fixture.harness.send(record('a'))
    fixture.harness.transport.comeBack()

    expect((await fixture.next()).eos).toEqual({
      ...{ idemp_state: 'Assigned', idemp_stateage: 1_000, epoch_cnt: 1 },
      ...{ producer_id: 1, producer_epoch: 0 },
    })
  })

  it('are collected for the last time when they are closed, after the producer', async () => {
    const { harness, statistics } = new Fixture()
    await harness.send(record('a'))
    await harness.clock.advance(20)
    expect(statistics.take().txmsgs).toBe(0)

    await harness.producer.close()
    statistics.close()

    expect(statistics.take().txmsgs).toBe(1)
    expect(harness.clock.timers).toBe(0)
  })
})
