/** Draws bodies in zstd, and builds frames by hand (RFC 8878, section 3.1). */
import { constants, zstdCompressSync } from 'node:zlib'
import type { SeededRandom } from './random.ts'

/** A body and what is in it. */
export interface ZstdBody {
  readonly bytes: Buffer
  readonly content: Buffer
  /** Where its frames end. */
  readonly ends: readonly number[]
}

/** The parts of a frame. */
export interface FrameParts {
  readonly descriptor: number
  /** The header behind the descriptor. */
  readonly rest?: readonly number[]
  readonly blocks?: readonly (readonly number[])[]
  readonly checksum?: readonly number[]
}

/** The last block of a frame without content. */
export const EMPTY_BLOCK = [1, 0, 0]
/** A last block whose four bytes are as they are. */
export const RAW_BLOCK = [...[(4 << 3) | 1, 0, 0], ...Buffer.from('abcd')]

export function frameOf({
  descriptor,
  rest = [],
  blocks = [EMPTY_BLOCK],
  checksum = [],
}: FrameParts): Buffer {
  const header = [0x28, 0xb5, 0x2f, 0xfd, descriptor, ...rest]
  return Buffer.from([...header, ...blocks.flat(), ...checksum])
}

export function skippableFrame(content: Buffer, number = 0): Buffer {
  const header = Buffer.alloc(8)
  header.writeUInt32LE(0x184d2a50 + number)
  header.writeUInt32LE(content.length, 4)
  return Buffer.concat([header, content])
}

function bodyOf(frames: readonly (readonly [frame: Buffer, content: Buffer])[]): ZstdBody {
  let end = 0
  return {
    bytes: Buffer.concat(frames.map(([frame]) => frame)),
    content: Buffer.concat(frames.map(([, content]) => content)),
    ends: frames.map(([frame]) => (end += frame.length)),
  }
}

/** Draws one of up to so many frames, of up to so many bytes each. */
export function drawBody(
  random: SeededRandom,
  { maxFrames, maxBytes, hasChecksum = random.chance(0.5) }: DrawLimits,
): ZstdBody {
  const frames = Array.from({ length: random.between(1, maxFrames) }, () => {
    if (random.chance(0.15))
      return [skippableFrame(drawContent(random, 20)), Buffer.alloc(0)] as const
    const content = drawContent(random, maxBytes)
    const frame = zstdCompressSync(content, {
      params: {
        [constants.ZSTD_c_compressionLevel]: random.between(-5, 19),
        [constants.ZSTD_c_checksumFlag]: hasChecksum ? 1 : 0,
        [constants.ZSTD_c_contentSizeFlag]: random.below(2),
        [constants.ZSTD_c_windowLog]: random.pick([10, 14, 17, 20, 23]),
      },
    })
    return [frame, content] as const
  })
  return bodyOf(frames)
}

interface DrawLimits {
  readonly maxFrames: number
  readonly maxBytes: number
  readonly hasChecksum?: boolean
}

/** Bytes that compress well, badly or not at all. */
function drawContent(random: SeededRandom, maxBytes: number): Buffer {
  const letters = random.pick([1, 3, 256])
  return Buffer.from(
    Array.from({ length: random.below(maxBytes + 1) }, () => random.below(letters)),
  )
}

/** Cuts bytes into pieces anywhere, a few thousand at most. */
export function cutAnywhere(bytes: Buffer, random: SeededRandom): readonly Buffer[] {
  const longest = Math.max(random.pick([1, 7, 1_000, 100_000]), Math.ceil(bytes.length / 2_000))
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length;) {
    const end = at + random.between(1, longest)
    pieces.push(bytes.subarray(at, end))
    at = end
  }
  return pieces
}
