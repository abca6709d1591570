/**
 * Converts a record batch to a compressed one: its records are compressed together, behind a header that names the
 * codec.
 */
import { crc32c } from '../crc32c.ts'
import { ATTRIBUTES_AT, BATCH_HEADER_BYTES, CRC_AT, LENGTH_AT } from '../record-batch.ts'
import type { EncodedBatch } from '../transport.ts'

/** The bytes of a batch after its header, in pieces. Not copied. */
export function recordsOf({ pieces }: EncodedBatch): readonly Buffer[] {
  return pieces.map((piece, index) => (index === 0 ? piece.subarray(BATCH_HEADER_BYTES) : piece))
}

/** A copy of a batch's header. */
export function headerOf({ pieces }: EncodedBatch): Buffer {
  return Buffer.concat(pieces, BATCH_HEADER_BYTES)
}

/**
 * Puts compressed records behind a header, and updates its length, codec and checksum.
 *
 * @param codecNumber - Kafka's.
 */
export function compressedPieces(
  header: Buffer,
  records: Buffer,
  codecNumber: number,
): readonly Buffer[] {
  header.writeInt32BE(BATCH_HEADER_BYTES + records.length - LENGTH_AT - 4, LENGTH_AT)
  header.writeInt16BE(codecNumber, ATTRIBUTES_AT)
  const headerCrc = crc32c(header, ATTRIBUTES_AT)
  header.writeUInt32BE(crc32c(records, 0, records.length, headerCrc), CRC_AT)
  return [header, records]
}
