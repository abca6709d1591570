/**
 * The bytes of a segment file, little-endian. docs/WAL.md has the table.
 *
 * A segment begins with a header, twice, so that one damaged bit does not cost the whole segment. The salt in it
 * is part of every checksum after it: bytes of an earlier file, which a file system may show after a power loss,
 * never pass for frames. A frame has a checksum of its header, so that its
 * length can be trusted when its payload cannot: then exactly this frame is lost. Where the header of a frame is
 * damaged, the next one is searched for; frames begin at multiples of eight bytes.
 */
import { crc32c } from '../producer/crc32c.ts'

const MAGIC = Buffer.from('KPRFWAL\0', 'latin1')
/** A change of the format that older versions cannot read has another number. */
export const FORMAT_VERSION = 1
/** Magic, version, two bytes of zeros, salt, time of creation, checksum, four bytes of zeros. */
const HEADER_BYTES = 32
/** Both copies of the header. */
export const SEGMENT_HEADER_BYTES = 2 * HEADER_BYTES

/** Begins each frame header. */
export const FRAME_MARK = 0xa55a
/** Mark, key length, payload length, index of the first record, number of records, time, two checksums. */
export const FRAME_HEADER_BYTES = 32
const ALIGNMENT = 8

/** The key of a frame without one. */
export const NO_KEY: Buffer = Buffer.alloc(0)

/** What the header of a segment says. */
export interface SegmentHeader {
  readonly salt: number
  /** Milliseconds since the epoch. */
  readonly createdMs: number
}

/** What the header of a frame says. */
export interface FrameHeader {
  /** With those of the key. */
  readonly payloadBytes: number
  /** Of the idempotency key, with which the payload begins; 0 without one. */
  readonly keyBytes: number
  /** Of the first record, counted over all frames of the segment. */
  readonly firstIndex: number
  readonly recordCount: number
  /** When the push was accepted, milliseconds since the epoch. */
  readonly acceptedMs: number
}

/** Writes the header of a segment. */
export function segmentHeader({ salt, createdMs }: SegmentHeader): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES)
  MAGIC.copy(bytes)
  bytes.writeUInt16LE(FORMAT_VERSION, 8)
  bytes.writeUInt32LE(salt, 12)
  bytes.writeDoubleLE(createdMs, 16)
  bytes.writeUInt32LE(crc32c(bytes, 0, 24), 24)
  return Buffer.concat([bytes, bytes])
}

/** What the first bytes of a segment file turn out to be. */
export type ReadSegmentHeader =
  | { readonly kind: 'valid'; readonly header: SegmentHeader }
  /** A later version of kprf wrote it. */
  | { readonly kind: 'newer'; readonly version: number }
  /** The header is damaged, or was never written whole. */
  | { readonly kind: 'damaged' }

/** Reads the header of a segment from its first bytes: one of the two copies must be whole. */
export function readSegmentHeader(bytes: Buffer): ReadSegmentHeader {
  const first = readCopy(bytes.subarray(0, HEADER_BYTES))
  return first.kind === 'damaged'
    ? readCopy(bytes.subarray(HEADER_BYTES, SEGMENT_HEADER_BYTES))
    : first
}

function readCopy(bytes: Buffer): ReadSegmentHeader {
  if (bytes.length < HEADER_BYTES || bytes.compare(MAGIC, 0, 8, 0, 8) !== 0) {
    return { kind: 'damaged' }
  }
  if (bytes.readUInt32LE(24) !== crc32c(bytes, 0, 24)) return { kind: 'damaged' }
  const version = bytes.readUInt16LE(8)
  if (version !== FORMAT_VERSION) return { kind: 'newer', version }
  const header = { salt: bytes.readUInt32LE(12), createdMs: bytes.readDoubleLE(16) }
  return { kind: 'valid', header }
}

/** The last frame of a segment that was ended as intended: it has no records. */
export const SEAL = { payloadBytes: 0, keyBytes: 0, recordCount: 0 } as const

/** The bytes of a whole frame with a payload of this length. */
export function frameBytes(payloadBytes: number): number {
  return FRAME_HEADER_BYTES + Math.ceil(payloadBytes / ALIGNMENT) * ALIGNMENT
}

/**
 * Completes a frame whose payload is in place, after {@link FRAME_HEADER_BYTES}: writes its header and zeros behind
 * the payload.
 */
export function sealFrame(frame: Buffer, header: FrameHeader, salt: number): void {
  const { payloadBytes, keyBytes, firstIndex, recordCount, acceptedMs } = header
  const payloadEnd = FRAME_HEADER_BYTES + payloadBytes
  frame.fill(0, payloadEnd)
  frame.writeUInt16LE(FRAME_MARK, 0)
  frame.writeUInt16LE(keyBytes, 2)
  frame.writeUInt32LE(payloadBytes, 4)
  frame.writeUInt32LE(firstIndex, 8)
  frame.writeUInt32LE(recordCount, 12)
  frame.writeDoubleLE(acceptedMs, 16)
  const headerCrc = crc32c(frame, 0, 24, salt)
  frame.writeUInt32LE(headerCrc, 24)
  frame.writeUInt32LE(crc32c(frame, FRAME_HEADER_BYTES, payloadEnd, headerCrc), 28)
}

/** What the bytes at one place of a segment turn out to be. */
export type ReadFrame =
  | {
      readonly kind: 'frame'
      readonly header: FrameHeader
      /** Empty without one. */
      readonly key: Buffer
      /** Behind the key. */
      readonly payload: Buffer
    }
  /** The bytes end before the frame does, which has this many. */
  | { readonly kind: 'short'; readonly neededBytes: number }
  /** The header can be trusted, the payload cannot. */
  | { readonly kind: 'damagedPayload'; readonly header: FrameHeader }
  /** No frame begins here. */
  | { readonly kind: 'noFrame' }

/** Reads the header of the frame that begins at `at`; `undefined` if none does. Its bytes must be there. */
export function readFrameHeader(bytes: Buffer, at: number, salt: number): FrameHeader | undefined {
  const isRight =
    bytes.readUInt16LE(at) === FRAME_MARK &&
    bytes.readUInt32LE(at + 24) === crc32c(bytes, at, at + 24, salt)
  if (!isRight) return undefined
  return {
    payloadBytes: bytes.readUInt32LE(at + 4),
    keyBytes: bytes.readUInt16LE(at + 2),
    firstIndex: bytes.readUInt32LE(at + 8),
    recordCount: bytes.readUInt32LE(at + 12),
    acceptedMs: bytes.readDoubleLE(at + 16),
  }
}

/** Reads the frame that begins at `at`. */
export function readFrame(bytes: Buffer, at: number, salt: number): ReadFrame {
  const payloadAt = at + FRAME_HEADER_BYTES
  if (payloadAt > bytes.length) return { kind: 'short', neededBytes: FRAME_HEADER_BYTES }
  const header = readFrameHeader(bytes, at, salt)
  if (header === undefined) return { kind: 'noFrame' }
  const neededBytes = frameBytes(header.payloadBytes)
  if (at + neededBytes > bytes.length) return { kind: 'short', neededBytes }
  const payloadEnd = payloadAt + header.payloadBytes
  const headerCrc = bytes.readUInt32LE(at + 24)
  if (bytes.readUInt32LE(at + 28) !== crc32c(bytes, payloadAt, payloadEnd, headerCrc)) {
    return { kind: 'damagedPayload', header }
  }
  const recordsAt = payloadAt + header.keyBytes
  const key = header.keyBytes === 0 ? NO_KEY : bytes.subarray(payloadAt, recordsAt)
  return { kind: 'frame', header, key, payload: bytes.subarray(recordsAt, payloadEnd) }
}

/** The next place after `at` where a frame may begin. */
export function nextPlace(at: number): number {
  return at + ALIGNMENT
}
