import { describe, expect, it } from 'vitest'
import type { ErrorCode } from '../../src/base/errors.ts'
import { countEvents } from '../../src/telemetry/count-events.ts'
import { Metrics } from '../../src/telemetry/metrics/metrics.ts'
import { MAX_UNDELIVERED_LABELS } from '../../src/telemetry/metrics/topic-labels.ts'
import { admittedAt } from '../support/records.ts'
import { IDLE_STATE } from './metrics/idle-state.ts'
import { parseExposition } from './metrics/parse-exposition.ts'

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
    errors: async (): Promise<Record<string, number>> => {
      const { samples } = parseExposition(await metrics.exposition())
      const errors = samples.filter(({ name }) => name === 'kafka_errors_count')
      return Object.fromEntries(errors.map(({ labels, value }) => [labels['topic'] ?? '', value]))
    },
  }
}

describe('while Kafka is away since the start', () => {
  it('what fails or finds no room is counted under the name of its topic', async () => {
    const { fail, refuse, errors } = makeCounts()

    fail('orders', 'BROKER_UNAVAILABLE')
    fail('orders', 'BROKER_UNAVAILABLE')
    refuse('clicks', 'BUFFER_FULL')

    expect(await errors()).toEqual({ orders: 2, clicks: 1 })
  })

  it('names that Kafka does not have, or that are too many, are counted together', async () => {
    const { fail, refuse, errors } = makeCounts()

    fail('oders', 'TOPIC_UNKNOWN')
    refuse('invented', 'TOO_MANY_UNKNOWN_TOPICS')
    refuse('large', 'RECORD_TOO_LARGE')

    expect(await errors()).toEqual({ other: 3 })
  })

  it('clients that invent names do not keep a topic from its own once it is delivered to', async () => {
    const { fail, deliver, errors } = makeCounts()
    for (let n = 0; n < MAX_UNDELIVERED_LABELS; n += 1) fail(`invented-${n}`, 'BROKER_UNAVAILABLE')

    fail('orders', 'BROKER_UNAVAILABLE')
    deliver('orders')
    fail('orders', 'BROKER_UNAVAILABLE')

    expect(await errors()).toMatchObject({ other: 1, orders: 1 })
  })
})
