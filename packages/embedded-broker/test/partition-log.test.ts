import { describe, expect, test } from 'vitest'
import { PartitionLog } from '../src/partition-log.ts'
import { readBatchHeader } from '../src/record-batch.ts'
import { recordBatch } from './support/batch-builder.ts'

const batch = recordBatch({ records: [{ value: 'a' }, { value: 'b' }] })
const everything = { maxBytes: 1_000_000, isFirstWhole: true }

function logOf(batches: number, maxBytes = 1_000_000): PartitionLog {
  const log = new PartitionLog(maxBytes)
  for (let count = 0; count < batches; count += 1) log.append(batch, readBatchHeader(batch), 3)
  return log
}

describe('PartitionLog', () => {
  test('is empty from offset 0 on', () => {
    const log = logOf(0)

    expect([log.startOffset, log.endOffset, log.sizeBytes]).toEqual([0n, 0n, 0])
    expect(log.read(0n, everything)).toEqual([])
  })

  test('gives consecutive offsets and writes them into what it stores', () => {
    const log = logOf(3)

    const [, second] = log.read(0n, everything)

    expect(log.endOffset).toBe(6n)
    expect(second?.readBigInt64BE(0)).toBe(2n)
    expect(second?.readInt32BE(12)).toBe(3)
    expect(second?.subarray(16)).toEqual(batch.subarray(16))
  })

  test('keeps a copy, so that the bytes it was given may change', () => {
    const given = Buffer.from(batch)
    const log = new PartitionLog(1_000)
    log.append(given, readBatchHeader(given), 0)

    given.fill(0)

    expect(log.read(0n, everything)[0]?.subarray(16)).toEqual(batch.subarray(16))
  })

  test.each([
    [0n, 3],
    [1n, 3],
    [2n, 2],
    [5n, 1],
    [6n, 0],
  ])('reads from the batch that holds offset %i', (offset, count) => {
    expect(logOf(3).read(offset, everything)).toHaveLength(count)
  })

  test.each([
    [batch.length * 2, true, 2],
    [batch.length * 2 - 1, true, 1],
    [0, true, 1],
    [batch.length - 1, false, 0],
    [batch.length, false, 1],
  ])('reads %i bytes, the first batch whole: %s', (maxBytes, isFirstWhole, count) => {
    expect(logOf(3).read(0n, { maxBytes, isFirstWhole })).toHaveLength(count)
  })

  test('drops the oldest batches beyond its size, and moves its start', () => {
    const log = logOf(100, batch.length * 3)

    expect(log.sizeBytes).toBe(batch.length * 3)
    expect([log.startOffset, log.endOffset]).toEqual([194n, 200n])
    expect(log.batches().map(({ baseOffset }) => baseOffset)).toEqual([194n, 196n, 198n])
    expect(log.read(196n, everything)).toHaveLength(2)
  })

  test('keeps exactly its size, and the newest batch even when that alone is larger', () => {
    expect(logOf(3, batch.length * 3).startOffset).toBe(0n)
    expect(logOf(3, batch.length * 3 - 1).startOffset).toBe(2n)
    expect(logOf(3, 1).startOffset).toBe(4n)
  })
})
