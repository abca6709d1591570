import { describe, expect, test } from 'vitest'
import { Ledger, type Entry } from './ledger.ts'
import { FakeClock } from '../support/fake-clock.ts'
import type { RecordOutcome } from '../support/push.ts'

type Fate = 'persisted' | 'notPersisted' | 'possiblyPersisted' | 'refused'

const REPORTS = {
  persisted: { status: 'persisted', topic: 't', partition: 0, offset: 0n, timestampMs: 0 },
  notPersisted: { status: 'notPersisted', error: errorOf(19) },
  possiblyPersisted: { status: 'possiblyPersisted', error: errorOf(-192) },
} as const

const OK: RecordOutcome = { status: 'ok', error: '' }

function errorOf(number: number) {
  return { number, text: '', code: 'BROKER_UNAVAILABLE' } as const
}

function failed(error_code: number, outcome: 'not_persisted' | 'unknown'): RecordOutcome {
  return { status: 'error', error: '', error_code, outcome }
}

/** The violations for a push with these delivery reports and these answers. */
function violationsOf(
  status: number,
  fates: readonly Fate[],
  errors: readonly RecordOutcome[],
): readonly string[] {
  const ledger = new Ledger(new FakeClock())
  const record = { ...{ topic: 't', partition: 0, key: null, value: null, headers: [] } }
  const entries: Entry[] = fates.map((fate) => {
    const entry = ledger.enter('c', { ...record, timestampMs: undefined }, false)
    if (fate !== 'refused') ledger.report(entry, REPORTS[fate], false)
    return entry
  })
  const push = { records: entries.map(() => ({ topic: 't', data: null })), wait_for_send: true }
  ledger.answer(entries, push, { status, body: { status: 'error', errors: [...errors] } })
  return ledger.violations
}

describe('A push whose records end in different ways', () => {
  const fates = ['persisted', 'notPersisted', 'possiblyPersisted', 'refused'] as const

  test('is judged well when each element says what became of its record', () => {
    const errors = [
      OK,
      failed(19, 'not_persisted'),
      failed(-192, 'unknown'),
      failed(-184, 'not_persisted'),
    ]

    expect(violationsOf(504, fates, errors)).toEqual([])
  })

  test.each([
    ['ok for one that is not delivered', 1, OK, 'answered as persisted, but notPersisted: c.1'],
    [
      'an error for one that is',
      0,
      failed(19, 'not_persisted'),
      'answered 19, but persisted undefined: c.0',
    ],
    [
      'a certain failure for one in doubt',
      2,
      failed(-192, 'not_persisted'),
      'answered not_persisted, but possiblyPersisted: c.2',
    ],
    [
      'doubt of one that is not stored',
      1,
      failed(19, 'unknown'),
      'answered unknown, but notPersisted: c.1',
    ],
    [
      'the error of another record',
      2,
      failed(19, 'unknown'),
      'answered 19, but possiblyPersisted -192: c.2',
    ],
    [
      'doubt of one that was never taken',
      3,
      failed(-184, 'unknown'),
      'answered unknown, but it was never taken: c.3',
    ],
  ])('is judged by each of them: %s', (_, index, wrong, violation) => {
    const errors = [
      OK,
      failed(19, 'not_persisted'),
      failed(-192, 'unknown'),
      failed(-184, 'not_persisted'),
    ]

    expect(violationsOf(504, fates, errors.with(index, wrong))).toContain(violation)
  })

  test('is 504 when one of them is in doubt', () => {
    const errors = [OK, failed(-192, 'unknown')]

    expect(violationsOf(503, ['persisted', 'possiblyPersisted'], errors)).toEqual([
      'answered 503, but Kafka may have it: c.1',
    ])
  })
})
