/** Rows P13 and P15: Kafka refuses records for something that their sender can correct. */
import { describe, expect } from 'vitest'
import { valuesOf } from '../support/kafkajs-harness.ts'
import { failure, it, OK, record } from './support/fault-test.ts'
import { balanced } from './support/figures.ts'
import { producingUpTo } from './support/old-broker.ts'

const HOUR_MS = 3_600_000
const INTERNAL = '__consumer_offsets'

const topics = {
  t: { partitions: 1 },
  compacted: { partitions: 1, configs: { 'cleanup.policy': 'compact' } },
}

describe('records that break a rule of their topic', () => {
  it('P13 without a key, for a compacted topic: 422 with Kafka’s reason; those that shared its batch are delivered by one more request', async ({
    lab,
  }) => {
    const { cluster, proxy } = await lab.setup({ topics })
    const inTopic = { topic: 'compacted', partition: 0 }
    const reason =
      'Compacted topic cannot accept message without key in topic partition compacted-0'

    const reply = await proxy.push(
      record('a', { ...inTopic, key: 'k' }),
      record('no key', inTopic),
      record('b', { ...inTopic, key: 'k' }),
      record('no key either', inTopic),
    )

    expect(reply).toMatchObject(failure(422, 42213, 0, 87, 0, 87))
    expect(reply.body.message).toBe(
      `records[1]: Message production error: InvalidRecord (Broker: Broker failed to validate record): ${reason}`,
    )
    expect(reply.retryAfter).toBeUndefined()
    expect(valuesOf(cluster, 'compacted')).toEqual(['a', 'b'])
    expect(cluster.requests.filter(({ api }) => api === 'Produce')).toHaveLength(2)
    await proxy.logged({ msg: 'records not delivered', error_code: 87, records: 2 })
    expect(await proxy.figures()).toMatchObject({
      kafka_sent_messages: 2,
      kafka_errors_count: { '87': 2 },
    })
    expect(await proxy.signs('kprf_batch_splits_total', 'kprf_records_failed_total')).toEqual({
      kprf_batch_splits_total: 1,
      'kprf_records_failed_total{reason="record_rejected"}': 2,
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 2, failed: 2 }))
  })

  it('P13 too far ahead: 422 with the timestamps that Kafka takes', async ({ lab }) => {
    const { cluster, proxy } = await lab.setup({ topics })
    const timestamp = Date.now() + 2 * HOUR_MS

    const reply = await proxy.push(record('a'), record('ahead', { timestamp, partition: 0 }))

    expect(reply).toMatchObject(failure(422, 42213, 0, 32))
    expect(reply.body.message).toContain(`Timestamp ${timestamp} of message with offset 1 is out`)
    expect(valuesOf(cluster, 't')).toEqual(['a'])
    await proxy.logged({ msg: 'records not delivered', error_code: 32, records: 1 })
    expect(await proxy.figures()).toMatchObject({ kafka_errors_count: { '32': 1 } })
    expect(await proxy.signs('kprf_records_failed_total')).toEqual({
      'kprf_records_failed_total{reason="record_rejected"}': 1,
    })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 1, failed: 1 }))
  })

  it('P13 without a key, to a broker that names no record (Produce before 8): 422, and the others are delivered', async ({
    lab,
  }) => {
    const cluster = await lab.cluster({ topics })
    cluster.control('ApiVersions', producingUpTo(7), { keep: true })
    const proxy = await lab.proxy(cluster)
    const inTopic = { topic: 'compacted', partition: 0 }

    const reply = await proxy.push(
      record('a', { ...inTopic, key: 'k' }),
      record('no key', inTopic),
      record('b', { ...inTopic, key: 'k' }),
    )

    expect(reply).toMatchObject(failure(422, 42213, 0, 87, 0))
    expect(valuesOf(cluster, 'compacted')).toEqual(['a', 'b'])
    await proxy.logged({ msg: 'records not delivered', error_code: 87, records: 1 })
    expect(await proxy.balance()).toEqual(balanced({ delivered: 2, failed: 1 }))
  })
})

describe('the topics of Kafka itself', () => {
  it.for([
    ['exists', { [INTERNAL]: { partitions: 1 } }, 17],
    ['does not exist', {}, 29],
  ] as const)(
    'P15 __consumer_offsets %s: 403, also when it is asked for again',
    async ([, internal, number], { lab }) => {
      const { cluster, proxy } = await lab.setup({ topics: { ...topics, ...internal } })
      const push = (value: string) =>
        proxy.push(record(`to ${value}`, { topic: INTERNAL, partition: 0 }), record(value))

      expect(await push('a')).toMatchObject(failure(403, 40301, number, 0))
      expect(await push('b')).toMatchObject(failure(403, 40301, number, 0))
      expect(cluster.topicNames().includes(INTERNAL)).toBe(number === 17)
      expect(await proxy.push(record('c'))).toMatchObject(OK)
      await proxy.logged({ msg: 'records not delivered', error_code: number, topic: INTERNAL })
    },
  )
})
