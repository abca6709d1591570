import { decompress, Reader, readRecord, type StoredHeader } from '@kprf/embedded-broker/testing'

/** Concatenates the pieces of a batch. */
export function whole(bytes: Buffer | readonly Buffer[]): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.concat(bytes)
}

/** A decoded record of a batch. */
export interface DecodedRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly StoredHeader[]
  readonly timestampMs: number
}

/** Reads a record batch, in pieces or whole, with the embedded broker's readers; offsets must count from 0. */
export function decodeBatch(bytes: Buffer | readonly Buffer[]): DecodedRecord[] {
  const batch = whole(bytes)
  const baseTimestampMs = Number(batch.readBigInt64BE(27))
  const reader = new Reader(decompress(batch.subarray(61), codecOf(batch)))
  return Array.from({ length: batch.readInt32BE(57) }, (_, position) => {
    const { offsetDelta, timestampDeltaMs, key, value, headers } = readRecord(reader)
    if (offsetDelta !== position) throw new Error(`offset delta ${offsetDelta} at ${position}`)
    return { key, value, headers, timestampMs: baseTimestampMs + timestampDeltaMs }
  })
}

/** Kafka's number of the codec that a record batch, in pieces or whole, is compressed with; 0 for none. */
export function codecOf(bytes: Buffer | readonly Buffer[]): number {
  return whole(bytes).readInt16BE(21) & 7
}

/** The producer id, epoch and sequence of a batch. */
export interface DecodedClaim {
  readonly producerId: number
  readonly epoch: number
  readonly sequence: number
}

/** Reads the {@link DecodedClaim} of a record batch, in pieces or whole. */
export function decodeClaim(bytes: Buffer | readonly Buffer[]): DecodedClaim {
  const batch = whole(bytes)
  return {
    producerId: Number(batch.readBigInt64BE(43)),
    epoch: batch.readInt16BE(51),
    sequence: batch.readInt32BE(53),
  }
}
