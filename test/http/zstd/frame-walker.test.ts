import { constants, createZstdCompress } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { FrameWalker } from '../../../src/http/zstd/frame-walker.ts'
import { SeededRandom, TEST_SEED } from '../../support/random.ts'
import { runs } from '../../support/random-runs.ts'
import {
  cutAnywhere,
  drawBody,
  EMPTY_BLOCK,
  frameOf,
  RAW_BLOCK,
  skippableFrame,
} from '../../support/zstd-bodies.ts'

/** Where the frames of a body end that arrives in pieces, and whether the last one is complete. */
function walk(...pieces: readonly Uint8Array[]) {
  const walker = new FrameWalker()
  const ends: number[] = []
  let before = 0
  for (const piece of pieces) {
    for (let at = 0; at < piece.length;) {
      at = walker.walk(piece, at)
      if (walker.isComplete) ends.push(before + at)
    }
    before += piece.length
  }
  return { ends, isComplete: walker.isComplete, windowBytes: walker.windowBytes }
}

const bytewise = (bytes: Buffer): readonly Uint8Array[] =>
  [...bytes].map((byte) => Uint8Array.of(byte))

describe('a frame ends where its format says', () => {
  it.each([
    ['a window', { descriptor: 0, rest: [0] }],
    ['a size of one byte in place of a window', { descriptor: 0x20, rest: [0] }],
    ['a size of two bytes', { descriptor: 0x40, rest: [0, 0, 0] }],
    ['a size of four bytes', { descriptor: 0x80, rest: [0, 0, 0, 0, 0] }],
    ['a size of eight bytes', { descriptor: 0xc0, rest: [0, 0, 0, 0, 0, 0, 0, 0, 0] }],
    ['a dictionary of one byte', { descriptor: 0x21, rest: [7, 0] }],
    ['a dictionary of two bytes', { descriptor: 0x22, rest: [7, 7, 0] }],
    ['a dictionary of four bytes', { descriptor: 0x23, rest: [7, 7, 7, 7, 0] }],
    ['a checksum', { descriptor: 0x24, rest: [0], checksum: [1, 2, 3, 4] }],
    ['bytes as they are', { descriptor: 0x20, rest: [4], blocks: [RAW_BLOCK] }],
    [
      'a byte that is repeated',
      { descriptor: 0, rest: [0], blocks: [[3, 1, 0, 65]], checksum: [] },
    ],
    [
      'several blocks',
      {
        ...{ descriptor: 4, rest: [0], checksum: [1, 2, 3, 4] },
        blocks: [[0, 0, 0], [(1 << 3) | 0, 0, 0, 65], [0x02, 0x01, 0, 65], EMPTY_BLOCK],
      },
    ],
  ])('with %s', (_, parts) => {
    const frame = frameOf(parts)
    const whole = { ends: [frame.length, 2 * frame.length], isComplete: true }

    expect(walk(frame, frame)).toMatchObject(whole)
    expect(walk(Buffer.concat([frame, frame]))).toMatchObject(whole)
    expect(walk(...bytewise(Buffer.concat([frame, frame])))).toMatchObject(whole)
    for (let length = 1; length < frame.length; length += 1) {
      expect(walk(frame.subarray(0, length))).toMatchObject({ ends: [], isComplete: false })
    }
  })

  it.each([0, 1, 300])('a skippable frame of %i bytes', (length) => {
    for (const number of [0, 9, 15]) {
      const frame = skippableFrame(Buffer.alloc(length, 1), number)

      expect(walk(frame, frame).ends).toEqual([frame.length, 2 * frame.length])
      expect(walk(frame.subarray(0, -1)).isComplete).toBe(false)
    }
  })

  it('whatever was compressed, and wherever it is cut', () => {
    const random = new SeededRandom(TEST_SEED)
    for (let run = 0; run < runs(100); run += 1) {
      const { bytes, ends } = drawBody(random, { maxFrames: 5, maxBytes: 3_000 })

      const walked = walk(...cutAnywhere(bytes, random))

      expect(walked, `seed ${TEST_SEED}`).toMatchObject({ ends, isComplete: true })
    }
  })

  it('after it was compressed in pieces', async () => {
    const params = { [constants.ZSTD_c_checksumFlag]: 1 }
    const encoder = createZstdCompress({ params })
    const pieces: Buffer[] = []
    encoder.on('data', (piece: Buffer) => pieces.push(piece))
    for (let n = 0; n < 20; n += 1) {
      encoder.write('line '.repeat(n * 100))
      await new Promise<void>((resolve) => {
        encoder.flush(constants.ZSTD_e_flush, resolve)
      })
    }
    await new Promise<void>((resolve) => encoder.on('end', resolve).end())

    const { length } = Buffer.concat(pieces)
    expect(walk(...pieces).ends).toEqual([length])
  })
})

it('nothing is no frame', () => {
  expect(new FrameWalker().isComplete).toBe(false)
})

describe('a window', () => {
  it.each([
    ['of 1 KiB', { descriptor: 0, rest: [0] }, 1024],
    ['of 1 KiB and an eighth', { descriptor: 0, rest: [1] }, 1152],
    ['of 7.5 MiB', { descriptor: 0, rest: [(12 << 3) | 7] }, 7.5 * 2 ** 20],
    ['of 8 MiB', { descriptor: 0, rest: [13 << 3] }, 2 ** 23],
    ['that is the content', { descriptor: 0x20, rest: [200] }, 200],
    ['that is 8 MiB of content', { descriptor: 0xa0, rest: [0, 0, 0x80, 0] }, 2 ** 23],
  ])('%s is told', (_, parts, bytes) => {
    expect(walk(frameOf(parts)).windowBytes).toBe(bytes)
  })

  it.each([
    ['of 9 MiB', { descriptor: 0, rest: [(13 << 3) | 1] }],
    ['of 16 MiB', { descriptor: 0, rest: [14 << 3] }],
    ['as large as can be', { descriptor: 0, rest: [255] }],
    ['that is 8 MiB and a byte of content', { descriptor: 0xa0, rest: [1, 0, 0x80, 0] }],
    [
      'that is more content than can be',
      { descriptor: 0xe0, rest: Array(8).fill(255) as number[] },
    ],
  ])('%s is refused', (_, parts) => {
    expect(() => walk(frameOf(parts))).toThrow('more than 8 MiB (RFC 9659)')
  })
})

it.each([
  ['text', Buffer.from('{"records": []}'), 'something else than zstd frames'],
  [
    'text behind a frame',
    Buffer.concat([frameOf({ descriptor: 0, rest: [0] }), Buffer.from('text')]),
    'something else than zstd frames',
  ],
  [
    'zeros behind a frame',
    Buffer.concat([frameOf({ descriptor: 0, rest: [0] }), Buffer.alloc(4)]),
    'something else than zstd frames',
  ],
  ['a reserved bit', frameOf({ descriptor: 0x28, rest: [0] }), 'an unknown header'],
  [
    'a reserved type of block',
    frameOf({ descriptor: 0, rest: [0], blocks: [[7, 0, 0]] }),
    'a block of unknown type',
  ],
])('%s is refused', (_, bytes, message) => {
  expect(() => walk(bytes)).toThrow(message)
})

describe('frames', () => {
  const EMPTY = frameOf({ descriptor: 0x20, rest: [0] })

  it('of few bytes are taken, if there are 1,000 of them', () => {
    const bytes = Buffer.concat(Array<Buffer>(1_000).fill(EMPTY))

    expect(walk(bytes)).toMatchObject({ isComplete: true })
    expect(() => walk(bytes, EMPTY)).toThrow('too many zstd frames of less than 32 bytes')
  })

  it('of 32 bytes on average are taken, however many there are', () => {
    const frames = [skippableFrame(Buffer.alloc(64 - 8 - EMPTY.length)), EMPTY]

    expect(walk(...Array<Buffer[]>(5_000).fill(frames).flat()).isComplete).toBe(true)
  })
})
