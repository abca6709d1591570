import { describe, expect, it } from 'vitest'
import type { ErrorCode } from '../../src/base/errors.ts'
import { countEvents } from '../../src/telemetry/count-events.ts'
import { Metrics } from '../../src/telemetry/metrics/metrics.ts'
import { MAX_UNDELIVERED_LABELS } from '../../src/telemetry/metrics/topic-labels.ts'
import { Batch } from '../../src/producer/batch.ts'
import { ChunkPool } from '../../src/producer/chunk-pool.ts'
import { measure } from '../../src/producer/record-batch.ts'
import { PartitionQueue, TopicQueue } from '../../src/producer/topic-queue.ts'
import { DEFAULT_LIMITS, DEFAULT_SETTINGS } from '../support/default-settings.ts'
import { record } from '../support/producer-harness.ts'
import { silentOwner } from '../support/send-all.ts'
import { admittedAt } from '../support/records.ts'
import { IDLE_STATE } from './metrics/idle-state.ts'
import { parseExposition, valueOf } from './metrics/parse-exposition.ts'

function makeCounts() {
  const metrics = new Metrics({
    ...{ version: '1', commitHash: 'a', bufferedRecords: () => [], state: () => IDLE_STATE },
  })
  const count = countEvents(metrics)
  return {
    fail: (topic: string, code: ErrorCode) => {
      const error = { number: -192, text: '', code }
      const failure = { topic, partition: undefined, status: 'notPersisted', error } as const
      count({ kind: 'recordsFailed', failure, records: admittedAt(0), nowMs: 1 })
    },
    refuse: (topic: string, code: ErrorCode) => {
      const error = { number: -192, text: '', code }
      count({ kind: 'recordsRefused', topic, error, count: 1 })
    },
    deliver: (topic: string) => {
      const records = admittedAt(0)
      count({ kind: 'recordsDelivered', topic, partition: 0, records, nowMs: 1 })
    },
    retry: (topic: string, mayBePersisted: boolean) => {
      const details = { partition: 0, recordCount: 3, errorNumber: -195, reason: '', backoffMs: 1 }
      count({ kind: 'batchRetried', retry: { topic, mayBePersisted, ...details } })
    },
    count,
    value: async (name: string): Promise<number | undefined> =>
      valueOf(parseExposition(await metrics.exposition()), name),
    byTopic: async (metric: string): Promise<Record<string, number>> => {
      const { samples } = parseExposition(await metrics.exposition())
      const ofMetric = samples.filter(({ name }) => name === metric)
      return Object.fromEntries(ofMetric.map(({ labels, value }) => [labels['topic'] ?? '', value]))
    },
  }
}

describe('a batch', () => {
  it('has waited in the queue when it is first sent, and not when it is sent again', async () => {
    const { count, value } = makeCounts()
    const settings = { ...DEFAULT_SETTINGS, ...DEFAULT_LIMITS }
    const pool = new ChunkPool()
    const topic = new TopicQueue('t', { settings, random: () => 0, pool })
    const queue = new PartitionQueue(topic, 0, settings)
    const batch = new Batch(0, pool)
    const sized = { record: record('a'), sizes: measure(record('a')), valueBytes: 1 }
    const rest = { timestampMs: 0, owner: silentOwner(), index: 0, isPinned: false }
    batch.append({ ...sized, ...rest, admittedMs: 1_000 })

    count({ kind: 'requestSending', brokerId: 1, nowMs: 1_250, batches: [{ queue, batch }] })
    batch.attempts = 1
    count({ kind: 'requestSending', brokerId: 1, nowMs: 9_000, batches: [{ queue, batch }] })

    expect(await value('kprf_queue_wait_seconds_count')).toBe(1)
    expect(await value('kprf_queue_wait_seconds_sum')).toBe(0.25)
  })
})

describe('records that are sent again although Kafka may have them', () => {
  it('are counted under the name of their topic, also before the first delivery to it', async () => {
    const { retry, deliver, byTopic } = makeCounts()

    retry('orders', true)
    deliver('orders')
    retry('orders', true)

    expect(await byTopic('kprf_possible_duplicates_total')).toEqual({ orders: 6 })
  })
})

describe('while Kafka is away since the start', () => {
  it('what fails or finds no room is counted under the name of its topic', async () => {
    const { fail, refuse, byTopic } = makeCounts()

    fail('orders', 'BROKER_UNAVAILABLE')
    fail('orders', 'BROKER_UNAVAILABLE')
    refuse('clicks', 'BUFFER_FULL')

    expect(await byTopic('kafka_errors_count')).toEqual({ orders: 2, clicks: 1 })
  })

  it('names that Kafka does not have, or that are too many, are counted together', async () => {
    const { fail, refuse, byTopic } = makeCounts()

    fail('oders', 'TOPIC_UNKNOWN')
    refuse('invented', 'TOO_MANY_UNKNOWN_TOPICS')
    refuse('large', 'RECORD_TOO_LARGE')

    expect(await byTopic('kafka_errors_count')).toEqual({ other: 3 })
  })

  it('clients that invent names do not keep a topic from its own once it is delivered to', async () => {
    const { fail, deliver, byTopic } = makeCounts()
    for (let n = 0; n < MAX_UNDELIVERED_LABELS; n += 1) fail(`invented-${n}`, 'BROKER_UNAVAILABLE')

    fail('orders', 'BROKER_UNAVAILABLE')
    deliver('orders')
    fail('orders', 'BROKER_UNAVAILABLE')

    expect(await byTopic('kafka_errors_count')).toMatchObject({ other: 1, orders: 1 })
  })
})
