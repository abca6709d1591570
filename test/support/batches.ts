import { ChunkPool } from '../../src/producer/chunk-pool.ts'
import type { SequenceClaim } from '../../src/producer/idempotence.ts'
import { measure, RecordBatchWriter } from '../../src/producer/record-batch.ts'
import type { EncodedBatch } from '../../src/producer/transport.ts'
import type { ProducerRecord } from '../../src/producer/types.ts'

const BASE_TIMESTAMP_MS = 1_700_000_000_000

/** Encodes records, one millisecond apart, as the queue does: many records in several pieces. */
export function encodedBatch(
  records: readonly ProducerRecord[],
  { partition = 0, claim }: { readonly partition?: number; readonly claim?: SequenceClaim } = {},
): EncodedBatch {
  const writer = new RecordBatchWriter(BASE_TIMESTAMP_MS, new ChunkPool())
  for (const [index, record] of records.entries()) {
    writer.append(record, measure(record), BASE_TIMESTAMP_MS + index)
  }
  const pieces = writer.finish(claim)
  return { topic: 't', partition, pieces, sizeBytes: writer.sizeBytes }
}
