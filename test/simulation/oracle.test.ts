import { crc32 } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { Entry, Retry } from './ledger.ts'
import { judge } from './oracle.ts'
import type { StoredRecord } from '@kprf/embedded-broker/testing'
import { record } from '../support/producer-harness.ts'

/** A record of client `c` that was persisted at 0@0, except for `overrides`. */
function entry(overrides: Partial<Entry> = {}): Entry {
  const id = overrides.id ?? 'c.0'
  return {
    id,
    client: 'c',
    sequence: 0,
    record: record('v', { headers: [{ key: 'id', value: id }] }),
    isSilent: false,
    sentMs: 100,
    sentEpochMs: 1_000,
    fate: 'persisted',
    reportCount: 1,
    errorNumber: undefined,
    settledMs: 200,
    settledEpochMs: 2_000,
    answeredMs: Infinity,
    place: { partition: 0, offset: 0n },
    timestampMs: 1_500,
    ...overrides,
  }
}

/** The stored form of {@link entry}, except for `overrides`. */
function stored(overrides: Partial<StoredRecord> = {}, id = 'c.0'): StoredRecord {
  return {
    partition: 0,
    offset: 0n,
    key: null,
    value: Buffer.from('v'),
    headers: [{ key: 'id', value: Buffer.from(id) }],
    timestampMs: 1_500,
    compression: 'none',
    ...overrides,
  }
}

function violationsOf(
  entries: readonly Entry[],
  records: readonly StoredRecord[],
  retries: readonly Retry[] = [],
  deleted: readonly string[] = [],
  isIdempotent = false,
): readonly string[] {
  return judge({
    entries: new Map(entries.map((each) => [each.id, each])),
    retries,
    stored: new Map(deleted.includes('t') ? [] : [['t', records]]),
    partitionCounts: new Map([['t', new Set([3])]]),
    deleted: new Set(deleted),
    isIdempotent,
    settleWithinMs: 2_000,
    heldUpMs: (fromMs, toMs) => Math.max(0, Math.min(toMs, 600) - Math.max(fromMs, 500)),
  }).violations
}

const retry: Retry = { topic: 't', partition: 0, errorNumber: -195, atMs: 150 }
const second = { id: 'c.1', sequence: 1, place: { partition: 0, offset: 1n } }
const secondRecord = record('v', { headers: [{ key: 'id', value: 'c.1' }] })

describe('the oracle', () => {
  test('has nothing to say of a record that is where it was reported', () => {
    expect(violationsOf([entry()], [stored()])).toEqual([])
  })

  test('finds a record that was acknowledged and is not stored', () => {
    expect(violationsOf([entry()], [])).toEqual(['persisted, but not stored: c.0 of t'])
  })

  test('finds a record that is not at the offset reported', () => {
    const violations = violationsOf([entry()], [stored({ offset: 7n })])

    expect(violations).toEqual(['not at 0@0: c.0 of t'])
  })

  test('asks nothing of the records of a deleted topic but their reports', () => {
    expect(violationsOf([entry()], [], [], ['t'])).toEqual([])
    expect(violationsOf([entry({ reportCount: 0 })], [], [], ['t'])).toHaveLength(1)
  })

  test.each([0, 2])('finds a record that was reported %i times', (reportCount) => {
    const violations = violationsOf([entry({ reportCount })], [stored()])

    expect(violations).toEqual([`reported ${reportCount} times: c.0 of t`])
  })

  test.each([
    ['refused', 0],
    ['notPersisted', 1],
  ] as const)('finds a record that was %s and is stored', (fate, reportCount) => {
    const violations = violationsOf([entry({ fate, reportCount, errorNumber: -192 })], [stored()])

    expect(violations).toEqual([`${fate} (-192), but stored: c.0 of t`])
  })

  test('lets a record that is possibly persisted be stored or not, once or twice', () => {
    const doubtful = entry({ fate: 'possiblyPersisted' })

    expect(violationsOf([doubtful], [])).toEqual([])
    expect(violationsOf([doubtful], [stored(), stored({ offset: 1n })])).toEqual([])
  })

  test('finds a record that nobody sent', () => {
    expect(violationsOf([], [stored()])).toEqual(['never sent: t/0@0'])
  })

  test.each([
    ['key', { key: Buffer.from('k') }],
    ['value', { value: Buffer.from('w') }],
    ['value', { value: null }],
    ['headers', { headers: [...stored().headers, { key: 'more', value: Buffer.from('1') }] }],
    ['timestamp', { timestampMs: 999 }],
  ] as const)('finds a changed %s', (part, change) => {
    const violations = violationsOf(
      [entry({ timestampMs: 'timestampMs' in change ? change.timestampMs : 1_500 })],
      [stored(change)],
    )

    expect(violations).toEqual([`${part} altered: c.0 of t in partition 0`])
  })

  test('finds a record outside the partition that it named', () => {
    const place = { partition: 1, offset: 0n }

    const violations = violationsOf([entry({ place })], [stored({ partition: 1 })])

    expect(violations).toEqual(['partition altered: c.0 of t in partition 1'])
  })

  test('finds a record outside the partition of its key', () => {
    const right = crc32('k') % 3
    const wrong = (right + 1) % 3
    const keyed = record('v', {
      partition: undefined,
      key: 'k',
      headers: [{ key: 'id', value: 'c.0' }],
    })
    const at = (partition: number): readonly string[] =>
      violationsOf(
        [entry({ record: keyed, place: { partition, offset: 0n } })],
        [stored({ partition, key: Buffer.from('k') })],
      )

    expect(at(right)).toEqual([])
    expect(at(wrong)).toEqual([`partition altered: c.0 of t in partition ${wrong}`])
  })

  test('finds a timestamp that was reported otherwise', () => {
    const violations = violationsOf([entry({ timestampMs: 1_501 })], [stored()])

    expect(violations).toEqual(['timestamp reported as 1501: c.0 of t'])
  })

  test('finds a duplicate where nothing was sent again while the record was on its way', () => {
    const twice = [stored(), stored({ offset: 1n })]
    const unexplained = ['stored 2 times and never sent again: c.0 of t']

    expect(violationsOf([entry()], twice, [retry])).toEqual([])
    expect(violationsOf([entry()], twice)).toEqual(unexplained)
    expect(violationsOf([entry()], twice, [{ ...retry, partition: 1 }])).toEqual(unexplained)
    expect(violationsOf([entry()], twice, [{ ...retry, topic: 'u' }])).toEqual(unexplained)
    expect(violationsOf([entry()], twice, [{ ...retry, atMs: 99 }])).toEqual(unexplained)
    expect(violationsOf([entry()], twice, [{ ...retry, atMs: 201 }])).toEqual(unexplained)
  })

  test('finds two records of one client in the wrong order', () => {
    const first = entry({ place: { partition: 0, offset: 1n } })
    const swapped = entry({ ...second, record: secondRecord, place: { partition: 0, offset: 0n } })

    const violations = violationsOf([first, swapped], [stored({}, 'c.1'), stored({ offset: 1n })])

    expect(violations).toEqual(['out of order: c.0 of t in partition 0 after #1'])
  })

  test('goes by the first occurrence of a record that is stored twice', () => {
    const violations = violationsOf(
      [entry(), entry({ ...second, record: secondRecord })],
      [stored(), stored({ offset: 1n }, 'c.1'), stored({ offset: 2n })],
      [retry],
    )

    expect(violations).toEqual([])
  })

  test('finds a record that was reported too late, and a push that was answered too late', () => {
    const reported = entry({ settledMs: 2_101 })
    const answered = entry({ answeredMs: 2_250 })

    expect(violationsOf([reported], [stored()])).toEqual([])
    expect(violationsOf([entry({ settledMs: 2_201 })], [stored()])).toEqual([
      'reported after 2001 ms: c.0 of t',
    ])
    expect(violationsOf([answered], [stored()])).toEqual(['answered after 2050 ms: c.0 of t'])
  })

  test('lets a record that was given up come late', () => {
    const late = entry({ fate: 'possiblyPersisted', place: undefined })
    const other = entry({ ...second, record: secondRecord, place: { partition: 0, offset: 0n } })

    const violations = violationsOf([late, other], [stored({}, 'c.1'), stored({ offset: 1n })])

    expect(violations).toEqual([])
  })
})
