import { describe, expect, test } from 'vitest'
import { refuseBatch } from '../src/record-batch.ts'
import type { BatchFields } from './support/batch-builder.ts'
import { encodeRecords, recordBatch, reseal } from './support/batch-builder.ts'

const limits = {
  ...{ maxMessageBytes: 200, maxTimestampMs: 1_700_000_000_000, produceVersion: 7 },
  ...{ partition: 't-0', isCompacted: false },
}
const codeOf = (batch: Buffer, changed: Partial<typeof limits> = {}): number =>
  refuseBatch(batch, { ...limits, ...changed })?.errorCode ?? 0

const twoRecords = [
  { key: 'k', value: 'v', headers: { h: 'x' } },
  { key: null, value: null },
]

describe('refuseBatch', () => {
  test.each<[string, BatchFields]>([
    ['one record', {}],
    ['several records', { records: twoRecords }],
    ['a compressed batch, which is not opened', { attributes: 1, body: Buffer.from('whatever') }],
    ['the latest timestamp allowed', { baseTimestampMs: limits.maxTimestampMs }],
    ['a record older than its batch', { records: [{ value: 'v', timestampDeltaMs: -5 }] }],
    ['a producer with a sequence', { producerId: 7n, producerEpoch: 0, baseSequence: 0 }],
  ])('lets %s pass', (_, fields) => {
    expect(refuseBatch(recordBatch(fields), limits)).toBeUndefined()
  })

  test.each<[string, BatchFields, number]>([
    ['a record count above the records', { recordCount: 3, records: twoRecords }, 87],
    ['a record count of none', { recordCount: 0, records: [] }, 87],
    ['a last offset that does not fit the count', { lastOffsetDelta: 5 }, 87],
    ['offsets that skip', { records: [{ value: 'a' }, { value: 'b', offsetDelta: 2 }] }, 87],
    ['a base offset', { baseOffset: 9n }, 87],
    ['a control batch', { attributes: 0x20 }, 87],
    ['a producer without a sequence', { producerId: 7n, baseSequence: -1 }, 87],
    [
      'bytes after the last record',
      { body: Buffer.concat([encodeRecords([{}]), Buffer.alloc(1)]) },
      87,
    ],
    ['a record that ends too soon', { body: encodeRecords([{ value: 'abc' }]).subarray(0, 6) }, 87],
    [
      'a record whose length is too short',
      { body: shortened(encodeRecords([{ value: 'abc' }])) },
      87,
    ],
    ['a timestamp ahead of the limit', { baseTimestampMs: limits.maxTimestampMs + 1 }, 32],
    [
      'a record ahead of the limit',
      { records: [{ timestampDeltaMs: 1 }], baseTimestampMs: limits.maxTimestampMs },
      32,
    ],
    ['an unknown compression', { attributes: 5 }, 76],
  ])('refuses %s', (_, fields, errorCode) => {
    expect(codeOf(recordBatch(fields))).toBe(errorCode)
  })

  test('refuses a batch one byte over the limit, and lets one at the limit pass', () => {
    const batch = recordBatch()

    expect(codeOf(batch, { maxMessageBytes: batch.length })).toBe(0)
    expect(codeOf(batch, { maxMessageBytes: batch.length - 1 })).toBe(10)
  })

  test('refuses zstd from a client that speaks too old a version', () => {
    const batch = recordBatch({ attributes: 4, body: Buffer.from('zstd') })

    expect(codeOf(batch, { produceVersion: 6 })).toBe(76)
    expect(codeOf(batch, { produceVersion: 7 })).toBe(0)
  })

  test.each([...recordBatch().keys()].slice(21))('notices a flipped bit in byte %i', (index) => {
    const batch = recordBatch()
    batch.writeUInt8(batch.readUInt8(index) ^ 0x10, index)

    expect(codeOf(batch)).toBe(2)
  })

  test.each([
    ['nothing', Buffer.alloc(0), 87],
    ['less than a length', Buffer.alloc(11), 87],
    ['a batch cut short', recordBatch().subarray(0, -1), 87],
    ['two batches', Buffer.concat([recordBatch(), recordBatch()]), 87],
    ['a batch of format 1', withByte(16, 1), 87],
    ['a length below the least', withLength(13), 2],
    ['a length below a header', withLength(30).subarray(0, 42), 2],
    ['a negative length', withLength(-1), 2],
  ])('refuses %s', (_, batch, errorCode) => {
    expect(codeOf(batch)).toBe(errorCode)
  })
})

function withByte(index: number, value: number): Buffer {
  const batch = recordBatch()
  batch.writeInt8(value, index)
  return reseal(batch)
}

function withLength(lengthBytes: number): Buffer {
  const batch = recordBatch()
  batch.writeInt32BE(lengthBytes, 8)
  return batch
}

function shortened(records: Buffer): Buffer {
  const copy = Buffer.from(records)
  copy.writeUInt8(copy.readUInt8(0) - 2, 0)
  return copy
}
