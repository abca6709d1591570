import { describe, expect, it } from 'vitest'
import { Ledger } from './ledger.ts'

type Outcome = 'ok' | 'not_persisted' | 'unknown'

/** A ledger with one push of these values that got this reply. */
function ledgerOf(
  status: number,
  isSync: boolean,
  values: Readonly<Record<string, Outcome>>,
): Ledger {
  const ledger = new Ledger()
  const records = Object.keys(values).map((data) => ({ topic: 't', data }))
  const errors = Object.values(values).map((outcome) =>
    outcome === 'ok'
      ? ({ status: 'ok', error: '' } as const)
      : ({ status: 'error', error: 'text', error_code: 1, outcome } as const),
  )
  const push = { records, wait_for_send: isSync }
  ledger.sent(push)
  ledger.answered(push, { status, body: { status: 'error', errors: status === 200 ? [] : errors } })
  return ledger
}

describe('Ledger', () => {
  it('finds a record lost that was answered ok after delivery and is not stored', () => {
    expect(ledgerOf(200, true, { a: 'ok', b: 'ok' }).judge(['b']).lost).toEqual(['a'])
    expect(ledgerOf(200, false, { a: 'ok' }).judge([]).lost).toEqual([])
    expect(ledgerOf(503, true, { a: 'not_persisted' }).judge([]).lost).toEqual([])
  })

  it('finds a record falsely refused that is stored, unless its outcome was unknown', () => {
    const judged = ledgerOf(504, true, { a: 'not_persisted', b: 'unknown' }).judge(['a', 'b'])

    expect(judged.falselyRefused).toEqual(['a'])
    expect(ledgerOf(200, true, { a: 'ok' }).judge(['a', 'stranger']).falselyRefused).toEqual([
      'stranger',
    ])
  })

  it('refuses a reply with an unknown outcome whose status is not 504', () => {
    expect(() => ledgerOf(503, true, { a: 'not_persisted', b: 'unknown' })).toThrow(
      'answered 503, and nobody knows: b',
    )
  })

  it('finds each copy beyond the first', () => {
    const ledger = ledgerOf(200, true, { a: 'ok', b: 'ok' })

    expect(ledger.judge(['a', 'b', 'a', 'a']).doubled).toEqual(['a', 'a'])
  })

  it('counts what was pushed, answered or not', () => {
    expect(ledgerOf(503, true, { a: 'not_persisted', b: 'not_persisted' }).received).toBe(2)
  })
})
