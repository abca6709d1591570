/**
 * Encodes Kafka's record batch, format 2 (KIP-98), record by record into chunks of memory. A record is encoded once,
 * at admission, and its bytes are sent from there.
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
import { CHUNK_BYTES, type ChunkPool, LARGEST_CHUNK_BYTES } from './chunk-pool.ts'
import { combineCrc32c, crc32c } from './crc32c.ts'
import type { SequenceClaim } from './idempotence.ts'
import type { ProducerRecord, RecordBytes } from './types.ts'
import { readVarint, sizeOfVarint, writeVarint } from './varint.ts'

/** Size of the batch header, before the first record. */
export const BATCH_HEADER_BYTES = 61
/**
 * The overhead that librdkafka adds to key, value and headers when it compares a record with message.max.bytes: the
 * largest possible size of the other fields.
 */
export const MAX_RECORD_OVERHEAD_BYTES = 36

/** Offsets of length, checksum and attributes. */
export const LENGTH_AT = 8
export const CRC_AT = 17
export const ATTRIBUTES_AT = 21
const MAGIC_AT = 16
const MAGIC = 2
const RECORD_ATTRIBUTES = 0
/** Kafka's value for "no timestamp"; only a batch without records has it. */
const NO_TIMESTAMP = -1
/** The values of librdkafka and kafkajs; the Java client writes -1 in all three fields. */
const NOT_IDEMPOTENT: SequenceClaim = { producerId: -1n, epoch: 0, sequence: 0 }

const TWO_TO_32 = 2 ** 32
/**
 * Up to this size, bytes, the checksum of a batch is computed when it is sent: all of it is in one chunk, and to
 * combine two checksums takes longer.
 */
const SMALL_BYTES = CHUNK_BYTES[0]

/** Size of `bytes` on the wire, without the length prefix; 0 for null. */
function byteLength(bytes: RecordBytes | null): number {
  if (bytes === null) return 0
  return typeof bytes === 'string' ? Buffer.byteLength(bytes) : bytes.length
}

/** Size of a record's headers on the wire, with the length of each key and value, without their count. */
function headersByteLength(headers: ProducerRecord['headers']): number {
  let size = 0
  for (const { key, value } of headers) {
    const keyBytes = Buffer.byteLength(key)
    const valueBytes = byteLength(value)
    size += sizeOfVarint(keyBytes) + keyBytes + sizeOfVarint(valueBytes) + valueBytes
  }
  return size
}

/** The sizes of one record. They are measured once, for the limits, the budget and the encoding. */
export interface RecordSizes {
  readonly keyBytes: number
  readonly valueBytes: number
  readonly headersBytes: number
}

/** Returns the sizes of a record's parts on the wire, bytes. */
export function measure(record: ProducerRecord): RecordSizes {
  return {
    keyBytes: byteLength(record.key),
    valueBytes: byteLength(record.value),
    headersBytes: headersByteLength(record.headers),
  }
}

/** The position of an encoded record in memory, from its length prefix on. */
export interface EncodedRecord {
  readonly chunk: Buffer
  readonly at: number
  readonly end: number
}

/** One chunk of a batch, and the end of its used part. A record lies within one chunk. */
interface Piece {
  readonly chunk: Buffer
  end: number
}

/** The pieces of an empty batch; nothing is added to this list. */
const NO_PIECES: Piece[] = []

/**
 * Writes one batch into chunks of a pool. Invariant: the chunks hold a whole batch except its header, and the CRC
 * of the records is known unless the batch is small: it is computed while their bytes are still in the processor's
 * cache.
 */
export class RecordBatchWriter {
  /** The base of the records' timestamp deltas, ms since the epoch. */
  readonly baseTimestampMs: number
  readonly #pool: ChunkPool
  #pieces = NO_PIECES
  #last: Piece | undefined
  #sizeBytes = BATCH_HEADER_BYTES
  #recordsCrc = 0
  #count = 0
  #maxTimestampMs = NO_TIMESTAMP

  /** @param baseTimestampMs - the base of the records' timestamp deltas. */
  constructor(baseTimestampMs: number, pool: ChunkPool) {
    this.baseTimestampMs = baseTimestampMs
    this.#pool = pool
  }

  /** Number of records. */
  get count(): number {
    return this.#count
  }

  /** Size of the batch, header included, bytes. */
  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** Appends a record. */
  append(record: ProducerRecord, sizes: RecordSizes, timestampMs: number): void {
    const { keyBytes, valueBytes, headersBytes } = sizes
    const timestampDelta = timestampMs - this.baseTimestampMs
    const bodyBytes =
      sizeOfNullable(record.key, keyBytes) +
      sizeOfNullable(record.value, valueBytes) +
      sizeOfVarint(record.headers.length) +
      headersBytes
    const length = this.#lengthOf(timestampDelta, bodyBytes)
    const piece = this.#pieceFor(length)
    const { chunk, end: start } = piece
    let at = this.#writeHead(piece, length, timestampDelta)
    at = writeNullable(chunk, at, record.key, keyBytes)
    at = writeNullable(chunk, at, record.value, valueBytes)
    at = writeVarint(chunk, at, record.headers.length)
    for (const { key, value } of record.headers) {
      at = writeNullable(chunk, at, key, Buffer.byteLength(key))
      at = writeNullable(chunk, at, value, byteLength(value))
    }
    this.#finish(piece, start, at, timestampMs)
  }

  /** Appends the selected records of another batch with the same base timestamp, with new offset deltas. */
  appendFrom(source: RecordBatchWriter, isTaken: (position: number) => boolean): void {
    let position = 0
    for (const encoded of source.records()) {
      if (isTaken(position)) this.appendEncoded(encoded)
      position += 1
    }
  }

  /** Appends an encoded record of another batch with the same base timestamp, with the next offset delta. */
  appendEncoded({ chunk: source, at, end }: EncodedRecord): void {
    const [, start] = readVarint(source, at)
    const [timestampDelta, afterTimestamp] = readVarint(source, start + 1)
    const [, bodyStart] = readVarint(source, afterTimestamp)
    const length = this.#lengthOf(timestampDelta, end - bodyStart)
    const piece = this.#pieceFor(length)
    const { chunk, end: recordStart } = piece
    const bodyAt = this.#writeHead(piece, length, timestampDelta)
    source.copy(chunk, bodyAt, bodyStart, end)
    const timestampMs = this.baseTimestampMs + timestampDelta
    this.#finish(piece, recordStart, bodyAt + end - bodyStart, timestampMs)
  }

  /**
   * Writes the header and returns the whole batch in pieces. They are views, so nothing may be appended while they
   * are being sent. May be called again after more records.
   *
   * @param claim - identifies the batch if it arrives twice; `undefined` without idempotence.
   */
  finish(claim: SequenceClaim = NOT_IDEMPOTENT): readonly Buffer[] {
    const header = (this.#pieces[0] ?? this.#grow(0)).chunk
    header.fill(0, 0, LENGTH_AT)
    header.writeInt32BE(this.#sizeBytes - LENGTH_AT - 4, LENGTH_AT)
    header.writeInt32BE(0, 12)
    header.writeInt8(MAGIC, MAGIC_AT)
    header.writeInt16BE(0, ATTRIBUTES_AT)
    header.writeInt32BE(this.#count - 1, 23)
    writeInt64(header, this.baseTimestampMs, 27)
    writeInt64(header, this.#maxTimestampMs, 35)
    if (claim === NOT_IDEMPOTENT) writeInt64(header, -1, 43)
    else header.writeBigInt64BE(claim.producerId, 43)
    header.writeInt16BE(claim.epoch, 51)
    header.writeInt32BE(claim.sequence, 53)
    header.writeInt32BE(this.#count, 57)
    header.writeUInt32BE(this.#crc(header), CRC_AT)
    return this.#pieces.map(({ chunk, end }) => chunk.subarray(0, end))
  }

  /**
   * Releases the memory. Neither this object nor the pieces of {@link RecordBatchWriter.finish} may be used
   * afterwards.
   */
  release(): void {
    for (const { chunk } of this.#pieces) this.#pool.giveBack(chunk)
    this.#pieces = NO_PIECES
    this.#last = undefined
  }

  /** The positions of the records, in order, length prefix included. */
  *records(): Generator<EncodedRecord> {
    for (const [index, piece] of this.#pieces.entries()) {
      let at = index === 0 ? BATCH_HEADER_BYTES : 0
      while (at < piece.end) {
        const [length, start] = readVarint(piece.chunk, at)
        yield { chunk: piece.chunk, at, end: start + length }
        at = start + length
      }
    }
  }

  /** The CRC of all that follows it in the batch, whose header is written. */
  #crc(header: Buffer): number {
    if (this.#sizeBytes <= SMALL_BYTES) return crc32c(header, ATTRIBUTES_AT, this.#sizeBytes)
    const headerCrc = crc32c(header, ATTRIBUTES_AT, BATCH_HEADER_BYTES)
    return combineCrc32c(headerCrc, this.#recordsCrc, this.#sizeBytes - BATCH_HEADER_BYTES)
  }

  /** Returns a piece with room for a record of this length. */
  #pieceFor(length: number): Piece {
    const recordBytes = sizeOfVarint(length) + length
    const last = this.#last
    return last && last.chunk.length - last.end >= recordBytes ? last : this.#grow(recordBytes)
  }

  /** Writes the fields before a record's key; returns the offset of the key. */
  #writeHead({ chunk, end }: Piece, length: number, timestampDelta: number): number {
    const at = writeVarint(chunk, end, length)
    chunk[at] = RECORD_ATTRIBUTES
    return writeVarint(chunk, writeVarint(chunk, at + 1, timestampDelta), this.#count)
  }

  #lengthOf(timestampDelta: number, bodyBytes: number): number {
    return 1 + sizeOfVarint(timestampDelta) + sizeOfVarint(this.#count) + bodyBytes
  }

  #finish(piece: Piece, start: number, end: number, timestampMs: number): void {
    const sizeBefore = this.#sizeBytes
    this.#sizeBytes += end - start
    if (this.#sizeBytes > SMALL_BYTES) {
      if (sizeBefore <= SMALL_BYTES) this.#recordsCrc = this.#crcOfSmall(sizeBefore)
      this.#recordsCrc = crc32c(piece.chunk, start, end, this.#recordsCrc)
    }
    piece.end = end
    this.#count += 1
    if (timestampMs > this.#maxTimestampMs) this.#maxTimestampMs = timestampMs
  }

  /** The CRC of the records of a batch that was small until now. */
  #crcOfSmall(sizeBytes: number): number {
    const [first] = this.#pieces
    return first ? crc32c(first.chunk, BATCH_HEADER_BYTES, sizeBytes) : 0
  }

  /** Adds a chunk. The first also has room for the header; later ones grow with the batch. */
  #grow(minBytes: number): Piece {
    const isFirst = this.#pieces.length === 0
    const end = isFirst ? BATCH_HEADER_BYTES : 0
    const wantedBytes = isFirst ? end + minBytes : Math.max(minBytes, 2 * this.#sizeBytes)
    const bytes = Math.max(end + minBytes, Math.min(wantedBytes, LARGEST_CHUNK_BYTES))
    const piece = { chunk: this.#pool.lend(bytes), end }
    // A list of exactly one, as most batches need: an empty one that grows has room for seventeen.
    if (isFirst) this.#pieces = [piece]
    else this.#pieces.push(piece)
    this.#last = piece
    return piece
  }
}

/** Writes a whole number as eight bytes, faster than Node does with a big integer. */
function writeInt64(buffer: Buffer, value: number, at: number): void {
  buffer.writeInt32BE(Math.floor(value / TWO_TO_32), at)
  buffer.writeInt32BE(value | 0, at + 4)
}

function sizeOfNullable(bytes: RecordBytes | null, size: number): number {
  return bytes === null ? 1 : sizeOfVarint(size) + size
}

/** Writes a length (-1 for null) and the bytes; returns the offset after them. */
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
