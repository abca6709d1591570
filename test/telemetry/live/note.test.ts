/** What becomes a problem: events of the producer, lines of the transport, the write-ahead log, connections. */
import { Registry } from 'prom-client'
import { describe, expect, it } from 'vitest'
import type { DeliveryError } from '../../../src/producer/types.ts'
import { BrokerWatch } from '../../../src/telemetry/live/broker-watch.ts'
import { noteConnections } from '../../../src/telemetry/live/note-connections.ts'
import { noteEvents } from '../../../src/telemetry/live/note-events.ts'
import { noteTransport } from '../../../src/telemetry/live/note-transport.ts'
import { noteWal } from '../../../src/telemetry/live/note-wal.ts'
import { Problems } from '../../../src/telemetry/live/problems.ts'
import { EdgeMetrics } from '../../../src/telemetry/metrics/edge-metrics.ts'
import { RequestMetrics } from '../../../src/telemetry/metrics/request-metrics.ts'
import type { LogObserver } from '../../../src/wal/log-types.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { admittedAt } from '../../support/records.ts'

const make = () =>
  new Problems(
    (topic) => topic,
    () => 0,
  )

const ERROR: DeliveryError = {
  ...{ number: -184, code: 'BUFFER_FULL' },
  text: 'Message production error: QueueFull (Local: Queue full)',
}

describe('noteEvents', () => {
  it('notes records that were refused, in the words for people', () => {
    const problems = make()

    noteEvents(problems)({ kind: 'recordsRefused', topic: 'a', error: ERROR, count: 3 })

    expect(problems.list()).toMatchObject([
      { code: 'BUFFER_FULL', text: 'Local: Queue full', topics: ['a'], records: 3 },
    ])
    expect(problems.topicFailures()).toMatchObject({ a: { text: 'Local: Queue full' } })
  })

  it('notes records that were not delivered, with what is known beyond the error', () => {
    const problems = make()
    const error = { ...ERROR, detail: 'the record has 9 bytes' }
    const failure = { topic: 'a', partition: 0, status: 'notPersisted', error } as const

    noteEvents(problems)({
      ...{ kind: 'recordsFailed', failure, nowMs: 0 },
      records: admittedAt(1, 1),
    })

    expect(problems.list()).toMatchObject([{ text: 'the record has 9 bytes', records: 2 }])
  })

  it('notes batches that are sent again, which is no failure of their topic', () => {
    const problems = make()

    noteEvents(problems)({
      kind: 'batchRetried',
      retry: {
        ...{ topic: 'a', partition: 0, recordCount: 4, mayBePersisted: false },
        ...{ errorNumber: 6, reason: 'Not leader for partition', backoffMs: 1 },
      },
    })

    expect(problems.list()).toMatchObject([
      { code: 'SENT_AGAIN', text: 'Not leader for partition', records: 4 },
    ])
    expect(problems.topicFailures()).toEqual({})
  })
})

describe('noteTransport', () => {
  const BROKER = 'one:9092'
  const note = () => {
    const problems = make()
    const brokers = new BrokerWatch([BROKER], new FakeClock())
    brokers.observe({ kind: 'connectFailed', broker: BROKER })
    return { problems, brokers, noted: noteTransport(problems, brokers) }
  }

  it('notes a broker that cannot be used, and what to check', () => {
    const { problems, brokers, noted } = note()

    noted('warn', { broker: BROKER, reason: 'connect ECONNREFUSED', check: 'that it runs' })

    expect(problems.list()).toMatchObject([
      {
        code: 'BROKER_CONNECTION',
        text: 'one:9092: connect ECONNREFUSED',
        remedy: 'Check that it runs.',
      },
    ])
    expect(brokers.list()).toMatchObject([{ state: 'down', reason: 'connect ECONNREFUSED' }])
  })

  it('notes a broker that throttles', () => {
    const { problems, noted } = note()

    noted('warn', { broker: BROKER, throttle_ms: 250, check: 'the quotas' })

    expect(problems.list()).toMatchObject([
      { code: 'BROKER_THROTTLES', text: 'one:9092: 250 ms', remedy: 'Check: the quotas.' },
    ])
  })

  it('notes nothing that is no trouble', () => {
    const { problems, noted } = note()

    noted('info', { broker: BROKER, reason: 'connected again' })
    noted('warn', { reason: 'of no broker' })

    expect(problems.list()).toEqual([])
  })
})

describe('noteWal', () => {
  it('notes failures, damage and dead letters, and passes everything on', () => {
    const problems = make()
    const passed: string[] = []
    const next: LogObserver = {
      failed: (operation) => passed.push(operation),
      syncFailed: () => passed.push('syncFailed'),
      replayed: () => passed.push('replayed'),
      damaged: () => passed.push('damaged'),
      buried: () => passed.push('buried'),
      torn: () => passed.push('torn'),
      backlog: () => passed.push('backlog'),
    }
    const observer = noteWal(problems, next)

    observer.failed('write', new Error('ENOSPC'))
    observer.damaged('0001.log', 5, 10, 3)
    observer.buried('a', ERROR)
    observer.torn('0001.log', 5, 10)
    observer.syncFailed()
    observer.replayed(2)

    expect(passed).toEqual(['write', 'damaged', 'buried', 'torn', 'syncFailed', 'replayed'])
    expect(problems.list()).toMatchObject([
      { code: 'LOG_TROUBLE', text: 'write: ENOSPC' },
      { code: 'LOG_DAMAGED', text: '0001.log', records: 3 },
      { code: 'DEAD_LETTER', topics: ['a'], records: 1 },
    ])
  })
})

describe('noteConnections', () => {
  it('notes what clients sent wrong, not that they left, and counts both', async () => {
    const registry = new Registry()
    const problems = make()
    const observer = noteConnections(
      problems,
      new EdgeMetrics(
        registry,
        () => ({ active: 0, idle: 0, replyBytes: 0 }),
        new RequestMetrics(registry),
      ),
    )

    observer.clientFailed('invalid_http')
    observer.clientFailed('aborted')
    observer.connectionDropped('limit')

    expect(problems.list()).toMatchObject([{ code: 'INVALID_HTTP', requests: 1 }])
    const text = await registry.metrics()
    expect(text).toContain('kprf_http_client_errors_total{code="invalid_http"} 1')
    expect(text).toContain('kprf_http_client_errors_total{code="aborted"} 1')
    expect(text).toContain('kprf_http_connections_dropped_total{reason="limit"} 1')
  })
})
