import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RecordColumns, type PendingRecord } from '../../src/producer/record-columns.ts'
import { recordsOf } from '../support/records.ts'

const listener = (): void => undefined

const anyPending: fc.Arbitrary<PendingRecord> = fc
  .record({
    admittedMs: fc.double({ min: 0, max: 1e9, noNaN: true }),
    timestampMs: fc.integer({ min: 0, max: 4_000_000_000_000 }),
    valueBytes: fc.nat(1_000_000),
    listener: fc.constantFrom(undefined, listener),
    index: fc.nat(10_000),
  })
  // Without a listener nobody asks for the position in the request.
  .map((pending) => (pending.listener ? pending : { ...pending, index: 0 }))

function shown(records: readonly PendingRecord[]): Omit<PendingRecord, 'valueBytes'>[] {
  return records.map(({ admittedMs, timestampMs, listener, index }) => ({
    admittedMs,
    timestampMs,
    listener,
    index,
  }))
}

describe('RecordColumns', () => {
  test('give back what was pushed, in order', () => {
    fc.assert(
      fc.property(fc.array(anyPending, { maxLength: 40 }), (pending) => {
        const columns = RecordColumns.of(pending)

        expect(recordsOf(columns)).toEqual(shown(pending))
        expect(columns.valueBytes).toBe(
          pending.reduce((sum, { valueBytes }) => sum + valueBytes, 0),
        )
      }),
    )
  })

  test('are cut as arrays are', () => {
    const cut = fc
      .array(anyPending, { maxLength: 40 })
      .chain((pending) =>
        fc.tuple(fc.constant(pending), fc.nat(pending.length), fc.nat(pending.length)),
      )

    fc.assert(
      fc.property(cut, ([pending, one, other]) => {
        const [from, to] = [Math.min(one, other), Math.max(one, other)]

        const part = RecordColumns.of(pending).slice(from, to)

        expect(recordsOf(part)).toEqual(shown(pending.slice(from, to)))
      }),
    )
  })

  test('share nothing with a part that was cut out', () => {
    const pending = { admittedMs: 1, timestampMs: 2, valueBytes: 3, listener, index: 4 }
    const columns = RecordColumns.of([pending, pending])
    const part = columns.slice(0, 1)

    part.push({ ...pending, admittedMs: 9 })

    expect(columns.admittedMsAt(1)).toBe(1)
    expect(part.admittedMsAt(1)).toBe(9)
  })

  test('hold more records than a page, and are cut across pages', () => {
    const pending = Array.from({ length: 3000 }, (_, index) => {
      return { admittedMs: index / 8, timestampMs: index, valueBytes: 2, listener, index }
    })
    const columns = RecordColumns.of(pending)

    expect(recordsOf(columns)).toEqual(shown(pending))
    expect(recordsOf(columns.slice(1000, 2100))).toEqual(shown(pending.slice(1000, 2100)))
    expect(columns.slice(1000, 2100).valueBytes).toBe(2200)
  })

  test('take more records after a part without any was cut out', () => {
    const part = new RecordColumns().slice(0, 0)

    part.push({ admittedMs: 1, timestampMs: 2, valueBytes: 3, listener, index: 4 })

    expect(recordsOf(part)).toEqual([{ admittedMs: 1, timestampMs: 2, listener, index: 4 }])
  })
})
