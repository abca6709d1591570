import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PendingRecords } from '../../src/producer/pending-records.ts'
import {
  RecordColumns,
  type PendingRecord,
  type Records,
} from '../../src/producer/record-columns.ts'
import type { RecordOwner } from '../../src/producer/types.ts'
import { countWork } from '../support/count-work.ts'
import { runs } from '../support/random-runs.ts'

const ownerWith = (deliveryTimeoutMs: number): RecordOwner => ({
  deliveryTimeoutMs,
  settled: () => undefined,
})

const owner = ownerWith(0)

/** Record number `index`, by default one that expires at the time that is its number. */
const pending = (index: number, overrides: Partial<PendingRecord> = {}): PendingRecord => ({
  ...{
    admittedMs: index,
    timestampMs: 1_000 * index,
    valueBytes: 1,
    owner,
    index,
    isPinned: false,
  },
  ...overrides,
})

const recordsOf = (records: Records): PendingRecord[] =>
  Array.from({ length: records.count }, (_, position) => records.at(position))
const indices = (records: Records): number[] => recordsOf(records).map(({ index }) => index)

function pendingOf(records: Iterable<PendingRecord>): PendingRecords {
  return new PendingRecords(RecordColumns.of(records))
}

/** What is left, without taking it out. */
const left = (records: PendingRecords): PendingRecord[] =>
  [...records.runs()].flatMap(({ from, to }) =>
    Array.from({ length: to - from }, (_, index) => records.at(from + index)),
  )

/** Hands out what is left: each record with its position, which is its index here. */
const ENDS = {
  takeAll: (records: PendingRecords) =>
    recordsOf(records.takeAll()).map((one) => [one.index, one] as const),
  takeRuns: (records: PendingRecords) =>
    records
      .takeRuns()
      .flatMap(({ from, records: run }) =>
        recordsOf(run).map((one, index) => [from + index, one] as const),
      ),
}

describe('PendingRecords.part', () => {
  test('copies a range as Array.slice does, and shares nothing with its source', () => {
    const cut = fc
      .array(fc.nat(1_000), { maxLength: 40 })
      .chain((sizes) => fc.tuple(fc.constant(sizes), fc.nat(sizes.length), fc.nat(sizes.length)))

    fc.assert(
      fc.property(cut, ([sizes, one, other]) => {
        const [from, to] = [Math.min(one, other), Math.max(one, other)]
        const records = sizes.map((valueBytes, index) => pending(index, { valueBytes }))
        const whole = pendingOf(records)

        const part = whole.part(from, to)
        part.push(pending(99))

        expect(left(part)).toEqual([...records.slice(from, to), pending(99)])
        expect(left(whole)).toEqual(records)
      }),
    )
  })

  test('leaves out what was handed out', () => {
    const records = pendingOf([0, 1, 2, 3, 4, 5].map((index) => pending(index)))
    records.takeExpired(2)

    expect(left(records.part(1, 5)).map(({ index }) => index)).toEqual([3, 4])
  })

  test('cuts across pages', () => {
    const records = Array.from({ length: 3000 }, (_, index) =>
      pending(index, { admittedMs: index / 8, valueBytes: 2 }),
    )

    const part = pendingOf(records).part(1000, 2100)

    expect(left(part)).toEqual(records.slice(1000, 2100))
    expect(part.valueBytes).toBe(2200)
  })

  test('gives a part without records, to which more can be added', () => {
    const part = new PendingRecords().part(0, 0)

    part.push(pending(4))

    expect(recordsOf(part.takeAll())).toEqual([pending(4)])
  })
})

describe('PendingRecords.takeExpired', () => {
  test('takes records out of the middle, and leaves the others where they are', () => {
    const forever = ownerWith(Infinity)
    const records = pendingOf([
      pending(0, { owner: forever }),
      pending(1),
      pending(2),
      pending(3, { owner: forever }),
      pending(4, { owner: forever }),
      pending(5),
    ])

    expect(indices(records.takeExpired(9))).toEqual([1, 2, 5])

    expect([...records.runs()]).toEqual([
      { from: 0, to: 1 },
      { from: 3, to: 5 },
    ])
    const isReported = [0, 1, 2, 3, 4, 5].map((position) => records.isReported(position))
    expect(isReported).toEqual([false, true, true, false, false, true])
    expect(records.takeRuns().map(({ from, records: run }) => [from, indices(run)])).toEqual([
      [0, [0]],
      [3, [3, 4]],
    ])
  })

  test('takes a record that expires before one that was admitted earlier', () => {
    const records = pendingOf([
      pending(0, { owner: ownerWith(100) }),
      pending(1, { owner: ownerWith(10) }),
      pending(2, { owner: ownerWith(Infinity) }),
    ])

    const firstMs = records.firstDeadlineMs
    const first = indices(records.takeExpired(11))
    const secondMs = records.firstDeadlineMs
    const second = indices(records.takeExpired(100))

    expect([firstMs, first]).toEqual([11, [1]])
    expect([secondMs, second]).toEqual([100, [0]])
    expect([records.count, records.firstDeadlineMs]).toEqual([1, Infinity])
  })

  test.each([
    ['one timeout', [500]],
    ['several timeouts', [500, 1_000, Infinity]],
  ])(
    'costs the same among many records as among few while none has expired: %s',
    async (_, timeoutsMs) => {
      const owners = timeoutsMs.map(ownerWith)
      const workAmong = (count: number): Promise<number> => {
        const records = new PendingRecords()
        for (let index = 0; index < count; index += 1) {
          records.push(pending(0, { owner: owners[index % owners.length] ?? owner }))
        }
        return countWork('/src/producer/', () => {
          expect(records.firstDeadlineMs).toBe(500)
          expect(records.takeExpired(499).count).toBe(0)
        })
      }

      expect(await workAmong(10_000)).toBe(await workAmong(10))
    },
  )
})

describe('PendingRecords', () => {
  test('have no first record while they are empty', () => {
    const records = new PendingRecords()

    expect([records.firstAdmittedMs, records.firstDeadlineMs]).toEqual([Infinity, Infinity])
    expect([...records.runs()]).toEqual([])
    expect(records.takeAll().count).toBe(0)
  })

  test('hand each record out exactly once, in order and where it is, as a plain list would', () => {
    const owners = [0, 5, 20, Infinity].map(ownerWith)
    const push = fc.record({
      kind: fc.constant('push' as const),
      owner: fc.constantFrom(...owners),
      valueBytes: fc.nat(1_000),
    })
    const expire = fc.record({ kind: fc.constant('expire' as const), afterMs: fc.nat(12) })
    const steps = fc.array(fc.oneof({ weight: 4, arbitrary: push }, expire), { maxLength: 60 })
    const end = fc.constantFrom('takeRuns' as const, 'takeAll' as const)

    fc.assert(
      fc.property(steps, end, (steps, end) => {
        const records = new PendingRecords()
        const pushed: PendingRecord[] = []
        const model = new Map<number, PendingRecord>()
        const handedOut: PendingRecord[] = []
        const deadlineMs = ({ admittedMs, owner }: PendingRecord): number =>
          admittedMs + owner.deliveryTimeoutMs
        let nowMs = 0

        for (const step of steps) {
          if (step.kind === 'push') {
            const { owner, valueBytes } = step
            const position = pushed.length
            const one = pending(position, { admittedMs: nowMs, owner, valueBytes })
            records.push(one)
            pushed.push(one)
            model.set(position, one)
          } else {
            nowMs += step.afterMs
            const expired = [...model].filter(([, one]) => deadlineMs(one) <= nowMs)
            for (const [position] of expired) model.delete(position)
            const taken = recordsOf(records.takeExpired(nowMs))
            expect(taken).toEqual(expired.map(([, one]) => one))
            handedOut.push(...taken)
          }
          const rest = [...model.values()]
          expect(left(records)).toEqual(rest)
          expect(records.count).toBe(rest.length)
          expect(records.encodedCount).toBe(pushed.length)
          expect(records.valueBytes).toBe(rest.reduce((sum, { valueBytes }) => sum + valueBytes, 0))
          expect(records.firstAdmittedMs).toBe(rest[0]?.admittedMs ?? Infinity)
          expect(records.firstDeadlineMs).toBe(Math.min(...rest.map(deadlineMs)))
          expect(left(records.part(0, pushed.length))).toEqual(rest)
          const isReported = pushed.map((_, position) => records.isReported(position))
          expect(isReported).toEqual(pushed.map((_, position) => !model.has(position)))
        }

        const last = ENDS[end](records)
        expect(last).toEqual([...model])
        handedOut.push(...last.map(([, one]) => one))
        expect(handedOut.map(({ index }) => index).toSorted((one, other) => one - other)).toEqual(
          pushed.map(({ index }) => index),
        )
        expect([records.count, records.valueBytes]).toEqual([0, 0])
        expect([records.firstAdmittedMs, records.firstDeadlineMs]).toEqual([Infinity, Infinity])
      }),
      { numRuns: runs(150) },
    )
  })
})
