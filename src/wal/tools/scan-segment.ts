/**
 * Reads every byte of a segment file and says what it is, as `kprf wal` shows it. The log itself reads what it can and
 * goes on; this reads to find out what is wrong.
 */
import {
  FRAME_HEADER_BYTES,
  frameBytes,
  type FrameHeader,
  readFrameHeader,
  SEGMENT_HEADER_BYTES,
} from '../frame.ts'
import { type FrameFile, FrameSource } from '../frame-source.ts'
import type { Storage } from '../storage.ts'

/** The bits that the checksum of a frame header covers, and its own. */
const HEADER_BITS = 28 * 8

/** Some bytes of a segment file that belong together. They follow one another without a gap. */
export type Piece =
  | {
      readonly kind: 'frame'
      readonly at: number
      readonly bytes: number
      readonly header: FrameHeader
      /** Valid until the next piece is asked for. */
      readonly payload: Buffer
    }
  /** The file was ended as intended. */
  | { readonly kind: 'seal'; readonly at: number; readonly bytes: number }
  | Damage
  /** The file ends within a push, as after a kill or a power loss: it was not accepted. */
  | { readonly kind: 'torn'; readonly at: number; readonly bytes: number }

/** Bytes that are not what was written. */
export interface Damage {
  readonly kind: 'damaged'
  readonly at: number
  readonly bytes: number
  /** Records that are lost at most; `undefined` if nothing tells how many. */
  readonly records: number | undefined
}

/** Scans the frames of a segment whose salt is known, behind its header. */
export async function* scanSegment(
  storage: Pick<Storage, 'read'>,
  file: FrameFile,
): AsyncGenerator<Piece, void, void> {
  const source = new FrameSource(storage, file)
  const { endBytes } = file
  /** Of the next record, if no frame is missing. */
  let expectedIndex = 0
  /** Bytes before this place that are no frame. */
  let unreadFrom: number | undefined
  for (let at = SEGMENT_HEADER_BYTES; at < endBytes;) {
    const read = await source.frameAt(at)
    if (read.kind !== 'frame' && read.kind !== 'damagedPayload') {
      unreadFrom = at
      at = await source.nextFrameAfter(at)
      continue
    }
    const { header } = read
    const missing = header.firstIndex - expectedIndex
    if (unreadFrom !== undefined) {
      yield { kind: 'damaged', at: unreadFrom, bytes: at - unreadFrom, records: missing }
    } else if (missing > 0) {
      yield { kind: 'damaged', at, bytes: 0, records: missing }
    }
    unreadFrom = undefined
    expectedIndex = header.firstIndex + header.recordCount
    const bytes = frameBytes(header.payloadBytes)
    if (read.kind === 'damagedPayload') {
      yield { kind: 'damaged', at, bytes, records: header.recordCount }
    } else if (header.recordCount === 0) {
      yield { kind: 'seal', at, bytes }
      if (at + bytes < endBytes) yield afterSeal(at + bytes, endBytes)
      return
    } else {
      yield { kind: 'frame', at, bytes, header, payload: read.payload }
      const padding = await paddingOf(source, at, bytes, header)
      if (padding) yield padding
    }
    at += bytes
  }
  if (unreadFrom !== undefined) yield await tailOf(source, unreadFrom, file, expectedIndex)
}

/** Nothing is written behind the last frame of a file that was ended as intended. */
function afterSeal(at: number, endBytes: number): Damage {
  return { kind: 'damaged', at, bytes: endBytes - at, records: 0 }
}

/** The zeros behind a payload have no checksum. What is wrong with them harms nothing, but the disk is to blame. */
async function paddingOf(
  source: FrameSource,
  at: number,
  bytes: number,
  { payloadBytes }: FrameHeader,
): Promise<Damage | undefined> {
  const used = FRAME_HEADER_BYTES + payloadBytes
  const padding = await source.bytesAt(at + used, bytes - used)
  return padding.every((byte) => byte === 0)
    ? undefined
    : { kind: 'damaged', at: at + used, bytes: bytes - used, records: 0 }
}

/**
 * The end of a file, without a frame that can be read. A write that was not finished leaves no frame header with a
 * single wrong bit: that is damage.
 */
async function tailOf(
  source: FrameSource,
  at: number,
  { endBytes, salt }: FrameFile,
  expectedIndex: number,
): Promise<Piece> {
  const bytes = endBytes - at
  const start = Buffer.from(await source.bytesAt(at, FRAME_HEADER_BYTES))
  const header = withOneBitRight(start, salt)
  if (header === undefined) return { kind: 'torn', at, bytes }
  const isAlone = bytes === frameBytes(header.payloadBytes) && header.firstIndex === expectedIndex
  return { kind: 'damaged', at, bytes, records: isAlone ? header.recordCount : undefined }
}

/** The header of a frame of which one bit is wrong; `undefined` if it is none. */
function withOneBitRight(bytes: Buffer, salt: number): FrameHeader | undefined {
  if (bytes.length < FRAME_HEADER_BYTES) return undefined
  for (let bit = 0; bit < HEADER_BITS; bit += 1) {
    const at = bit >>> 3
    bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (bit & 7)), at)
    const header = readFrameHeader(bytes, 0, salt)
    if (header) return header
    bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (bit & 7)), at)
  }
  return undefined
}
