import { describe, expect, it } from 'vitest'
import { refusedError } from '../../src/producer/delivery-errors.ts'
import { RecordColumns } from '../../src/producer/record-columns.ts'
import { logEvents } from '../../src/telemetry/log-events.ts'

describe('the log of records that are not delivered', () => {
  it.each([
    ['has Kafka’s own reason', 'no key', { reason: 'no key' }],
    ['has none if Kafka gives none', undefined, {}],
  ])('%s', (_, reason, expected) => {
    const lines: object[] = []
    const log = logEvents({ limited: (_level, _kind, _message, fields = {}) => lines.push(fields) })
    const error = refusedError(87, reason)
    const failure = { topic: 't', partition: 0, status: 'notPersisted', error } as const

    log({ kind: 'recordsFailed', failure, records: new RecordColumns(), nowMs: 0 })

    expect(lines).toEqual([
      {
        ...{ topic: 't', partition: 0, records: 0, outcome: 'not_persisted', error_code: 87 },
        ...{ error: error.text, ...expected },
      },
    ])
  })
})
