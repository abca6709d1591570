import { register } from 'prom-client'
import { describe, expect, test } from 'vitest'
import { Metrics, type MetricsOptions } from '../../../src/telemetry/metrics/metrics.ts'
import { LABEL_KEPT_MS, MAX_TOPIC_LABELS } from '../../../src/telemetry/metrics/topic-labels.ts'
import type { Records } from '../../../src/producer/record-columns.ts'
import { admittedAt, recordsOwnedBy } from '../../support/records.ts'
import { IDLE_STATE } from './idle-state.ts'
import { type Exposition, parseExposition, valueOf } from './parse-exposition.ts'

const makeMetrics = (options: Partial<MetricsOptions> = {}): Metrics =>
  new Metrics({
    version: '1.2.3',
    commitHash: 'abc',
    bufferedRecords: () => [],
    state: () => IDLE_STATE,
    ...options,
  })

const scrape = async (metrics: Metrics): Promise<Exposition> =>
  parseExposition(await metrics.exposition())

/** `count` records that were admitted at 1000 ms. */
const admitted = (count: number): Records =>
  admittedAt(...Array.from({ length: count }, () => 1000))

const topicsOf = ({ samples }: Exposition, name: string): string[] =>
  samples.filter((sample) => sample.name === name).map((sample) => sample.labels['topic'] ?? '')

describe('Metrics', () => {
  test.each([
    ['http_requests_duration', 'histogram'],
    ['kafka_internal_queue_size', 'gauge'],
    ['kafka_message_send_duration', 'histogram'],
    ['kafka_sent_messages', 'counter'],
    ['kafka_errors_count', 'counter'],
    ['ratelimit_messages_count', 'counter'],
    ['kprf_app_metadata', 'gauge'],
    ['process_cpu_seconds_total', 'counter'],
  ])('declares %s as a %s', async (name, type) => {
    const exposition = await scrape(makeMetrics())

    expect(exposition.types.get(name)).toBe(type)
  })

  test('is served as Prometheus text 0.0.4', () => {
    expect(makeMetrics().contentType).toBe('text/plain; version=0.0.4; charset=utf-8')
  })

  test('leaves the default registry of prom-client alone', () => {
    makeMetrics()

    expect(register.getMetricsAsArray()).toEqual([])
  })

  test('says which version is running', async () => {
    const exposition = await scrape(makeMetrics())

    const labels = { version: '1.2.3', commit_hash: 'abc' }
    expect(valueOf(exposition, 'kprf_app_metadata', labels)).toBe(1)
  })

  test('observes pushes by status and by whether the client waits', async () => {
    const metrics = makeMetrics()

    metrics.observePush('sync', 200, 12)
    metrics.observePush('sync', 200, 30)
    metrics.observePush('async', 200, 1)
    metrics.observePush('async', 503, 100)

    const exposition = await scrape(metrics)
    const count = (code: string, method: string): number | undefined =>
      valueOf(exposition, 'http_requests_duration_count', { code, method })
    expect(count('200', 'push/sync')).toBe(2)
    expect(count('200', 'push/async')).toBe(1)
    expect(count('503', 'push/async')).toBe(1)
    expect(count('503', 'push/sync')).toBeUndefined()
    const sum = { code: '200', method: 'push/sync' }
    expect(valueOf(exposition, 'http_requests_duration_sum', sum)).toBe(42)
  })

  test('counts delivered records and how long each took', async () => {
    const metrics = makeMetrics()

    metrics.recordsDelivered('orders', admittedAt(1000, 1010), 1013)
    metrics.recordsDelivered('orders', admitted(1), 1004)

    const exposition = await scrape(metrics)
    const topic = 'orders'
    const bucket = (le: string): number | undefined =>
      valueOf(exposition, 'kafka_message_send_duration_bucket', { topic, le })
    expect(valueOf(exposition, 'kafka_sent_messages', { topic })).toBe(3)
    expect(valueOf(exposition, 'kafka_message_send_duration_sum', { topic })).toBe(20)
    expect(['5', '10', '20', '+Inf'].map(bucket)).toEqual([2, 2, 3, 3])
  })

  test('observes how long records take from their acceptance on, by whether their client waits', async () => {
    const metrics = makeMetrics()
    const owned = (owner: object): Records =>
      recordsOwnedBy({ deliveryTimeoutMs: 1, ...owner }, 1000, 1000, 1500)

    metrics.recordsDelivered('orders', owned({ isAwaited: true }), 2000)
    metrics.recordsDelivered('orders', owned({}), 2000)
    metrics.recordsDelivered('orders', owned({ acceptedMs: -18_000 }), 2000)

    const exposition = await scrape(metrics)
    const value = (part: string, mode: string): number | undefined =>
      valueOf(exposition, `kprf_delivery_latency_seconds_${part}`, { mode })
    expect([value('count', 'sync'), value('sum', 'sync')]).toEqual([3, 2.5])
    expect([value('count', 'async'), value('sum', 'async')]).toEqual([6, 62.5])
    expect(valueOf(exposition, 'kafka_message_send_duration_sum', { topic: 'orders' })).toBe(7500)
  })

  test('exports the delivered records under two names', async () => {
    const metrics = makeMetrics()

    metrics.recordsDelivered('orders', admitted(2), 1001)

    const exposition = await scrape(metrics)
    for (const name of ['kafka_sent_messages', 'kprf_records_delivered_total']) {
      expect(valueOf(exposition, name, { topic: 'orders' }), name).toBe(2)
    }
  })

  test('counts failed records by the number of librdkafka, and how long each took', async () => {
    const metrics = makeMetrics({ configuredTopics: ['orders'] })

    metrics.recordsFailed('orders', -192, admitted(2), 3000)

    const exposition = await scrape(metrics)
    const topic = 'orders'
    expect(valueOf(exposition, 'kafka_errors_count', { topic, error_code: '-192' })).toBe(2)
    expect(valueOf(exposition, 'kafka_message_send_duration_sum', { topic })).toBe(4000)
    expect(valueOf(exposition, 'kafka_sent_messages', { topic })).toBe(0)
  })

  test('counts refused records without a duration', async () => {
    const metrics = makeMetrics({ configuredTopics: ['orders'] })

    metrics.recordsRefused('orders', -184, 5)

    const exposition = await scrape(metrics)
    const topic = 'orders'
    expect(valueOf(exposition, 'kafka_errors_count', { topic, error_code: '-184' })).toBe(5)
    expect(valueOf(exposition, 'kafka_message_send_duration_count', { topic })).toBe(0)
  })

  test('counts rate-limited records', async () => {
    const metrics = makeMetrics({ configuredTopics: ['orders'] })

    metrics.countRateLimited('orders', 2)
    metrics.countRateLimited('orders', 3)

    const exposition = await scrape(metrics)
    expect(valueOf(exposition, 'ratelimit_messages_count', { topic: 'orders' })).toBe(5)
  })

  test('reads the queue at each scrape', async () => {
    let buffered = new Map([['orders', 7]])
    const metrics = makeMetrics({ bufferedRecords: () => buffered, configuredTopics: ['orders'] })

    const before = await scrape(metrics)
    buffered = new Map()
    const after = await scrape(metrics)

    expect(valueOf(before, 'kafka_internal_queue_size', { topic: 'orders' })).toBe(7)
    expect(valueOf(after, 'kafka_internal_queue_size', { topic: 'orders' })).toBe(0)
  })

  test('writes any topic name in a way that can be read back', async () => {
    const topic = 'a "quoted"\\ topic\nwith a line feed'
    const metrics = makeMetrics()

    metrics.recordsDelivered(topic, admitted(1), 1001)

    expect(valueOf(await scrape(metrics), 'kafka_sent_messages', { topic })).toBe(1)
  })
})

describe('The label topic', () => {
  test('is "other" for a topic that Kafka is not known to have', async () => {
    const metrics = makeMetrics({ bufferedRecords: () => [['typo', 3] as const] })

    metrics.recordsFailed('typo', 3, admitted(1), 1001)
    metrics.recordsRefused('other typo', 3, 1)
    metrics.countRateLimited('typo', 1)

    const exposition = await scrape(metrics)
    const topic = 'other'
    expect(valueOf(exposition, 'kafka_errors_count', { topic, error_code: '3' })).toBe(2)
    expect(valueOf(exposition, 'kafka_message_send_duration_count', { topic })).toBe(1)
    expect(valueOf(exposition, 'kafka_internal_queue_size', { topic })).toBe(3)
    expect(valueOf(exposition, 'ratelimit_messages_count', { topic })).toBe(1)
    expect(JSON.stringify(exposition.samples)).not.toContain('typo"')
  })

  test('sums up the queues of all topics called "other"', async () => {
    const bufferedRecords = () =>
      [
        ['one', 3],
        ['two', 4],
      ] as const
    const metrics = makeMetrics({ bufferedRecords })

    const exposition = await scrape(metrics)

    expect(valueOf(exposition, 'kafka_internal_queue_size', { topic: 'other' })).toBe(7)
  })

  test('is the name of a topic from the first delivery on', async () => {
    const metrics = makeMetrics()

    metrics.recordsFailed('orders', -192, admitted(1), 3000)
    metrics.recordsDelivered('orders', admitted(1), 3000)
    metrics.recordsFailed('orders', -192, admitted(1), 3000)

    const exposition = await scrape(metrics)
    for (const topic of ['orders', 'other']) {
      expect(valueOf(exposition, 'kafka_errors_count', { topic, error_code: '-192' })).toBe(1)
    }
  })

  test('of a topic that makes room goes, and what it counted is counted under "other"', async () => {
    const metrics = makeMetrics({ configuredTopics: ['configured'] })
    const later = 1001 + LABEL_KEPT_MS
    metrics.recordsDelivered('orders', admitted(3), 1001)
    metrics.recordsReceived('sync', [{ topic: 'orders' }, { topic: 'typo' }])
    metrics.recordsFailed('orders', -192, admitted(2), 1001)
    metrics.producer.recordsFailed('orders', 'delivery_timed_out', 2)
    metrics.producer.recordsRetried('orders', 'timed_out', 5, true)
    metrics.countRateLimited('orders', 4)
    const before = await scrape(metrics)

    for (let i = 1; i < MAX_TOPIC_LABELS; i += 1) {
      metrics.recordsDelivered(`topic-${i}`, admitted(1), later)
    }

    const after = await scrape(metrics)
    const names = [
      ...['kafka_sent_messages', 'kafka_errors_count', 'ratelimit_messages_count'],
      ...['kprf_records_received_total', 'kprf_records_failed_total'],
      ...['kprf_possible_duplicates_total', 'kafka_message_send_duration_count'],
      ...['kafka_message_send_duration_sum', 'kafka_message_send_duration_bucket'],
    ]
    const sumOf = ({ samples }: Exposition, name: string, topics: readonly string[]): number =>
      samples
        .filter((sample) => sample.name === name && topics.includes(sample.labels['topic'] ?? ''))
        .reduce((sum, { value }) => sum + value, 0)
    for (const name of names) {
      expect(sumOf(before, name, ['orders']), name).toBeGreaterThan(0)
      expect(topicsOf(after, name), name).not.toContain('orders')
      expect(sumOf(after, name, ['other']), name).toBe(sumOf(before, name, ['orders', 'other']))
    }
    expect(topicsOf(after, 'kafka_sent_messages')).toContain('configured')
    expect(topicsOf(after, 'kafka_internal_queue_size')).not.toContain('orders')
    expect(valueOf(after, 'kprf_topic_labels_reused_total', {})).toBe(1)
  })

  test('has at most so many values, then all further topics share "other"', async () => {
    const metrics = makeMetrics()

    for (let i = 0; i < MAX_TOPIC_LABELS + 50; i += 1) {
      metrics.recordsDelivered(`topic-${i}`, admitted(1), 1001)
    }
    metrics.recordsDelivered('topic-0', admitted(1), 1001)

    const exposition = await scrape(metrics)
    expect(topicsOf(exposition, 'kafka_sent_messages')).toHaveLength(MAX_TOPIC_LABELS + 1)
    expect(valueOf(exposition, 'kafka_sent_messages', { topic: 'topic-0' })).toBe(2)
    expect(valueOf(exposition, 'kafka_sent_messages', { topic: 'other' })).toBe(50)
  })

  test('is the name of every configured topic, however many there are', async () => {
    const configuredTopics = Array.from({ length: MAX_TOPIC_LABELS + 50 }, (_, i) => `topic-${i}`)
    const metrics = makeMetrics({ configuredTopics: [...configuredTopics, 'topic-0'] })

    const exposition = await scrape(metrics)

    expect(topicsOf(exposition, 'kafka_sent_messages')).toEqual(configuredTopics)
  })

  test('is shared by a topic that is itself named "other"', async () => {
    const metrics = makeMetrics()

    metrics.recordsFailed('typo', 3, admitted(1), 1001)
    metrics.recordsDelivered('other', admitted(2), 1001)

    const exposition = await scrape(metrics)
    const topic = 'other'
    expect(valueOf(exposition, 'kafka_sent_messages', { topic })).toBe(2)
    expect(valueOf(exposition, 'kafka_message_send_duration_count', { topic })).toBe(3)
  })
})
