/**
 * Finds the salt of a segment whose header is lost, both copies: they lie in one sector. The checksum of a payload
 * begins with that of its header, and so needs no salt: it tells where a frame is. The checksum of the header then tells
 * the salt, since it is linear in it.
 */
import { crc32c } from '../../producer/crc32c.ts'
import { FRAME_HEADER_BYTES, FRAME_MARK, frameBytes, nextPlace, readFrameHeader } from '../frame.ts'
import type { Storage } from '../storage.ts'

const CHUNK_BYTES = 2 ** 20

/** The salt of the first frame that can be read; `undefined` if there is none. */
export async function findSalt(
  storage: Pick<Storage, 'read'>,
  name: string,
  endBytes: number,
): Promise<number | undefined> {
  for (let from = 0; from < endBytes; from += CHUNK_BYTES) {
    // Frame headers may go over the end of a chunk.
    const chunk = await storage.read(name, from, CHUNK_BYTES + FRAME_HEADER_BYTES)
    const last = Math.min(CHUNK_BYTES - 1, chunk.length - FRAME_HEADER_BYTES)
    for (let at = 0; at <= last; at = nextPlace(at)) {
      const bytes = frameBytes(chunk.readUInt32LE(at + 4))
      if (chunk.readUInt32LE(at) !== FRAME_MARK || from + at + bytes > endBytes) continue
      const salt = saltOf(await storage.read(name, from + at, bytes))
      if (salt !== undefined) return salt
    }
  }
  return undefined
}

/** The salt of these bytes if they are a frame. */
function saltOf(frame: Buffer): number | undefined {
  const headerCrc = frame.readUInt32LE(24)
  const payloadEnd = FRAME_HEADER_BYTES + frame.readUInt32LE(4)
  if (frame.readUInt32LE(28) !== crc32c(frame, FRAME_HEADER_BYTES, payloadEnd, headerCrc)) {
    return undefined
  }
  const salt = solve((seed) => crc32c(frame, 0, 24, seed), headerCrc)
  return readFrameHeader(frame, 0, salt) ? salt : undefined
}

/**
 * Finds `x` with `f(x) = value`, where each bit of `x` flips the same bits of `f(x)`, whatever the others are, and
 * different `x` have different values: Gaussian elimination over bits.
 */
function solve(f: (x: number) => number, value: number): number {
  const origin = f(0)
  /** By their highest bit: what flipping `x` does to the value. */
  const rows = new Map<number, { readonly x: number; readonly effect: number }>()
  const reduce = (x: number, effect: number): { readonly x: number; readonly effect: number } => {
    let reduced = { x, effect }
    for (let bit = 31; bit >= 0; bit -= 1) {
      const row = rows.get(bit)
      if (row && (reduced.effect >>> bit) & 1) {
        reduced = { x: reduced.x ^ row.x, effect: reduced.effect ^ row.effect }
      }
    }
    return reduced
  }
  for (let bit = 0; bit < 32; bit += 1) {
    const row = reduce(1 << bit, f((1 << bit) >>> 0) ^ origin)
    if (row.effect !== 0) rows.set(31 - Math.clz32(row.effect), row)
  }
  return reduce(0, value ^ origin).x >>> 0
}
