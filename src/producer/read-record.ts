/** Reads records that {@link RecordBatchWriter} has written. */
import type { EncodedRecord } from './record-batch.ts'
import type { RecordHeader } from './types.ts'
import { readVarint } from './varint.ts'

/** The parts of a record. The buffers are views of the memory that it was read from. */
export interface RecordParts {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly RecordHeader[]
}

/** Returns the parts of an encoded record. */
export function readRecord(encoded: EncodedRecord): RecordParts {
  const { chunk } = encoded
  const [key, afterKey] = readNullable(chunk, bodyOf(encoded))
  const [value, afterValue] = readNullable(chunk, afterKey)
  const [headerCount, headersAt] = readVarint(chunk, afterValue)
  return { key, value, headers: readHeaders(chunk, headersAt, headerCount) }
}

/** Returns the key of an encoded record. */
export function readKey(encoded: EncodedRecord): Buffer | null {
  return readNullable(encoded.chunk, bodyOf(encoded))[0]
}

/** The offset of its key: behind its length, attributes, timestamp and offset. */
function bodyOf({ chunk, at }: EncodedRecord): number {
  const [, start] = readVarint(chunk, at)
  const [, afterTimestamp] = readVarint(chunk, start + 1)
  const [, bodyAt] = readVarint(chunk, afterTimestamp)
  return bodyAt
}

function readHeaders(chunk: Buffer, headersAt: number, count: number): RecordHeader[] {
  const headers: RecordHeader[] = []
  let at = headersAt
  while (headers.length < count) {
    const [key, afterKey] = readBytes(chunk, at)
    const [value, afterValue] = readNullable(chunk, afterKey)
    headers.push({ key: key.toString('utf8'), value })
    at = afterValue
  }
  return headers
}

function readNullable(chunk: Buffer, at: number): [bytes: Buffer | null, end: number] {
  const [length, start] = readVarint(chunk, at)
  return length < 0 ? [null, start] : readBytes(chunk, at)
}

function readBytes(chunk: Buffer, at: number): [bytes: Buffer, end: number] {
  const [length, start] = readVarint(chunk, at)
  return [chunk.subarray(start, start + length), start + length]
}
