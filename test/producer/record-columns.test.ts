import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RecordColumns, type PendingRecord } from '../../src/producer/record-columns.ts'
import type { RecordOwner } from '../../src/producer/types.ts'
import { recordsOf } from '../support/records.ts'
import { silentOwner } from '../support/send-all.ts'

const owner: RecordOwner = { deliveryTimeoutMs: 1_000, settled: () => undefined }
const otherOwner: RecordOwner = { deliveryTimeoutMs: Infinity, settled: () => undefined }
const silent = silentOwner(1_000)
const keeper: RecordOwner = { deliveryTimeoutMs: 1_000, handedBack: () => undefined }

const anyPending: fc.Arbitrary<PendingRecord> = fc
  .record({
    admittedMs: fc.double({ min: 0, max: 1e9, noNaN: true }),
    timestampMs: fc.integer({ min: 0, max: 4_000_000_000_000 }),
    valueBytes: fc.nat(1_000_000),
    owner: fc.constantFrom(owner, otherOwner, silent, keeper),
    index: fc.nat(10_000),
    isPinned: fc.boolean(),
  })
  // The index is not used if the owner gets no reports per record.
  .map((pending) => (pending.owner === silent ? { ...pending, index: 0 } : pending))

function shown(
  records: readonly PendingRecord[],
): Omit<PendingRecord, 'valueBytes' | 'isPinned'>[] {
  return records.map(({ admittedMs, timestampMs, owner, index }) => ({
    admittedMs,
    timestampMs,
    owner,
    index,
  }))
}

const pending = (overrides: Partial<PendingRecord> = {}): PendingRecord => ({
  ...{ admittedMs: 1, timestampMs: 2, valueBytes: 3, owner, index: 4, isPinned: false },
  ...overrides,
})

describe('RecordColumns', () => {
  test('give back what was pushed, in order', () => {
    fc.assert(
      fc.property(fc.array(anyPending, { maxLength: 40 }), (records) => {
        const columns = RecordColumns.of(records)

        expect(recordsOf(columns)).toEqual(shown(records))
        expect(records.map((_, position) => columns.at(position))).toEqual(records)
        expect(columns.valueBytes).toBe(
          records.reduce((sum, { valueBytes }) => sum + valueBytes, 0),
        )
      }),
    )
  })

  test('know when each record expires', () => {
    fc.assert(
      fc.property(fc.array(anyPending, { maxLength: 40 }), (records) => {
        const columns = RecordColumns.of(records)

        expect(records.map((_, position) => columns.deadlineMsAt(position))).toEqual(
          records.map(({ admittedMs, owner }) => admittedMs + owner.deliveryTimeoutMs),
        )
        expect(columns.haveSeveralTimeouts).toBe(
          new Set(records.map(({ owner }) => owner.deliveryTimeoutMs)).size > 1,
        )
      }),
    )
  })

  test('have one timeout if all their owners have the same', () => {
    const columns = RecordColumns.of([pending({ owner }), pending({ owner: silent })])

    expect(columns.haveSeveralTimeouts).toBe(false)
    expect([columns.ownerAt(0), columns.ownerAt(1)]).toEqual([owner, silent])
  })

  test('have reports per record if one owner wants them', () => {
    const heard = RecordColumns.of([pending({ owner: silent }), pending({ owner })])
    const unheard = RecordColumns.of([pending({ owner: silent }), pending({ owner: silent })])

    expect([heard.areHeard, unheard.areHeard]).toEqual([true, false])
    expect([heard.indexAt(0), heard.indexAt(1)]).toEqual([0, 4])
  })

  test('keep indexes, and no reports, for an owner that only takes records back', () => {
    const columns = RecordColumns.of([pending({ owner: keeper })])

    expect([columns.areHeard, columns.indexAt(0)]).toEqual([false, 4])
  })

  test('hold more records than a page', () => {
    const records = Array.from({ length: 3000 }, (_, index) =>
      pending({ admittedMs: index / 8, timestampMs: index, valueBytes: 2, index }),
    )
    const columns = RecordColumns.of(records)

    expect(recordsOf(columns)).toEqual(shown(records))
    expect(columns.valueBytes).toBe(6000)
  })
})
