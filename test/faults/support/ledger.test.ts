import { describe, expect, it } from 'vitest'
import { Ledger } from './ledger.ts'

/** A ledger with one push of these values that got this reply. */
function ledgerOf(status: number, isSync: boolean, ...values: readonly string[]): Ledger {
  const ledger = new Ledger()
  const push = { records: values.map((data) => ({ topic: 't', data })), wait_for_send: isSync }
  ledger.sent(push)
  ledger.answered(push, { status, body: { status: 'ok', errors: [] } })
  return ledger
}

describe('Ledger', () => {
  it('finds a record lost that was answered ok after delivery and is not stored', () => {
    expect(ledgerOf(200, true, 'a', 'b').judge(['b']).lost).toEqual(['a'])
    expect(ledgerOf(200, false, 'a').judge([]).lost).toEqual([])
    expect(ledgerOf(503, true, 'a').judge([]).lost).toEqual([])
  })

  it('finds a record falsely refused that is stored, unless the reply was that nobody knows', () => {
    expect(ledgerOf(503, true, 'a').judge(['a']).falselyRefused).toEqual(['a'])
    expect(ledgerOf(504, true, 'a').judge(['a']).falselyRefused).toEqual([])
    expect(ledgerOf(200, true, 'a').judge(['a', 'stranger']).falselyRefused).toEqual(['stranger'])
  })

  it('finds each copy beyond the first', () => {
    expect(ledgerOf(200, true, 'a', 'b').judge(['a', 'b', 'a', 'a']).doubled).toEqual(['a', 'a'])
  })

  it('counts what was pushed, answered or not', () => {
    expect(ledgerOf(503, true, 'a', 'b').received).toBe(2)
  })
})
