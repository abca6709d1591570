import { describe, expect, test } from 'vitest'
import type { KprfState } from '../../../src/telemetry/metrics/state-gauges.ts'
import { Metrics } from '../../../src/telemetry/metrics/metrics.ts'
import { admittedAt } from '../../support/records.ts'
import { IDLE_STATE } from './idle-state.ts'
import { type Exposition, parseExposition, valueOf } from './parse-exposition.ts'

function makeMetrics(state: () => KprfState = () => IDLE_STATE): Metrics {
  const configuredTopics = ['orders']
  return new Metrics({
    ...{ version: '1', commitHash: 'a', bufferedRecords: () => [], state, configuredTopics },
  })
}

async function scrape(metrics: Metrics): Promise<Exposition> {
  return parseExposition(await metrics.exposition())
}

describe('ProducerMetrics', () => {
  test('counts received records by topic and by whether the client waits', async () => {
    const metrics = makeMetrics()

    metrics.recordsReceived('sync', [{ topic: 'orders' }, { topic: 'orders' }, { topic: 'typo' }])
    metrics.recordsReceived('async', [{ topic: 'orders' }])

    const exposition = await scrape(metrics)
    const received = (topic: string, mode: string): number | undefined =>
      valueOf(exposition, 'kprf_records_received_total', { topic, mode })
    expect(received('orders', 'sync')).toBe(2)
    expect(received('orders', 'async')).toBe(1)
    expect(received('other', 'sync')).toBe(1)
  })

  test('counts a topic under its own name once something was delivered to it', async () => {
    const metrics = makeMetrics()

    metrics.recordsReceived('sync', [{ topic: 'visits' }])
    metrics.recordsDelivered('visits', admittedAt(0), 1)
    metrics.recordsReceived('sync', [{ topic: 'visits' }])

    const exposition = await scrape(metrics)
    for (const topic of ['other', 'visits']) {
      expect(valueOf(exposition, 'kprf_records_received_total', { topic, mode: 'sync' })).toBe(1)
    }
  })

  test('counts an invalid record as received, whatever its topic is, and as rejected', async () => {
    const metrics = makeMetrics()

    metrics.recordsInvalid('async', ['INVALID_TOPIC', 'INVALID_RECORD', 'INVALID_TOPIC'])

    const exposition = await scrape(metrics)
    const rejected = (reason: string): number | undefined =>
      valueOf(exposition, 'kprf_records_rejected_total', { reason })
    const received = { topic: 'other', mode: 'async' }
    expect(valueOf(exposition, 'kprf_records_received_total', received)).toBe(3)
    expect(rejected('invalid_topic')).toBe(2)
    expect(rejected('invalid_record')).toBe(1)
  })

  test('counts what failed and what was refused by the reason', async () => {
    const metrics = makeMetrics()

    metrics.producer.recordsFailed('orders', 'delivery_timed_out', 3)
    metrics.producer.recordsRejected('buffer_full', 2)
    metrics.countRateLimited('orders', 4)

    const exposition = await scrape(metrics)
    const failed = { topic: 'orders', reason: 'delivery_timed_out' }
    const rejected = (reason: string): number | undefined =>
      valueOf(exposition, 'kprf_records_rejected_total', { reason })
    expect(valueOf(exposition, 'kprf_records_failed_total', failed)).toBe(3)
    expect(rejected('buffer_full')).toBe(2)
    expect(rejected('rate_limited')).toBe(4)
  })

  test('counts what is tried again, and what may therefore be there twice', async () => {
    const metrics = makeMetrics()

    metrics.producer.produceFailed('not_enough_replicas')
    metrics.producer.recordsRetried('orders', 'not_enough_replicas', 5, false)
    metrics.producer.recordsRetried('orders', 'broker_transport_failure', 7, true)

    const exposition = await scrape(metrics)
    const of = (name: string, labels: Record<string, string>): number | undefined =>
      valueOf(exposition, name, labels)
    expect(of('kprf_produce_errors_total', { reason: 'not_enough_replicas' })).toBe(1)
    expect(of('kprf_produce_retries_total', { reason: 'not_enough_replicas' })).toBe(5)
    expect(of('kprf_produce_retries_total', { reason: 'broker_transport_failure' })).toBe(7)
    expect(of('kprf_possible_duplicates_total', { topic: 'orders' })).toBe(7)
  })

  test.each([
    [
      'kprf_batch_splits_total',
      ({ producer }: Metrics) => {
        producer.batchSplit()
      },
      1,
    ],
    [
      'kprf_producer_recycles_total',
      ({ producer }: Metrics) => {
        producer.producerRecycled()
      },
      1,
    ],
    [
      'kprf_kafka_connect_failures_total',
      ({ producer }: Metrics) => {
        producer.connectFailed()
      },
      1,
    ],
    [
      'kprf_kafka_auth_failures_total',
      ({ producer }: Metrics) => {
        producer.authenticationFailed()
      },
      1,
    ],
    [
      'kprf_kafka_metadata_refresh_total',
      ({ producer }: Metrics) => {
        producer.metadataAnswered()
      },
      1,
    ],
    [
      'kprf_kafka_throttle_seconds_total',
      ({ producer }: Metrics) => {
        producer.throttled(250)
      },
      0.25,
    ],
  ] as const)('has %s from the start, and counts it', async (name, count, value) => {
    const metrics = makeMetrics()

    const before = valueOf(await scrape(metrics), name, {})
    count(metrics)

    expect(before).toBe(0)
    expect(valueOf(await scrape(metrics), name, {})).toBe(value)
  })

  test('counts lost connections by the reason, each from 0', async () => {
    const metrics = makeMetrics()

    metrics.producer.connectionLost('timeout')

    const exposition = await scrape(metrics)
    const lost = (reason: string): number | undefined =>
      valueOf(exposition, 'kprf_kafka_connections_lost_total', { reason })
    expect(['timeout', 'reset', 'closed', 'malformed'].map(lost)).toEqual([1, 0, 0, 0])
  })

  test('observes how long each broker takes, in seconds', async () => {
    const metrics = makeMetrics()

    metrics.producer.produceAnswered('a:9092', 30)
    metrics.producer.produceAnswered('a:9092', 60)

    const exposition = await scrape(metrics)
    const bucket = (le: string): number | undefined =>
      valueOf(exposition, 'kprf_kafka_request_duration_seconds_bucket', { broker: 'a:9092', le })
    expect(['0.025', '0.05', '0.075', '+Inf'].map(bucket)).toEqual([0, 1, 2, 2])
  })

  test('observes the batches that are delivered, sent and compressed', async () => {
    const metrics = makeMetrics()

    metrics.producer.batchDelivered(10)
    metrics.producer.batchSent(1_025)
    metrics.producer.batchCompressed(1_000, 1_000)
    metrics.producer.batchCompressed(1_000, 250)

    const exposition = await scrape(metrics)
    const buckets = (name: string, ...bounds: string[]): unknown[] =>
      bounds.map((le) => valueOf(exposition, `${name}_bucket`, { le }))
    expect(buckets('kprf_batch_records', '3', '10')).toEqual([0, 1])
    expect(buckets('kprf_batch_bytes', '1024', '4096')).toEqual([0, 1])
    expect(buckets('kprf_compression_ratio', '1', '3', '5')).toEqual([1, 1, 2])
  })

  test('reads the state at each scrape', async () => {
    let state = IDLE_STATE
    const metrics = makeMetrics(() => state)

    const before = await scrape(metrics)
    state = {
      isKafkaUp: true,
      metadataAgeMs: 1_500,
      queueRecords: 7,
      queueBytes: 700,
      queueLimitRecords: 50,
      queueLimitBytes: 4_096,
      queueMemoryBytes: 5_000,
      queueMemoryLimitBytes: 8_192,
      queueOldestAgeMs: 250,
      bodyBytes: 9_000,
      bodyLimitBytes: 10_000,
      unknownTopics: 12,
    }
    const after = await scrape(metrics)

    const values = (exposition: Exposition): unknown[] =>
      [
        'kprf_kafka_up',
        'kprf_kafka_metadata_age_seconds',
        'kprf_queue_records',
        'kprf_queue_bytes',
        'kprf_queue_limit_records',
        'kprf_queue_limit_bytes',
        'kprf_queue_memory_bytes',
        'kprf_queue_memory_limit_bytes',
        'kprf_queue_oldest_age_seconds',
        'kprf_http_body_bytes',
        'kprf_http_body_limit_bytes',
        'kprf_kafka_unknown_topics',
      ].map((name) => valueOf(exposition, name, {}))
    expect(values(before)).toEqual([0, NaN, 0, 0, 100, 1_024, 0, 4_096, 0, 0, 2_048, 0])
    expect(values(after)).toEqual([1, 1.5, 7, 700, 50, 4_096, 5_000, 8_192, 0.25, 9_000, 10_000, 12])
  })
})
