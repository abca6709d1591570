import { describe, expect, it } from 'vitest'
import { Metrics } from '../../../src/telemetry/metrics/metrics.ts'
import { bins } from '../../support/live-sample.ts'
import { admittedAt } from '../../support/records.ts'
import { IDLE_STATE } from './idle-state.ts'

const make = () =>
  new Metrics({ version: '', commitHash: '', bufferedRecords: () => [], state: () => IDLE_STATE })

describe('What the page shows of the metrics', () => {
  it('is nothing before anything happened', () => {
    expect(make().liveCounts()).toEqual({
      pushes: { served: 0, refused: 0, failed: 0 },
      ...{ pushDurations: bins(), deliveryDurations: bins() },
      ...{ rejected: 0, retried: 0, topics: {} },
    })
  })

  it('counts pushes of both modes by their status, and into buckets', () => {
    const metrics = make()
    metrics.observePush('sync', 200, 0.1)
    metrics.observePush('async', 204, 0.7)
    metrics.observePush('sync', 422, 0.1)
    metrics.observePush('sync', 499, 0.1)
    metrics.observePush('async', 503, 99_999)

    const { pushes, pushDurations } = metrics.liveCounts()

    expect(pushes).toEqual({ served: 2, refused: 2, failed: 1 })
    expect(pushDurations).toEqual(bins(0, 0, 0, 1, 16))
  })

  it('counts records by topic, whatever their mode and reason', () => {
    const metrics = make()
    metrics.recordsDelivered('a', admittedAt(1, 1), 2)
    metrics.recordsReceived('sync', [{ topic: 'a' }, { topic: 'a' }])
    metrics.recordsReceived('async', [{ topic: 'a' }, { topic: 'nobody knows' }])
    metrics.producer.recordsFailed('a', 'x', 3)
    metrics.producer.recordsFailed('a', 'y', 4)
    metrics.producer.recordsRejected('buffer_full', 5)
    metrics.countRateLimited('a', 6)
    metrics.producer.recordsRetried('a', 'z', 7, false)

    const { topics, deliveryDurations, rejected, retried } = metrics.liveCounts()

    expect(topics).toEqual({
      a: { received: 3, delivered: 2, failed: 7 },
      other: { received: 1, delivered: 0, failed: 0 },
    })
    expect(deliveryDurations).toEqual(bins(1, 1))
    expect([rejected, retried]).toEqual([11, 7])
  })
})
