import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { refuseBatch } from '@kprf/embedded-broker/testing'
import {
  BATCH_HEADER_BYTES,
  MAX_RECORD_OVERHEAD_BYTES,
  measure,
  RecordBatchWriter,
} from '../../src/producer/record-batch.ts'
import type { ProducerRecord, RecordBytes } from '../../src/producer/types.ts'
import { ChunkPool } from '../../src/producer/chunk-pool.ts'
import { decodeBatch, whole } from '../support/decode-batch.ts'
import {
  decodeWithKafkajs,
  encodeWithKafkajs,
  type KafkajsMessage,
} from '../support/kafkajs-internals.ts'
import { anyText, runs } from '../support/random-runs.ts'

/** kafkajs sorts timestamps as text, so only those of equally many digits can be compared. */
const FIRST_OF_13_DIGITS = 1_000_000_000_000
const LAST_OF_13_DIGITS = 9_999_999_999_999

/** Bounds the search for the smallest counterexample, which for whole batches takes minutes. */
const PATIENCE = { numRuns: runs(150), interruptAfterTimeLimit: runs(4_000) }

interface Stamped {
  readonly record: ProducerRecord
  readonly timestampMs: number
}

const anyString = fc.oneof(
  anyText({ maxLength: 40 }),
  fc.constantFrom('', 'ключ', '日本', '🚀', '\ud800'),
)
const anyBytes: fc.Arbitrary<RecordBytes> = fc.oneof(
  anyString,
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
)
const anyHeader = fc.record({ key: anyString, value: fc.option(anyBytes) })

const anyRecord = (
  headers: fc.Arbitrary<ProducerRecord['headers']>,
): fc.Arbitrary<ProducerRecord> =>
  fc.record({
    topic: fc.constant('t'),
    partition: fc.constant(0),
    key: fc.option(anyBytes),
    value: fc.option(anyBytes),
    headers,
    timestampMs: fc.constant(undefined),
  })

const anyTimestampMs = fc.integer({ min: FIRST_OF_13_DIGITS, max: LAST_OF_13_DIGITS })

const anyStamped = (
  headers: fc.Arbitrary<ProducerRecord['headers']> = fc.array(anyHeader, { maxLength: 4 }),
): fc.Arbitrary<Stamped> => fc.record({ record: anyRecord(headers), timestampMs: anyTimestampMs })

/** kafkajs takes headers as an object, so keys must differ and must not look like array indices. */
const headersForKafkajs = fc
  .uniqueArray(anyHeader, { maxLength: 4, selector: ({ key }) => Buffer.from(key).toString('hex') })
  .map((headers) => headers.map(({ key, value }) => ({ key: `h-${key}`, value: value ?? '' })))

function record(overrides: Partial<ProducerRecord> = {}): ProducerRecord {
  const none = { key: null, value: null, headers: [], timestampMs: undefined }
  return { topic: 't', partition: 0, ...none, ...overrides }
}

function write(
  stamped: readonly Stamped[],
  baseTimestampMs = stamped[0]?.timestampMs ?? 0,
): RecordBatchWriter {
  const writer = new RecordBatchWriter(baseTimestampMs, new ChunkPool())
  for (const { record, timestampMs } of stamped) {
    writer.append(record, measure(record), timestampMs)
  }
  return writer
}

/** Values with a timestamp each, for tests in which nothing else matters. */
function stamp(...timestampsMs: readonly number[]): Stamped[] {
  return timestampsMs.map((timestampMs, index) => ({
    record: record({ value: `value ${index}` }),
    timestampMs,
  }))
}

const forKafkajs = ({ record, timestampMs }: Stamped): KafkajsMessage => ({
  key: record.key,
  value: record.value,
  headers: Object.fromEntries(record.headers.map(({ key, value }) => [key, value ?? ''])),
  timestamp: timestampMs,
})

/** kafkajs takes the smallest timestamp for the base. */
async function expectSameAsKafkajs(stamped: readonly Stamped[]): Promise<void> {
  const baseTimestampMs = Math.min(...stamped.map(({ timestampMs }) => timestampMs))
  const ours = whole(write(stamped, baseTimestampMs).finish())
  const theirs = await encodeWithKafkajs(stamped.map(forKafkajs))
  expect(ours.length).toBe(theirs.length)
  expect(ours.findIndex((byte, at) => byte !== theirs[at])).toBe(-1)
}

const toBuffer = (bytes: RecordBytes | null): Buffer | null =>
  typeof bytes === 'string' ? Buffer.from(bytes) : bytes

describe('RecordBatchWriter', () => {
  test('writes byte for byte what kafkajs writes', async () => {
    const anyBatch = fc.array(anyStamped(headersForKafkajs), { minLength: 1, maxLength: 12 })

    await fc.assert(fc.asyncProperty(anyBatch, expectSameAsKafkajs), PATIENCE)
  })

  test.each([
    ['no key and no value', {}],
    ['an empty key and an empty value', { key: '', value: '' }],
    ['an empty buffer for key and value', { key: Buffer.alloc(0), value: Buffer.alloc(0) }],
    ['a tombstone', { key: 'k' }],
    ['text beyond ASCII', { key: 'ключ', value: '🚀 日本' }],
    ['bytes that are not UTF-8', { key: Buffer.from([0xff, 0]), value: Buffer.from([0xc3, 0x28]) }],
    ['an empty header value', { headers: [{ key: 'h', value: '' }] }],
    ['a value whose length takes two bytes', { value: 'x'.repeat(64) }],
    ['a value whose length takes three bytes', { value: Buffer.alloc(8_192, 7) }],
  ])('writes %s as kafkajs does', async (_, parts) => {
    await expectSameAsKafkajs([{ record: record(parts), timestampMs: FIRST_OF_13_DIGITS }])
  })

  test('writes offset deltas of one, two and three bytes as kafkajs does', async () => {
    const stamped = Array.from({ length: 8_200 }, () => ({
      record: record({ value: 'v' }),
      timestampMs: FIRST_OF_13_DIGITS,
    }))

    await expectSameAsKafkajs(stamped)
  })

  test('writes timestamps more than 2^31 ms apart as kafkajs does', async () => {
    await expectSameAsKafkajs(
      stamp(FIRST_OF_13_DIGITS, FIRST_OF_13_DIGITS + 2 ** 31, LAST_OF_13_DIGITS),
    )
  })

  test.each([1, 2, 12])(
    'writes batches of all sizes around a kibibyte as kafkajs does, in %i records and with more after them',
    async (count) => {
      for (let bytes = 940; bytes < 970; bytes += 1) {
        const sizes = Array.from({ length: count }, (_, index) =>
          index === 0 ? bytes - 10 * (count - 1) : 1,
        )
        const stamped = [...sizes, 5, 2_000].map((size) => ({
          record: record({ value: Buffer.alloc(size, 'x') }),
          timestampMs: FIRST_OF_13_DIGITS,
        }))

        for (const end of [count, count + 1, count + 2]) {
          await expectSameAsKafkajs(stamped.slice(0, end))
        }
      }
    },
  )

  test('grows through many doublings without losing a byte', async () => {
    const stamped = Array.from({ length: 700 }, (_, index) => ({
      record: record({ key: `${index}`, value: Buffer.alloc((index * 37) % 5_000, index) }),
      timestampMs: FIRST_OF_13_DIGITS + index,
    }))

    await expectSameAsKafkajs(stamped)
  })

  test('grows for a record that is larger than twice what there is', async () => {
    await expectSameAsKafkajs([
      ...stamp(FIRST_OF_13_DIGITS),
      { record: record({ value: Buffer.alloc(300_000, 1) }), timestampMs: FIRST_OF_13_DIGITS },
      ...stamp(FIRST_OF_13_DIGITS),
    ])
  })

  test('writes the same bytes into a buffer that begins with room for the header alone', () => {
    const stamped = stamp(5, 6)
    const writer = new RecordBatchWriter(5, new ChunkPool())
    for (const { record, timestampMs } of stamped) {
      writer.append(record, measure(record), timestampMs)
    }

    expect(whole(writer.finish())).toEqual(whole(write(stamped).finish()))
  })

  test('writes strings and their UTF-8 bytes alike', () => {
    const anyNullableText = fc.option(anyString)

    fc.assert(
      fc.property(anyNullableText, anyNullableText, anyString, (key, value, header) => {
        const text = record({ key, value, headers: [{ key: 'h', value: header }] })
        const bytes = record({
          key: toBuffer(key),
          value: toBuffer(value),
          headers: [{ key: 'h', value: Buffer.from(header) }],
        })

        expect(whole(write([{ record: text, timestampMs: 1 }]).finish())).toEqual(
          whole(write([{ record: bytes, timestampMs: 1 }]).finish()),
        )
      }),
    )
  })

  test('keeps duplicate header keys, the order of headers, and null apart from nothing', () => {
    const headers = [
      { key: 'b', value: '1' },
      { key: '7', value: '2' },
      { key: 'b', value: '3' },
      { key: 'a', value: '' },
      { key: 'n', value: null },
    ]

    const [decoded] = decodeBatch(
      whole(write([{ record: record({ headers }), timestampMs: 1 }]).finish()),
    )

    expect(
      decoded?.headers.map(({ key, value }) => ({ key, value: value?.toString() ?? null })),
    ).toEqual(headers)
  })

  test('writes batches that a broker accepts and reads back as they were', () => {
    const anyBatch = fc.array(anyStamped(), { minLength: 1, maxLength: 20 })
    const limits = {
      ...{ maxMessageBytes: Infinity, maxTimestampMs: Infinity, produceVersion: 7 },
      ...{ partition: 't-0', isCompacted: false },
    }

    fc.assert(
      fc.property(anyBatch, (stamped) => {
        const batch = whole(write(stamped).finish())

        expect(refuseBatch(batch, limits)).toBeUndefined()
        expect(decodeBatch(batch)).toEqual(
          stamped.map(({ record: { key, value, headers }, timestampMs }) => ({
            key: toBuffer(key),
            value: toBuffer(value),
            headers: headers.map((header) => ({
              key: Buffer.from(header.key).toString(),
              value: toBuffer(header.value),
            })),
            timestampMs,
          })),
        )
      }),
      PATIENCE,
    )
  })

  test('is an ordinary batch of a producer that is not idempotent', async () => {
    const batch = await decodeWithKafkajs(whole(write(stamp(1_700, 1_600, 1_800)).finish()))

    expect(batch).toMatchObject({
      firstOffset: '0',
      lastOffsetDelta: 2,
      firstTimestamp: '1700',
      maxTimestamp: '1800',
      partitionLeaderEpoch: 0,
      producerId: '-1',
      producerEpoch: 0,
      firstSequence: 0,
      inTransaction: false,
      isControlBatch: false,
    })
    expect(batch.records.map(({ attributes }) => attributes)).toEqual([0, 0, 0])
  })

  test('keeps each timestamp, also far before and far behind the first', async () => {
    const timestampsMs = [2 ** 40, 0, 2 ** 40 - 2 ** 31 - 1, 2 ** 41 + 1, 2 ** 52, 2 ** 40]

    const { records } = await decodeWithKafkajs(whole(write(stamp(...timestampsMs)).finish()))

    expect(records.map(({ timestamp }) => Number(timestamp))).toEqual(timestampsMs)
  })

  test('gives the largest timestamp as a number, where kafkajs gives the last as text', async () => {
    const stamped = stamp(999, 1_000)

    const ours = await decodeWithKafkajs(whole(write(stamped).finish()))
    const theirs = await decodeWithKafkajs(await encodeWithKafkajs(stamped.map(forKafkajs)))

    expect(ours.maxTimestamp).toBe('1000')
    expect(theirs.maxTimestamp).toBe('999')
  })

  test('gives the largest of any timestamps', () => {
    const anyTimestamps = fc.array(fc.integer({ min: 0, max: 2 ** 52 }), { minLength: 1 })

    fc.assert(
      fc.property(anyTimestamps, (timestampsMs) => {
        const batch = whole(write(stamp(...timestampsMs)).finish())

        expect(Number(batch.readBigInt64BE(35))).toBe(Math.max(...timestampsMs))
      }),
    )
  })

  test('says the size that the batch turns out to have', () => {
    const anyBatch = fc.array(anyStamped(), { maxLength: 8 })

    fc.assert(
      fc.property(anyBatch, (stamped) => {
        const writer = write(stamped)

        expect(writer.count).toBe(stamped.length)
        expect(whole(writer.finish()).length).toBe(writer.sizeBytes)
      }),
    )
  })
})

describe('RecordBatchWriter.finish', () => {
  test('gives the same bytes again', () => {
    const writer = write(stamp(1, 2, 3))
    const first = Buffer.from(whole(writer.finish()))

    expect(whole(writer.finish())).toEqual(first)
  })

  test('gives a whole batch again after more was appended', () => {
    const stamped = stamp(1, 20, 3)
    const writer = write(stamped.slice(0, 1))
    whole(writer.finish())

    for (const { record, timestampMs } of stamped.slice(1)) {
      writer.append(record, measure(record), timestampMs)
    }

    expect(whole(writer.finish())).toEqual(whole(write(stamped).finish()))
  })
})

describe('RecordBatchWriter.appendFrom', () => {
  /** Positions up to a count: those from one to another, or any. */
  function anyPositions(count: number): fc.Arbitrary<Set<number>> {
    const bound = fc.nat(count)
    const slice = fc.tuple(bound, bound).map((bounds) => {
      const [from, to] = [Math.min(...bounds), Math.max(...bounds)]
      return Array.from({ length: to - from }, (_, index) => from + index)
    })
    const any = fc.subarray(Array.from({ length: count }, (_, index) => index))
    return fc.oneof(slice, any).map((positions) => new Set(positions))
  }

  test('gives the bytes of a batch that had these records alone', () => {
    const anySource = fc
      .array(anyStamped(), { minLength: 1, maxLength: 12 })
      .chain((stamped) => fc.tuple(fc.constant(stamped), anyPositions(stamped.length)))

    fc.assert(
      fc.property(anySource, ([stamped, taken]) => {
        const baseTimestampMs = stamped[0]?.timestampMs ?? 0
        const part = new RecordBatchWriter(baseTimestampMs, new ChunkPool())

        part.appendFrom(write(stamped), (position) => taken.has(position))

        const chosen = stamped.filter((_, position) => taken.has(position))
        const direct = write(chosen, baseTimestampMs)
        expect(part.count).toBe(taken.size)
        expect(whole(part.finish())).toEqual(whole(direct.finish()))
      }),
    )
  })

  test('renumbers records whose offsets took more bytes, and keeps the rest of them', async () => {
    const stamped = Array.from({ length: 200 }, (_, index) => ({
      record: record({ key: `k${index}`, value: `v${index}`, headers: [{ key: 'h', value: 'x' }] }),
      timestampMs: 5_000 - index,
    }))
    const rest = new RecordBatchWriter(5_000, new ChunkPool())

    rest.appendFrom(write(stamped), (position) => position >= 150)

    const { records, maxTimestamp } = await decodeWithKafkajs(whole(rest.finish()))
    expect(maxTimestamp).toBe('4850')
    expect(
      records.map(({ offset, key, value, timestamp, headers }) => [
        offset,
        key?.toString(),
        value?.toString(),
        timestamp,
        String(headers['h']),
      ]),
    ).toEqual(
      Array.from({ length: 50 }, (_, index) => [
        `${index}`,
        `k${index + 150}`,
        `v${index + 150}`,
        `${4_850 - index}`,
        'x',
      ]),
    )
  })

  test('appends behind what is there', () => {
    const stamped = stamp(1, 2, 3, 4)
    const writer = write(stamped.slice(0, 2))

    writer.appendFrom(write(stamped), (position) => position >= 2)

    expect(whole(writer.finish())).toEqual(whole(write(stamped).finish()))
  })

  test('leaves its source as it was', () => {
    const source = write(stamp(1, 2, 3))
    const before = Buffer.from(whole(source.finish()))

    new RecordBatchWriter(1, new ChunkPool()).appendFrom(source, (position) => position >= 1)

    expect(whole(source.finish())).toEqual(before)
  })
})

describe('measure', () => {
  test('counts bytes, not characters', () => {
    const headers = [{ key: 'é', value: Buffer.alloc(3) }]

    const sizes = measure(record({ key: 'ключ', value: Buffer.alloc(5), headers }))

    // One byte for the length of the header's key, and one for that of its value.
    expect(sizes).toEqual({ keyBytes: 8, valueBytes: 5, headersBytes: 1 + 2 + 1 + 3 })
  })

  test('counts lengths of headers that take more than one byte', () => {
    const headers = [{ key: 'k'.repeat(64), value: 'v'.repeat(8_192) }]

    expect(measure(record({ headers })).headersBytes).toBe(2 + 64 + 3 + 8_192)
  })

  test('counts nothing for what is null', () => {
    expect(measure(record())).toEqual({ keyBytes: 0, valueBytes: 0, headersBytes: 0 })
  })

  test('and 36 more are at least what the record takes in its batch', () => {
    fc.assert(
      fc.property(anyStamped(), anyTimestampMs, (stamped, baseTimestampMs) => {
        const { keyBytes, valueBytes, headersBytes } = measure(stamped.record)

        const takenBytes = write([stamped], baseTimestampMs).sizeBytes - BATCH_HEADER_BYTES

        expect(takenBytes).toBeLessThanOrEqual(
          MAX_RECORD_OVERHEAD_BYTES + keyBytes + valueBytes + headersBytes,
        )
      }),
    )
  })
})
