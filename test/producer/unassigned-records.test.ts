import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Admission } from '../../src/producer/admission.ts'
import type { AdmittedRecord } from '../../src/producer/batch.ts'
import { ChunkPool } from '../../src/producer/chunk-pool.ts'
import { QueueBudget } from '../../src/producer/queue-budget.ts'
import { fixedRoom } from '../../src/producer/queue-room.ts'
import { measure } from '../../src/producer/record-batch.ts'
import type { ProducerRecord, RecordBytes, RecordOwner } from '../../src/producer/types.ts'
import { UnassignedRecords } from '../../src/producer/unassigned-records.ts'
import { parseRecord } from '../../src/http/push/parse-push.ts'
import { Problem } from '../../src/http/push/problem.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { NO_EVENTS } from '../support/recording-events.ts'
import { recordsOf } from '../support/records.ts'
import { haveSameShape } from '../support/same-shape.ts'
import { RecordedCall, silentOwner } from '../support/send-all.ts'
import { anyText } from '../support/random-runs.ts'

/** Gives records no time at all: each expires at the time at which it was admitted. */
const owner: RecordOwner = { deliveryTimeoutMs: 0, settled: () => undefined }

function admit(record: Partial<ProducerRecord>, index = 0, admittedMs = index): AdmittedRecord {
  const whole: ProducerRecord = {
    ...{ topic: 't', partition: undefined, key: null, value: 'v', headers: [] },
    timestampMs: 1_000 + index,
    ...record,
  }
  const sizes = measure(whole)
  return {
    ...{ record: whole, sizes, admittedMs, owner, index },
    isPinned: whole.partition !== undefined,
    ...{ timestampMs: whole.timestampMs ?? 0, valueBytes: sizes.valueBytes },
  }
}

function bytesOf(bytes: RecordBytes | null): Buffer | null {
  return typeof bytes === 'string' ? Buffer.from(bytes) : bytes && Buffer.from(bytes)
}

/** A record with all of its bytes as buffers of their own. */
function plain({ record, ...rest }: AdmittedRecord): unknown {
  const { key, value, headers } = record
  return {
    ...rest,
    record: {
      ...{ ...record, key: bytesOf(key), value: bytesOf(value) },
      headers: headers.map((header) => ({
        key: Buffer.from(header.key).toString(),
        value: bytesOf(header.value),
      })),
    },
  }
}

/** A record as it comes out of a request and through the admission. */
function admitted(element: object): AdmittedRecord {
  const record = parseRecord(element, 0, {
    rules: { unknownFields: 'ignore', allowOldTimestamps: true },
    misspellings: undefined,
    jsonTexts: { of: () => undefined },
  })
  if (record instanceof Problem) throw new Error(record.message)
  const entered: AdmittedRecord[] = []
  const clock = new FakeClock()
  const admission = new Admission({
    ...{ messageMaxBytes: 1_000, clock, events: NO_EVENTS },
    budget: new QueueBudget(fixedRoom(0, 1_000), clock),
    assigner: {
      vet: () => undefined,
      add: (one) => {
        entered.push(one)
        return undefined
      },
    },
  })
  admission.sendAll([record], new RecordedCall(1, silentOwner()))
  const [first] = entered
  if (!first) throw new Error('the record was not admitted')
  return first
}

const anyBytes = fc.oneof(
  anyText({ maxLength: 20 }),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
)
const anyRecord = fc.record({
  partition: fc.option(fc.nat(70_000), { nil: undefined }),
  key: fc.option(anyBytes),
  value: fc.option(anyBytes),
  headers: fc.array(fc.record({ key: anyText(), value: fc.option(anyBytes) }), {
    maxLength: 3,
  }),
  timestampMs: fc.integer({ min: 0, max: 2 ** 45 }),
})

describe('UnassignedRecords', () => {
  it('returns what was put in, in order, and gives all memory back', () => {
    fc.assert(
      fc.property(fc.array(anyRecord, { maxLength: 20 }), (records) => {
        const pool = new ChunkPool()
        const waiting = new UnassignedRecords('t', pool)
        const admitted = records.map((record, index) => admit(record, index))
        for (const one of admitted) waiting.append(one)
        expect(waiting.count).toBe(records.length)

        const taken = Array.from(waiting.take(), plain)

        expect(taken).toEqual(admitted.map(plain))
        expect(waiting.count).toBe(0)
        expect(pool.lentBytes).toBe(0)
      }),
    )
  })

  it('returns records of the shape that those have which need not wait', () => {
    const elements = [
      { topic: 't', data: 'v' },
      { topic: 't', data: 'v', headers: { h: 'x' } },
    ]
    const atOnce = elements.map(admitted)
    const waiting = new UnassignedRecords('t', new ChunkPool())
    for (const one of atOnce) waiting.append(one)

    const taken = [...waiting.take()]

    const shapesOf = (one: AdmittedRecord): object[] => [one, one.sizes, one.record]
    const pairs = atOnce.flatMap((one, index) =>
      shapesOf(one).map((object, which) => [object, shapesOf(taken[index] ?? one)[which]] as const),
    )
    expect(pairs.map(([one, other = {}]) => haveSameShape(one, other))).toEqual(
      pairs.map(() => true),
    )
  })

  it('gives the memory of each MiB back while the rest is still being taken', () => {
    const pool = new ChunkPool()
    const waiting = new UnassignedRecords('t', pool)
    for (let n = 0; n < 64; n += 1) waiting.append(admit({ value: 'x'.repeat(65_000) }, n))
    const fullBytes = pool.lentBytes

    const records = waiting.take()
    for (let n = 0; n < 36; n += 1) records.next()

    expect(fullBytes).toBeGreaterThan(4_000_000)
    expect(pool.lentBytes).toBeLessThan(0.6 * fullBytes)
  })

  it('takes the records that have expired, and leaves the others with their bytes', () => {
    const pool = new ChunkPool()
    const waiting = new UnassignedRecords('t', pool)
    for (let n = 0; n < 5; n += 1) waiting.append(admit({ value: `value ${n}`, partition: n }, n))

    const expired = waiting.takeExpired(2)

    expect(expired.flatMap(recordsOf).map(({ index }) => index)).toEqual([0, 1, 2])
    expect([waiting.count, waiting.valueBytes, waiting.oldestAdmittedMs]).toEqual([2, 14, 3])
    const rest = Array.from(waiting.take(), ({ record }) => [
      String(record.value),
      record.partition,
    ])
    expect(rest).toEqual([
      ['value 3', 3],
      ['value 4', 4],
    ])
  })

  it('gives the memory back when its last record expires', () => {
    const pool = new ChunkPool()
    const waiting = new UnassignedRecords('t', pool)
    for (let n = 0; n < 3; n += 1) waiting.append(admit({}, n))

    waiting.takeExpired(0)
    const heldBytes = pool.lentBytes
    waiting.takeExpired(2)

    expect(heldBytes).toBeGreaterThan(0)
    expect(pool.lentBytes).toBe(0)
    expect(waiting.oldestAdmittedMs).toBe(Infinity)
  })

  it('hands out all at once across its segments', () => {
    const pool = new ChunkPool()
    const waiting = new UnassignedRecords('t', pool)
    for (let n = 0; n < 40; n += 1) waiting.append(admit({ value: 'x'.repeat(65_000) }, n))

    const all = waiting.takeAll()

    expect(all.length).toBeGreaterThan(1)
    expect(all.reduce((sum, { count }) => sum + count, 0)).toBe(40)
    expect(all.reduce((sum, { valueBytes }) => sum + valueBytes, 0)).toBe(40 * 65_000)
    expect([waiting.count, waiting.valueBytes, pool.lentBytes]).toEqual([0, 0, 0])
  })
})
