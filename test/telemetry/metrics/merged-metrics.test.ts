import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { describe, expect, test } from 'vitest'
import { MergedMetrics } from '../../../src/telemetry/metrics/merged-metrics.ts'
import { Metrics, type MetricsSnapshot } from '../../../src/telemetry/metrics/metrics.ts'
import { CLOSED_WAL } from '../../../src/wal/write-ahead-log.ts'
import { MAX_TOPIC_LABELS } from '../../../src/telemetry/metrics/topic-labels.ts'
import { admittedAt } from '../../support/records.ts'
import { IDLE_STATE } from './idle-state.ts'
import { type Exposition, parseExposition, valueOf } from './parse-exposition.ts'

async function snapshot(count: number): Promise<MetricsSnapshot> {
  const registers = [new Registry()]
  new Counter({ name: 'records_total', help: 'h', labelNames: ['topic'], registers }).inc(
    { topic: 'orders' },
    count,
  )
  new Gauge({ name: 'queue', help: 'h', registers }).set(count)
  new Histogram({ name: 'took', help: 'h', buckets: [1, 5], registers }).observe(count)
  return await (registers[0] ?? new Registry()).getMetricsAsJSON()
}

const read = async (merged: MergedMetrics, running: MetricsSnapshot[]): Promise<Exposition> =>
  parseExposition(await merged.merge(running))

describe('MergedMetrics', () => {
  test('adds counters, gauges and histograms of the processes that run', async () => {
    const exposition = await read(new MergedMetrics(), [await snapshot(2), await snapshot(3)])

    expect(valueOf(exposition, 'records_total', { topic: 'orders' })).toBe(5)
    expect(valueOf(exposition, 'queue')).toBe(5)
    expect(valueOf(exposition, 'took_bucket', { le: '5' })).toBe(2)
    expect(valueOf(exposition, 'took_sum')).toBe(5)
  })

  test('takes the largest lag and the largest number of brokers, and says each fact once', async () => {
    const snapshots = await Promise.all(
      [1, 2].map(async (brokers) => {
        const metrics = new Metrics({
          ...{ version: '1', commitHash: 'a', bufferedRecords: () => [] },
          state: () => ({ ...IDLE_STATE, queueOldestAgeMs: brokers * 1000 }),
          wal: () => ({ ...CLOSED_WAL, condition: brokers === 1 ? 'full' : 'accepting' }),
        })
        metrics.producer.brokersConnected(brokers)
        const taken = await metrics.take()
        const lag = taken.find(({ name }) => name === 'nodejs_eventloop_lag_p99_seconds')
        if (lag?.values[0]) lag.values[0].value = brokers
        return taken
      }),
    )

    const exposition = await read(new MergedMetrics(), snapshots)

    const build = { version: '1', commit: 'a', node: process.versions.node }
    expect(valueOf(exposition, 'nodejs_eventloop_lag_p99_seconds')).toBe(2)
    expect(valueOf(exposition, 'kprf_kafka_brokers_connected')).toBe(2)
    expect(valueOf(exposition, 'kprf_queue_oldest_age_seconds')).toBe(2)
    expect(valueOf(exposition, 'kprf_build_info', build)).toBe(1)
    for (const state of ['full', 'accepting']) {
      expect(valueOf(exposition, 'kprf_wal_state', { state }), state).toBe(1)
    }
    expect(valueOf(exposition, 'kprf_wal_state', { state: 'failed' })).toBe(0)
  })

  test('keeps the counts of processes that are gone, but not their gauges', async () => {
    const merged = new MergedMetrics()
    const [first, second] = [await snapshot(2), await snapshot(4)]
    merged.keep(first)
    merged.keep(second)

    const exposition = await read(merged, [await snapshot(3)])

    expect(valueOf(exposition, 'records_total', { topic: 'orders' })).toBe(9)
    expect(valueOf(exposition, 'took_count')).toBe(3)
    expect(valueOf(exposition, 'queue')).toBe(3)
  })

  test('keeps the topics of the past to as many as one process has, and every sum', async () => {
    const merged = new MergedMetrics()
    const processes = 5
    for (let process = 0; process < processes; process += 1) {
      const metrics = new Metrics({
        ...{ version: '1', commitHash: 'a', bufferedRecords: () => [], state: () => IDLE_STATE },
        configuredTopics: ['configured'],
      })
      metrics.recordsDelivered('configured', admittedAt(0), 1)
      for (let n = 0; n < 150; n += 1) {
        metrics.recordsDelivered(`topic-${process}-${n}`, admittedAt(0), 2)
      }
      merged.keep(await metrics.take())
    }

    const { samples } = await read(merged, [])

    const total = processes * 151
    for (const name of ['kafka_sent_messages', 'kafka_message_send_duration_count']) {
      const series = samples.filter((sample) => sample.name === name)
      expect(series.length).toBeLessThanOrEqual(MAX_TOPIC_LABELS + 1)
      expect(series.reduce((sum, { value }) => sum + value, 0)).toBe(total)
    }
    expect(
      valueOf({ samples, types: new Map() }, 'kafka_sent_messages', { topic: 'configured' }),
    ).toBe(processes)
  })

  test('merges all metrics of kprf into those of one process', async () => {
    const snapshots = await Promise.all(
      [1, 2].map(async (retries) => {
        const metrics = new Metrics({
          ...{ version: '1', commitHash: 'a', bufferedRecords: () => [] },
          state: () => ({ ...IDLE_STATE, isKafkaUp: retries === 1, queueLimitBytes: 1024 }),
        })
        metrics.recordsReceived('sync', [{ topic: 'orders' }])
        metrics.observePush('sync', 200, retries)
        return metrics.take()
      }),
    )

    const exposition = await read(new MergedMetrics(), snapshots)

    const received = { topic: 'other', mode: 'sync' }
    const pushed = { code: '200', method: 'push/sync' }
    expect(valueOf(exposition, 'kprf_records_received_total', received)).toBe(2)
    expect(valueOf(exposition, 'http_requests_duration_count', pushed)).toBe(2)
    expect(valueOf(exposition, 'kprf_kafka_up')).toBe(0)
    expect(valueOf(exposition, 'kprf_queue_limit_bytes')).toBe(1024)
    expect(valueOf(exposition, 'kprf_app_metadata', { version: '1', commit_hash: 'a' })).toBe(1)
  })
})
