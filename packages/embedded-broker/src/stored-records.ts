/** Decodes the records of a log, for assertions and for people. */
import type { CompressionName } from './compression/decompress.ts'
import { compressionNames, decompress } from './compression/decompress.ts'
import type { PartitionLog, StoredBatch } from './partition-log.ts'
import { Reader } from './protocol/reader.ts'
import { BATCH_HEADER_BYTES, compressionOf } from './record-batch.ts'
import type { StoredHeader } from './records.ts'
import { readRecord, skipRecord } from './records.ts'

/** One record of a partition's log. */
export interface StoredRecord {
  readonly partition: number
  readonly offset: bigint
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly StoredHeader[]
  readonly timestampMs: number
  /** How the record's batch was compressed. */
  readonly compression: CompressionName
}

/** The records of a partition, oldest first. */
export function storedRecords(partition: number, log: PartitionLog): readonly StoredRecord[] {
  return log.batches().flatMap((batch) => recordsOf(partition, batch))
}

/**
 * The records of one batch. Throws when they cannot be decoded.
 *
 * @param count - only so many of the last ones. @defaultValue all
 */
export function recordsOf(
  partition: number,
  { baseOffset, header, bytes }: StoredBatch,
  count = header.recordCount,
): readonly StoredRecord[] {
  const codec = compressionOf(header)
  const reader = new Reader(decompress(bytes.subarray(BATCH_HEADER_BYTES), codec))
  const decoded = Math.min(count, header.recordCount)
  for (let skipped = decoded; skipped < header.recordCount; skipped += 1) skipRecord(reader)
  return Array.from({ length: decoded }, () => {
    const { offsetDelta, timestampDeltaMs, key, value, headers } = readRecord(reader)
    return {
      partition,
      offset: baseOffset + BigInt(offsetDelta),
      key,
      value,
      headers,
      timestampMs: header.baseTimestampMs + timestampDeltaMs,
      compression: compressionNames[codec] ?? 'none',
    }
  })
}
