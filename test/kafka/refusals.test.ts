import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startCluster, type KafkaCluster } from './cluster/cluster.ts'
import { until } from '../support/until.ts'
import { startKprf, type KprfProcess } from '../support/kprf-process.ts'
import type { PushedRecord } from '../support/push.ts'
import { readTopic } from './support/read-topic.ts'
import { textsOf } from './support/records.ts'

const hourMs = 3_600_000
const ok = { status: 'ok', error: '' }

/** An element of `errors` with librdkafka's number and text. */
function failed(number: number, text: string, reason?: string): object {
  const error = `Message production error: ${text}`
  const message = reason === undefined ? error : `${error}: ${reason}`
  return {
    ...{ status: 'error', error, message, error_code: number },
    outcome: 'not_persisted',
  }
}

describe('a record that Kafka does not take', () => {
  let cluster: KafkaCluster
  let kprf: KprfProcess

  beforeAll(async () => {
    cluster = await startCluster({ autoCreate: false })
    kprf = await startKprf(cluster.bootstrap, { 'kafka.message_timeout_ms': 20_000 })
  })

  afterAll(async () => {
    await kprf.destroy()
    await cluster.stop()
  })

  async function push(records: readonly PushedRecord[]): ReturnType<KprfProcess['push']> {
    return kprf.push({ records, wait_for_send: true, return_offsets: true })
  }

  async function valuesOf(topic: string): Promise<readonly string[]> {
    return textsOf(await readTopic(cluster.bootstrap, topic))
  }

  it('because its topic does not exist fails alone, with the texts of librdkafka', async () => {
    await cluster.createTopic('existing', { partitions: 1 })
    const records = [
      { topic: 'existing', data: '0' },
      { topic: 'absent', data: '1' },
      { topic: 'existing', data: '2' },
    ]

    const first = await push(records)
    const second = await push(records)

    expect([first.status, second.status]).toEqual([404, 404])
    expect(first.body.errors).toEqual([
      ok,
      failed(3, 'UnknownTopicOrPartition (Broker: Unknown topic or partition)'),
      ok,
    ])
    expect(second.body.errors).toEqual([
      ok,
      failed(-188, 'UnknownTopic (Local: Unknown topic)'),
      ok,
    ])
    expect(await valuesOf('existing')).toEqual(['0', '2', '0', '2'])
    expect(await cluster.describeTopic('absent')).toEqual([])
  })

  it('because its topic does not exist is reported in log and metrics where nobody waits', async () => {
    const { status } = await kprf.push({ records: [{ topic: 'unheard-of', data: '0' }] })

    const line = await kprf.logged('records not delivered', (l) => l['topic'] === 'unheard-of')
    const metrics = await kprf.metrics()

    expect(status).toBe(200)
    expect(line).toMatchObject({ level: 'error', records: 1, error_code: 3 })
    // Topics that Kafka does not have share one label.
    expect(
      metrics.sum('kafka_errors_count', { topic: 'other', error_code: '3' }),
    ).toBeGreaterThanOrEqual(1)
  })

  it('is taken once its topic is created', async () => {
    const record = { topic: 'created-later', data: '0' }
    const before = await push([record])

    await cluster.createTopic('created-later', { partitions: 1 })
    await until('the topic to be known', 10_000, async () =>
      (await push([record])).status === 200 ? true : undefined,
    )

    expect(before.status).toBe(404)
    expect(await valuesOf('created-later')).toEqual(['0'])
  })

  it('because its topic has no such partition fails alone', async () => {
    await cluster.createTopic('two', { partitions: 2 })

    const { status, body } = await push([
      { topic: 'two', data: '0', partition: 1 },
      { topic: 'two', data: '1', partition: 2 },
      { topic: 'two', data: '2', partition: 1 },
    ])

    expect(status).toBe(404)
    expect(body.errors).toEqual([
      ok,
      failed(-190, 'UnknownPartition (Local: Unknown partition)'),
      ok,
    ])
    expect(await valuesOf('two')).toEqual(['0', '2'])
  })

  it('because it is larger than its topic allows fails alone in its batch', async () => {
    await cluster.createTopic('narrow', { partitions: 1, config: { 'max.message.bytes': '2000' } })
    const tooLarge = [3, 50, 99]
    const records = Array.from({ length: 100 }, (_, index) => ({
      topic: 'narrow',
      data: `${index} ${'x'.repeat(tooLarge.includes(index) ? 2_000 : 30)}`,
    }))

    const { status, body } = await push(records)

    const failure = failed(10, 'MessageSizeTooLarge (Broker: Message size too large)')
    expect(status).toBe(413)
    expect(body.errors).toEqual(
      records.map((_, index) => (tooLarge.includes(index) ? failure : ok)),
    )
    expect(body.offsets?.map((offset) => offset === null)).toEqual(
      records.map((_, index) => tooLarge.includes(index)),
    )
    expect(await valuesOf('narrow')).toEqual(
      records.filter((_, index) => !tooLarge.includes(index)).map(({ data }) => data),
    )
  })

  it('because of its timestamp fails alone in its batch, with the timestamps that Kafka takes', async () => {
    await cluster.createTopic('timely', { partitions: 1 })
    // Kafka 4 takes an hour of the future and no more.
    const timestamp = Date.now() + 2 * hourMs
    const records = Array.from({ length: 20 }, (_, index) => ({
      topic: 'timely',
      data: `${index}`,
      ...(index === 7 && { timestamp }),
    }))

    const { status, body } = await push(records)

    const begin = `Timestamp ${timestamp} of message with offset 7 is out of range. The timestamp should be within [`
    expect([status, body.error_code]).toEqual([422, 42213])
    expect(body.errors.map(({ error }) => error)).toEqual(
      records.map((_, index) =>
        index === 7 ? 'Message production error: InvalidTimestamp (Broker: Invalid timestamp)' : '',
      ),
    )
    expect(body.errors[7]).toMatchObject({ message: expect.stringContaining(begin) })
    expect(await valuesOf('timely')).toEqual(
      records.filter((_, index) => index !== 7).map(({ data }) => data),
    )
  })

  it('because a compacted topic wants a key fails, with Kafka’s reason, and the others of its batch do not', async () => {
    await cluster.createTopic('compacted', {
      partitions: 1,
      config: { 'cleanup.policy': 'compact' },
    })
    const withoutKey = [0, 3, 4, 19]
    const records = Array.from({ length: 20 }, (_, index) => ({
      topic: 'compacted',
      data: `${index}`,
      ...(!withoutKey.includes(index) && { key: 'k' }),
    }))

    const { status, body } = await push(records)

    const failure = failed(
      ...([87, 'InvalidRecord (Broker: Broker failed to validate record)'] as const),
      'Compacted topic cannot accept message without key in topic partition compacted-0',
    )
    expect([status, body.error_code]).toEqual([422, 42213])
    expect(body.errors).toEqual(
      records.map((_, index) => (withoutKey.includes(index) ? failure : ok)),
    )
    expect(await valuesOf('compacted')).toEqual(
      records.filter((_, index) => !withoutKey.includes(index)).map(({ data }) => data),
    )
  })

  it('because Kafka keeps its topic for itself is forbidden, before the topic exists and after', async () => {
    const record = { topic: '__consumer_offsets', data: '0', partition: 0 }
    const before = await push([record])
    // A question about a consumer group makes Kafka create it; the answer may be that it is not ready.
    await cluster.withAdmin((admin) =>
      admin.fetchOffsets({ groupId: 'any', topics: ['compacted'] }).catch(() => undefined),
    )
    const after = await until('the topic to exist', 10_000, async () => {
      const reply = await push([record])
      return reply.body.errors[0]?.error_code === 17 ? reply : undefined
    })

    expect([before.status, before.body.error_code]).toEqual([403, 40301])
    expect([after.status, after.body.error_code]).toEqual([403, 40301])
    expect(after.body.errors).toEqual([
      failed(
        ...([17, 'InvalidTopic (Broker: Invalid topic)'] as const),
        'no client may write to a topic that Kafka keeps for itself',
      ),
    ])
  })
})
