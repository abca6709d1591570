import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Batch, type AdmittedRecord, type BatchState } from '../../src/producer/batch.ts'
import { measure, RecordBatchWriter } from '../../src/producer/record-batch.ts'
import { ChunkPool } from '../../src/producer/chunk-pool.ts'
import type { RecordRun } from '../../src/producer/pending-records.ts'
import type { Records } from '../../src/producer/record-columns.ts'
import type { RecordOwner } from '../../src/producer/types.ts'
import { decodeBatch, whole } from '../support/decode-batch.ts'
import { record } from '../support/producer-harness.ts'
import { recordsOf } from '../support/records.ts'
import { runs } from '../support/random-runs.ts'

const BASE_TIMESTAMP_MS = 1_700_000_000_000

/** Gives records no time at all: each expires at the time at which it was admitted. */
const OWNER: RecordOwner = { deliveryTimeoutMs: 0, settled: () => undefined }

/** Record number `index`, admitted at this time with a timestamp that falls from record to record. */
function admit(index: number, admittedMs = index): AdmittedRecord {
  const produced = record(`value ${index}`, {
    key: `key ${index}`,
    headers: [{ key: 'header', value: `${index}` }],
  })
  return {
    record: produced,
    sizes: measure(produced),
    admittedMs,
    timestampMs: BASE_TIMESTAMP_MS - 1_000 * index,
    valueBytes: `value ${index}`.length,
    owner: OWNER,
    index,
    isPinned: false,
  }
}

/** An open batch with records 0 to `count` - 1. */
function openBatch(count: number): Batch {
  const batch = new Batch(BASE_TIMESTAMP_MS, new ChunkPool())
  for (let index = 0; index < count; index += 1) batch.append(admit(index))
  return batch
}

function sealedBatch(count: number): Batch {
  const batch = openBatch(count)
  batch.seal()
  return batch
}

const MAKERS: Readonly<Record<BatchState, () => Batch>> = {
  open: () => openBatch(2),
  sealed: () => sealedBatch(2),
  inFlight: () => {
    const batch = sealedBatch(2)
    batch.begin()
    return batch
  },
  settled: () => {
    const batch = sealedBatch(2)
    batch.takeAll()
    return batch
  },
}

/** Takes out the first records that are left, as many: they were admitted a millisecond apart. */
function expireFirst(batch: Batch, count: number): Records {
  return batch.takeExpired(batch.firstAdmittedMs + count - 1)
}

const STEPS = {
  append: (batch: Batch): unknown => {
    batch.append(admit(9))
    return undefined
  },
  seal: (batch: Batch): unknown => {
    batch.seal()
    return undefined
  },
  begin: (batch: Batch): unknown => batch.begin(),
  release: (batch: Batch): unknown => {
    batch.release()
    return undefined
  },
  acknowledge: (batch: Batch): unknown => batch.acknowledge(),
  expireFirst: (batch: Batch): unknown => expireFirst(batch, 1),
  expireAll: (batch: Batch): unknown => expireFirst(batch, 2),
  takeAll: (batch: Batch): unknown => batch.takeAll(),
  split: (batch: Batch): unknown => batch.split(),
}

type Step = keyof typeof STEPS

const LEGAL_STEPS: readonly (readonly [from: BatchState, step: Step, to: BatchState])[] = [
  ['open', 'append', 'open'],
  ['open', 'seal', 'sealed'],
  ['open', 'expireFirst', 'open'],
  ['open', 'expireAll', 'settled'],
  ['open', 'takeAll', 'settled'],
  ['sealed', 'begin', 'inFlight'],
  ['sealed', 'expireFirst', 'sealed'],
  ['sealed', 'expireAll', 'settled'],
  ['sealed', 'takeAll', 'settled'],
  ['sealed', 'split', 'sealed'],
  ['inFlight', 'release', 'sealed'],
  ['inFlight', 'expireFirst', 'inFlight'],
  ['inFlight', 'expireAll', 'inFlight'],
  ['inFlight', 'takeAll', 'inFlight'],
  ['inFlight', 'acknowledge', 'settled'],
]

const ILLEGAL_STEPS: readonly (readonly [from: BatchState, step: Step])[] = [
  ['open', 'begin'],
  ['open', 'release'],
  ['open', 'acknowledge'],
  ['open', 'split'],
  ['sealed', 'append'],
  ['sealed', 'seal'],
  ['sealed', 'release'],
  ['sealed', 'acknowledge'],
  ['inFlight', 'append'],
  ['inFlight', 'seal'],
  ['inFlight', 'begin'],
  ['inFlight', 'split'],
  ['settled', 'append'],
  ['settled', 'seal'],
  ['settled', 'begin'],
  ['settled', 'release'],
  ['settled', 'acknowledge'],
  ['settled', 'expireFirst'],
  ['settled', 'expireAll'],
  ['settled', 'takeAll'],
  ['settled', 'split'],
]

const indices = (records: Records): number[] => recordsOf(records).map(({ index }) => index)

/** Where the records of an acknowledged batch were, and which they are. */
const positioned = (runs: readonly RecordRun[]): (readonly [from: number, indices: number[]])[] =>
  runs.map(({ from, records }) => [from, indices(records)])

/** Sends a sealed batch and says which records it holds, checking that each one is whole. */
function sent(batch: Batch): number[] {
  return decodeBatch(batch.begin()).map(({ key, value, headers, timestampMs }) => {
    const index = Number(value?.toString().replace('value ', ''))
    expect(key?.toString()).toBe(`key ${index}`)
    expect(headers).toEqual([{ key: 'header', value: Buffer.from(`${index}`) }])
    expect(timestampMs).toBe(BASE_TIMESTAMP_MS - 1_000 * index)
    return index
  })
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index)

describe('Batch', () => {
  test.each(LEGAL_STEPS)('that is %s is, after %s, %s', (from, step, to) => {
    const batch = MAKERS[from]()

    STEPS[step](batch)

    expect(batch.state).toBe(to)
  })

  test.each(ILLEGAL_STEPS)('that is %s does not take the step %s', (from, step) => {
    const batch = MAKERS[from]()
    const { count } = batch

    expect(() => STEPS[step](batch)).toThrow('invariant broken')

    expect(batch.state).toBe(from)
    expect(batch.count).toBe(count)
  })

  test('counts its records and knows its size on the wire', () => {
    const batch = openBatch(3)

    expect(batch.count).toBe(3)
    const { sizeBytes } = batch
    batch.seal()
    expect(whole(batch.begin()).length).toBe(sizeBytes)
  })

  test('has the admission time of its first record', () => {
    const batch = new Batch(0, new ChunkPool())
    expect(batch.firstAdmittedMs).toBe(Infinity)

    batch.append(admit(0, 12.5))
    batch.append(admit(1, 13))

    expect(batch.firstAdmittedMs).toBe(12.5)
  })

  test('sends its records in order, and the same bytes when it is sent again', () => {
    const batch = sealedBatch(5)
    const first = whole(batch.begin())
    batch.release()

    expect(sent(batch)).toEqual([0, 1, 2, 3, 4])
    batch.release()
    expect(whole(batch.begin())).toEqual(first)
  })

  test('hands out all its records, with what their reports need, when it is acknowledged', () => {
    const owner = { deliveryTimeoutMs: 1, settled: () => undefined }
    const batch = new Batch(BASE_TIMESTAMP_MS, new ChunkPool())
    batch.append({ ...admit(7, 42), owner })
    batch.seal()
    batch.begin()

    const runs = batch.acknowledge()
    expect(runs.map(({ from, records }) => [from, records.valueBytes])).toEqual([
      [0, 'value 7'.length],
    ])
    expect(runs.flatMap(({ records }) => recordsOf(records))).toEqual([
      { admittedMs: 42, timestampMs: BASE_TIMESTAMP_MS - 7_000, owner, index: 7 },
    ])
  })
})

describe('Batch.takeExpired', () => {
  test.each([
    [9.9, 0],
    [10, 1],
    [19.9, 1],
    [20, 3],
    [29.9, 3],
    [30, 4],
    [1_000, 4],
  ])('takes out what expires at or before %d: %i', (nowMs, count) => {
    const batch = new Batch(BASE_TIMESTAMP_MS, new ChunkPool())
    for (const [index, admittedMs] of [10, 20, 20, 30].entries()) {
      batch.append(admit(index, admittedMs))
    }

    expect(indices(batch.takeExpired(nowMs))).toEqual(range(0, count))
    expect(batch.count).toBe(4 - count)
  })

  test('takes the first records out and keeps the others, in order and whole', () => {
    const batch = sealedBatch(5)

    const expired = expireFirst(batch, 2)

    expect(indices(expired)).toEqual([0, 1])
    expect(batch.count).toBe(3)
    expect(batch.firstAdmittedMs).toBe(2)
    expect(sent(batch)).toEqual([2, 3, 4])
    expect(positioned(batch.acknowledge())).toEqual([[0, [2, 3, 4]]])
  })

  test('makes the batch smaller once half of it has expired', () => {
    const batch = openBatch(5)
    const { sizeBytes } = batch
    const rest = openBatch(0)
    for (const index of [3, 4]) rest.append(admit(index))

    expireFirst(batch, 2)
    expect(batch.sizeBytes).toBe(sizeBytes)

    expireFirst(batch, 1)
    expect(batch.sizeBytes).toBe(rest.sizeBytes)
  })

  test('does not encode a batch anew for each record of it that expires', () => {
    const encodings: Buffer[] = []
    class ObservedPool extends ChunkPool {
      override lend(minBytes: number): Buffer {
        const chunk = super.lend(minBytes)
        encodings.push(chunk)
        return chunk
      }
    }
    const batch = new Batch(BASE_TIMESTAMP_MS, new ObservedPool())
    for (let index = 0; index < 1_024; index += 1) batch.append(admit(index))
    encodings.length = 0

    for (let index = 0; index < 1_023; index += 1) batch.takeExpired(index)

    expect(batch.count).toBe(1)
    // Ten times half of what is left, in a few chunks each.
    expect(encodings.length).toBeLessThanOrEqual(30)
  })

  test('gives the largest timestamp of those that are left', () => {
    const batch = sealedBatch(3)

    expireFirst(batch, 1)

    expect(Number(whole(batch.begin()).readBigInt64BE(35))).toBe(BASE_TIMESTAMP_MS - 1_000)
  })

  test('leaves an open batch open for more', () => {
    const batch = openBatch(3)

    expireFirst(batch, 2)
    batch.append(admit(3))
    batch.seal()

    expect(sent(batch)).toEqual([2, 3])
  })

  test.each([3, 4])('settles a batch of three that loses %i', (count) => {
    const batch = sealedBatch(3)

    const expired = expireFirst(batch, count)

    expect(indices(expired)).toEqual([0, 1, 2])
    expect(batch.state).toBe('settled')
  })

  test('takes nothing when it is to take none', () => {
    const batch = sealedBatch(2)

    expect(expireFirst(batch, 0).count).toBe(0)

    expect(sent(batch)).toEqual([0, 1])
  })
})

describe('a batch in flight', () => {
  test('whose first records expire stays in flight, and hands out the others when it is acknowledged', () => {
    const batch = sealedBatch(5)
    batch.begin()

    const expired = expireFirst(batch, 2)

    expect(indices(expired)).toEqual([0, 1])
    expect([batch.state, batch.count, batch.encodedCount]).toEqual(['inFlight', 3, 5])
    expect(batch.firstAdmittedMs).toBe(2)
    expect(positioned(batch.acknowledge())).toEqual([[2, [2, 3, 4]]])
  })

  test('whose records all expire ends with its request, whatever that says', () => {
    const [failed, acknowledged] = [sealedBatch(2), sealedBatch(2)]
    for (const batch of [failed, acknowledged]) {
      batch.begin()
      expireFirst(batch, 2)
    }

    failed.release()

    expect([failed.state, acknowledged.state]).toEqual(['settled', 'inFlight'])
    expect(acknowledged.firstAdmittedMs).toBe(Infinity)
    expect(acknowledged.acknowledge()).toEqual([])
  })

  test('is sent again without the records that expired meanwhile', () => {
    const batch = sealedBatch(5)
    batch.begin()
    expireFirst(batch, 2)
    batch.release()

    expect(sent(batch)).toEqual([2, 3, 4])
    expect(batch.encodedCount).toBe(3)
  })

  test('is sent again with expired records if Kafka would not recognise it otherwise', () => {
    const claim = { producerId: 1n, epoch: 0, sequence: 0 }
    const batch = sealedBatch(5)
    const first = whole(batch.begin(claim))
    expireFirst(batch, 2)
    batch.mayBePersisted = true
    batch.release()

    expect(whole(batch.begin(claim))).toEqual(first)
    expect(batch.encodedCount).toBe(5)
  })
})

describe('the memory of a batch', () => {
  function makeBatch(): { pool: ChunkPool; batch: Batch } {
    const pool = new ChunkPool()
    const batch = new Batch(BASE_TIMESTAMP_MS, pool)
    for (const index of range(0, 3)) batch.append(admit(index))
    batch.seal()
    return { pool, batch }
  }

  test.each<[string, (batch: Batch) => void]>([
    [
      'when it is acknowledged',
      (batch) => {
        batch.begin()
        batch.acknowledge()
      },
    ],
    [
      'when all its records failed',
      (batch) => {
        expireFirst(batch, 3)
      },
    ],
    [
      'when it was cut in two and both halves are over',
      (batch) => {
        expireFirst(batch.split(), 2)
        expireFirst(batch, 1)
      },
    ],
  ])('goes back to the pool %s', (_, end) => {
    const { pool, batch } = makeBatch()

    end(batch)

    expect(pool.freeBytes).toBeGreaterThan(0)
    expect(batch.state).toBe('settled')
  })

  test('stays with the batch while it is in flight, though all its records expired', () => {
    const { pool, batch } = makeBatch()
    batch.begin()

    expireFirst(batch, 3)
    const freeWhileInFlight = pool.freeBytes
    batch.release()

    expect(freeWhileInFlight).toBe(0)
    expect(pool.freeBytes).toBeGreaterThan(0)
    expect(batch.state).toBe('settled')
  })
})

describe('Batch.split', () => {
  test.each([
    [2, 1],
    [3, 1],
    [10, 5],
    [131, 65],
  ])('cuts a batch of %i behind record %i, both halves in order and whole', (count, middle) => {
    const first = sealedBatch(count)

    const second = first.split()

    expect([first.state, second.state]).toEqual(['sealed', 'sealed'])
    expect(second.firstAdmittedMs).toBe(middle)
    expect(sent(first)).toEqual(range(0, middle))
    expect(sent(second)).toEqual(range(middle, count))
    expect(positioned(first.acknowledge())).toEqual([[0, range(0, middle)]])
    expect(positioned(second.acknowledge())).toEqual([[0, range(middle, count)]])
  })

  test('isolates each of eight records when it is done three times over', () => {
    let batches = [sealedBatch(8)]

    for (let round = 0; round < 3; round += 1) {
      batches = batches.flatMap((batch) => [batch, batch.split()])
    }

    expect(batches.map(sent)).toEqual(range(0, 8).map((index) => [index]))
  })

  test('gives the second half the history of the first', () => {
    const first = sealedBatch(4)
    first.countedRetries = 2
    first.attempts = 3
    first.mayBePersisted = true

    const { countedRetries, attempts, mayBePersisted } = first.split()

    expect({ countedRetries, attempts, mayBePersisted }).toEqual({
      countedRetries: 2,
      attempts: 3,
      mayBePersisted: true,
    })
  })

  test('refuses to cut a single record', () => {
    const batch = sealedBatch(1)

    expect(() => batch.split()).toThrow('only a batch of several records can be split')
  })
})

describe('Batch.moveOut', () => {
  test('moves each record to the batch of its group, in order, with the same history', () => {
    const batch = sealedBatch(12)
    batch.mayBePersisted = true
    batch.countedRetries = 2
    expireFirst(batch, 1)
    const keys: (string | undefined)[] = []

    const moved = batch.moveOut(({ index }, key) => {
      keys.push(key?.toString())
      return index % 4 === 0 ? undefined : index % 4
    })

    expect(keys).toEqual(range(1, 12).map((index) => `key ${index}`))
    expect([batch, ...moved.values()].map(sent)).toEqual([
      [4, 8],
      [1, 5, 9],
      [2, 6, 10],
      [3, 7, 11],
    ])
    expect([...moved.keys()]).toEqual([1, 2, 3])
    for (const { mayBePersisted, countedRetries, count } of moved.values()) {
      expect([mayBePersisted, countedRetries, count]).toEqual([true, 2, 3])
    }
  })

  test('settles a batch that keeps nothing, and changes none that keeps everything', () => {
    const [left, kept] = [sealedBatch(3), sealedBatch(3)]

    expect([left.moveOut(() => 'away').size, left.state]).toEqual([1, 'settled'])
    expect([kept.moveOut(() => undefined).size, sent(kept)]).toEqual([0, [0, 1, 2]])
  })
})

describe('a batch that is split, cut and sent again', () => {
  test('hands out each record exactly once, and sends the bytes of those it has', () => {
    const anyCuts = fc.array(fc.nat({ max: 3 }), { maxLength: 12 })

    fc.assert(
      fc.property(fc.integer({ min: 1, max: 80 }), anyCuts, (count, cuts) => {
        const expired: number[] = []
        let batches = [sealedBatch(count)]
        for (const cut of cuts) {
          batches = batches.flatMap((batch) => {
            expired.push(...indices(expireFirst(batch, Math.min(cut, batch.count - 1))))
            return batch.count > 1 ? [batch, batch.split()] : [batch]
          })
        }

        const arrived = batches.map((batch) => {
          const bytes = sent(batch)
          return [bytes, batch.acknowledge().flatMap(({ records }) => indices(records))] as const
        })

        expect(arrived.map(([bytes]) => bytes)).toEqual(arrived.map(([, records]) => records))
        expect(arrived.flatMap(([, records]) => records)).toEqual(
          range(0, count).filter((index) => !expired.includes(index)),
        )
        expect(new Set(expired).size).toBe(expired.length)
      }),
      { numRuns: runs(60) },
    )
  })
})

describe('the bytes of a batch that was cut', () => {
  test('are those of a batch that had the rest from the start', () => {
    const batch = sealedBatch(70)
    expireFirst(batch, 3)
    const direct = new RecordBatchWriter(BASE_TIMESTAMP_MS, new ChunkPool())
    for (const index of range(3, 70)) {
      const { record: produced, sizes, timestampMs } = admit(index)
      direct.append(produced, sizes, timestampMs)
    }

    expect(whole(batch.begin())).toEqual(whole(direct.finish()))
  })
})
