/**
 * Kafka's record batch, format 2 (KIP-98), written record by record into one growing buffer: a
 * record is encoded once, at admission, and its bytes then go to the socket as they are.
 *
 * | offset | size | field                                                   |
 * | -----: | ---: | ------------------------------------------------------- |
 * |      0 |    8 | base offset (0: the broker assigns it)                  |
 * |      8 |    4 | length of all that follows                              |
 * |     12 |    4 | partition leader epoch (the broker's)                   |
 * |     16 |    1 | magic = 2                                               |
 * |     17 |    4 | CRC-32C of all that follows                             |
 * |     21 |    2 | attributes: codec in bits 0-2, CreateTime               |
 * |     23 |    4 | last offset delta = records - 1                         |
 * |     27 |    8 | base timestamp, ms                                      |
 * |     35 |    8 | max timestamp, ms                                       |
 * |     43 |    8 | producer id; -1: not idempotent                         |
 * |     51 |    2 | producer epoch                                          |
 * |     53 |    4 | base sequence: number of the first record               |
 * |     57 |    4 | number of records                                       |
 * |     61 |    - | records                                                 |
 *
 * A record: length, attributes (0), timestamp delta, offset delta, key, value, headers; all lengths
 * are varints, all integers are big-endian.
 */
import { crc32c } from './crc32c.ts'
import type { SequenceClaim } from './idempotence.ts'
import type { ProducerRecord, RecordBytes } from './types.ts'
import { readVarint, sizeOfVarint, writeVarint } from './varint.ts'

/** Bytes of a batch before its first record. */
export const BATCH_HEADER_BYTES = 61
/**
 * What librdkafka adds to key, value and headers when it compares a record with message.max.bytes:
 * the most that the rest of a record can take.
 */
export const MAX_RECORD_OVERHEAD_BYTES = 36

const LENGTH_AT = 8
const MAGIC_AT = 16
const CRC_AT = 17
const ATTRIBUTES_AT = 21
const MAGIC = 2
const RECORD_ATTRIBUTES = 0
/** Kafka's own sign for it; only a batch without records has it. */
const NO_TIMESTAMP = -1
/** Librdkafka's and kafkajs's way to say it; the Java client writes -1 for all three. */
const NOT_IDEMPOTENT: SequenceClaim = { producerId: -1n, epoch: 0, sequence: 0 }
/** A batch of one small record should not hold a page; a large one doubles its way up. */
const INITIAL_CAPACITY_BYTES = 1024

/** Bytes that `bytes` takes on the wire, its length prefix left out; null takes none. */
function byteLength(bytes: RecordBytes | null): number {
  if (bytes === null) return 0
  return typeof bytes === 'string' ? Buffer.byteLength(bytes) : bytes.length
}

/** Bytes of a record's headers on the wire, each key and value with its length; not their count. */
function headersByteLength(headers: ProducerRecord['headers']): number {
  let size = 0
  for (const { key, value } of headers) {
    const keyBytes = Buffer.byteLength(key)
    const valueBytes = byteLength(value)
    size += sizeOfVarint(keyBytes) + keyBytes + sizeOfVarint(valueBytes) + valueBytes
  }
  return size
}

/** The sizes of one record, measured once and used for the limits, the budget and the encoding. */
export interface RecordSizes {
  readonly keyBytes: number
  readonly valueBytes: number
  readonly headersBytes: number
}

/** Measures a record. */
export function measure(record: ProducerRecord): RecordSizes {
  return {
    keyBytes: byteLength(record.key),
    valueBytes: byteLength(record.value),
    headersBytes: headersByteLength(record.headers),
  }
}

/** Writes one batch. Between calls, `#buffer[0..#end)` is a whole batch but for its header. */
export class RecordBatchWriter {
  readonly #baseTimestampMs: number
  #buffer: Buffer
  #end = BATCH_HEADER_BYTES
  #count = 0
  #maxTimestampMs = NO_TIMESTAMP

  /** @param baseTimestampMs - timestamp that the records' deltas are relative to. */
  constructor(baseTimestampMs: number, capacityBytes = INITIAL_CAPACITY_BYTES) {
    this.#baseTimestampMs = baseTimestampMs
    this.#buffer = Buffer.allocUnsafeSlow(Math.max(capacityBytes, BATCH_HEADER_BYTES))
  }

  /** Records written so far. */
  get count(): number {
    return this.#count
  }

  /** Bytes of the batch so far, header included. */
  get sizeBytes(): number {
    return this.#end
  }

  /** Appends a record. */
  append(record: ProducerRecord, sizes: RecordSizes, timestampMs: number): void {
    const { keyBytes, valueBytes, headersBytes } = sizes
    const timestampDelta = timestampMs - this.#baseTimestampMs
    const bodyBytes =
      sizeOfNullable(record.key, keyBytes) +
      sizeOfNullable(record.value, valueBytes) +
      sizeOfVarint(record.headers.length) +
      headersBytes
    let at = this.#begin(timestampDelta, bodyBytes)
    at = writeNullable(this.#buffer, at, record.key, keyBytes)
    at = writeNullable(this.#buffer, at, record.value, valueBytes)
    at = writeVarint(this.#buffer, at, record.headers.length)
    for (const { key, value } of record.headers) {
      at = writeNullable(this.#buffer, at, key, Buffer.byteLength(key))
      at = writeNullable(this.#buffer, at, value, byteLength(value))
    }
    this.#finish(at, timestampMs)
  }

  /** Appends records `from` up to `to` of another batch with the same base timestamp, renumbered. */
  appendFrom(source: RecordBatchWriter, from: number, to: number): void {
    let at = BATCH_HEADER_BYTES
    for (let index = 0; index < to; index++) {
      const [length, start] = readVarint(source.#buffer, at)
      at = start + length
      if (index < from) continue
      const [timestampDelta, afterTimestamp] = readVarint(source.#buffer, start + 1)
      const [, bodyStart] = readVarint(source.#buffer, afterTimestamp)
      const writeAt = this.#begin(timestampDelta, at - bodyStart)
      source.#buffer.copy(this.#buffer, writeAt, bodyStart, at)
      this.#finish(writeAt + at - bodyStart, this.#baseTimestampMs + timestampDelta)
    }
  }

  /**
   * Completes the header and returns the whole batch: a view, not a copy, so nothing may be
   * appended while it is being sent. May be called again, after more was appended.
   *
   * @param claim - by what Kafka recognises the batch if it comes twice; `undefined` for not at all.
   */
  finish(claim: SequenceClaim = NOT_IDEMPOTENT): Buffer {
    const buffer = this.#buffer
    buffer.fill(0, 0, LENGTH_AT)
    buffer.writeInt32BE(this.#end - LENGTH_AT - 4, LENGTH_AT)
    buffer.writeInt32BE(0, 12)
    buffer.writeInt8(MAGIC, MAGIC_AT)
    buffer.writeInt16BE(0, ATTRIBUTES_AT)
    buffer.writeInt32BE(this.#count - 1, 23)
    buffer.writeBigInt64BE(BigInt(this.#baseTimestampMs), 27)
    buffer.writeBigInt64BE(BigInt(this.#maxTimestampMs), 35)
    buffer.writeBigInt64BE(claim.producerId, 43)
    buffer.writeInt16BE(claim.epoch, 51)
    buffer.writeInt32BE(claim.sequence, 53)
    buffer.writeInt32BE(this.#count, 57)
    buffer.writeUInt32BE(crc32c(buffer, ATTRIBUTES_AT, this.#end), CRC_AT)
    return buffer.subarray(0, this.#end)
  }

  /** Makes room for a record and writes what comes before its key; returns where the key goes. */
  #begin(timestampDelta: number, bodyBytes: number): number {
    const length = 1 + sizeOfVarint(timestampDelta) + sizeOfVarint(this.#count) + bodyBytes
    this.#ensure(this.#end + sizeOfVarint(length) + length)
    const at = writeVarint(this.#buffer, this.#end, length)
    this.#buffer[at] = RECORD_ATTRIBUTES
    return writeVarint(this.#buffer, writeVarint(this.#buffer, at + 1, timestampDelta), this.#count)
  }

  #finish(end: number, timestampMs: number): void {
    this.#end = end
    this.#count += 1
    if (timestampMs > this.#maxTimestampMs) this.#maxTimestampMs = timestampMs
  }

  #ensure(capacity: number): void {
    if (capacity <= this.#buffer.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(capacity, this.#buffer.length * 2))
    this.#buffer.copy(grown, 0, 0, this.#end)
    this.#buffer = grown
  }
}

function sizeOfNullable(bytes: RecordBytes | null, size: number): number {
  return bytes === null ? 1 : sizeOfVarint(size) + size
}

/** Writes a length (-1 for null) and the bytes; returns the offset behind them. */
function writeNullable(
  buffer: Buffer,
  offset: number,
  bytes: RecordBytes | null,
  size: number,
): number {
  if (bytes === null) return writeVarint(buffer, offset, -1)
  const at = writeVarint(buffer, offset, size)
  if (typeof bytes === 'string') buffer.write(bytes, at, size, 'utf8')
  else bytes.copy(buffer, at)
  return at + size
}
