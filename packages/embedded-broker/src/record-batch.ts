/**
 * Record batches of message format 2, the only one served: the header, and what a broker checks
 * before it stores a batch.
 *
 * ```text
 * offset size field                    offset size field
 *      0    8 base offset                  27    8 base timestamp
 *      8    4 length after this field      35    8 max timestamp
 *     12    4 partition leader epoch       43    8 producer id
 *     16    1 magic (2)                    51    2 producer epoch
 *     17    4 CRC-32C from 21 on           53    4 base sequence
 *     21    2 attributes                   57    4 record count
 *     23    4 last offset delta            61      records
 * ```
 */
import { type BatchRefusal, invalidRecord, refusal } from './batch-refusal.ts'
import { crc32c } from './crc32c.ts'
import { ErrorCode } from './protocol/error-code.ts'
import { refuseRecords, type RecordRules } from './record-rules.ts'

/** Bytes before the first record. */
export const BATCH_HEADER_BYTES = 61

/** Base offset and length: what precedes the bytes that the length counts. */
const BATCH_PREFIX_BYTES = 12

/** Below this length Kafka reports the batch as corrupt rather than truncated. */
const SMALLEST_RECORD_BYTES = 14

const COMPRESSION_MASK = 0x07
const CONTROL_FLAG = 0x20
const ZSTD = 4
const FIRST_PRODUCE_VERSION_WITH_ZSTD = 7

/** The header fields that the broker needs. */
export interface BatchHeader {
  readonly sizeBytes: number
  readonly attributes: number
  readonly lastOffsetDelta: number
  readonly baseTimestampMs: number
  readonly maxTimestampMs: number
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly recordCount: number
}

/** Limits on a batch. */
export interface BatchLimits extends RecordRules {
  readonly maxMessageBytes: number
  readonly produceVersion: number
}

/** 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd. */
export function compressionOf(header: BatchHeader): number {
  return header.attributes & COMPRESSION_MASK
}

/** Reads the header of a complete batch. */
export function readBatchHeader(batch: Buffer): BatchHeader {
  return {
    sizeBytes: BATCH_PREFIX_BYTES + batch.readInt32BE(8),
    attributes: batch.readInt16BE(21),
    lastOffsetDelta: batch.readInt32BE(23),
    baseTimestampMs: Number(batch.readBigInt64BE(27)),
    maxTimestampMs: Number(batch.readBigInt64BE(35)),
    producerId: batch.readBigInt64BE(43),
    producerEpoch: batch.readInt16BE(51),
    baseSequence: batch.readInt32BE(53),
    recordCount: batch.readInt32BE(57),
  }
}

/** Checks the record set of one produced partition in the order Kafka does. */
export function refuseBatch(records: Buffer, limits: BatchLimits): BatchRefusal | undefined {
  return refuseFraming(records) ?? refuseContent(records, limits)
}

/** There must be exactly one complete batch, of format 2. */
function refuseFraming(records: Buffer): BatchRefusal | undefined {
  if (records.length < BATCH_PREFIX_BYTES) return invalidRecord('there is no record batch')
  const lengthBytes = records.readInt32BE(8)
  if (lengthBytes < SMALLEST_RECORD_BYTES) {
    return refusal(ErrorCode.CORRUPT_MESSAGE, `batch length ${lengthBytes} is below the minimum`)
  }
  const sizeBytes = BATCH_PREFIX_BYTES + lengthBytes
  if (records.length < sizeBytes) return invalidRecord('the record batch is cut short')
  const magic = records.readInt8(16)
  if (magic !== 2) return invalidRecord(`record batch magic is ${magic}, not 2`)
  if (records.length > sizeBytes) return invalidRecord('there is more than one record batch')
  if (sizeBytes < BATCH_HEADER_BYTES) {
    return refusal(ErrorCode.CORRUPT_MESSAGE, 'the record batch is shorter than its header')
  }
  return undefined
}

function refuseContent(batch: Buffer, limits: BatchLimits): BatchRefusal | undefined {
  if (batch.length > limits.maxMessageBytes) {
    return refusal(ErrorCode.MESSAGE_TOO_LARGE, null)
  }
  if (batch.readUInt32BE(17) !== crc32c(batch.subarray(21))) {
    return refusal(ErrorCode.CORRUPT_MESSAGE, 'the checksum does not match')
  }
  const header = readBatchHeader(batch)
  const bytes = batch.subarray(BATCH_HEADER_BYTES)
  const set = { bytes, codec: compressionOf(header), ...header }
  return refuseHeader(batch, header, limits) ?? refuseRecords(set, limits)
}

function refuseHeader(
  batch: Buffer,
  header: BatchHeader,
  limits: BatchLimits,
): BatchRefusal | undefined {
  if (batch.readBigInt64BE(0) !== 0n) return invalidRecord('the base offset is not 0')
  if ((header.attributes & CONTROL_FLAG) !== 0) {
    return invalidRecord('clients may not write control batches')
  }
  if (header.recordCount <= 0) return invalidRecord('the batch has no records')
  if (header.lastOffsetDelta !== header.recordCount - 1) {
    return invalidRecord('the record count does not match the offsets')
  }
  if (header.producerId >= 0n && header.baseSequence < 0) {
    return invalidRecord('a producer id needs a sequence number')
  }
  const compression = compressionOf(header)
  if (
    compression > ZSTD ||
    (compression === ZSTD && limits.produceVersion < FIRST_PRODUCE_VERSION_WITH_ZSTD)
  ) {
    return refusal(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, `compression type ${compression}`)
  }
  return undefined
}
