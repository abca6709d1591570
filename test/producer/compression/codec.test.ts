import { readFileSync } from 'node:fs'
import { constants } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { compressionNames, decompress } from '@kprf/embedded-broker/testing'
import { COMPRESSION_CODECS } from '../../../src/base/kafka-names.ts'
import { compressorOf, effectiveLevel } from '../../../src/producer/compression/codec.ts'
import { SeededRandom } from '../../support/random.ts'

const random = new SeededRandom(1).next

/** Text of so many bytes that repeats itself as JSON does, in ways that differ. */
function json(bytes: number): Buffer {
  let text = ''
  while (text.length < bytes) {
    text += `{"id":${Math.floor(random() * 1e9)},"status":"shipped","amount":${random().toFixed(3)}},`
  }
  return Buffer.from(text.slice(0, bytes))
}

function noise(bytes: number): Buffer {
  return Buffer.from(Array.from({ length: bytes }, () => Math.floor(random() * 256)))
}

/** Cuts bytes where a batch could: into small pieces and large ones. */
function inPieces(bytes: Buffer): Buffer[] {
  const cuts = [0, Math.min(963, bytes.length), Math.min(17_347, bytes.length), bytes.length]
  return cuts.slice(1).map((end, index) => bytes.subarray(cuts[index], end))
}

const codecs = ['gzip', 'snappy', 'lz4', 'zstd'] as const

describe('a compressor', () => {
  it('is numbered as Kafka numbers its codec', () => {
    expect(COMPRESSION_CODECS).toEqual(compressionNames)
  })

  const contents = {
    'one byte': json(1),
    'a few bytes': json(100),
    'what is compressed on the spot': json(4_096),
    'what gzip hands over': json(4_097),
    'what zstd hands over': json(16_385),
    'a megabyte': json(1_000_000),
    'what cannot be compressed': noise(50_000),
    'one byte repeated': Buffer.alloc(300_000, 7),
  }

  it.each(
    codecs.flatMap((codec) => Object.entries(contents).map((entry) => [codec, ...entry] as const)),
  )('of %s writes %s as Kafka reads it, in one piece or several', async (codec, _, bytes) => {
    const compress = compressorOf(codec, -1)

    const compressed = [await compress([bytes]), await compress(inPieces(bytes))]

    const number = COMPRESSION_CODECS.indexOf(codec)
    for (const result of compressed) expect(decompress(result, number).equals(bytes)).toBe(true)
  })

  it.each(
    codecs.flatMap((codec) => [
      { codec, pieces: [json(300_000)], count: 'one piece' },
      { codec, pieces: inPieces(json(300_000)), count: 'several pieces' },
    ]),
  )('of $codec reads $count while it is called, and no longer', async ({ codec, pieces }) => {
    const before = Buffer.concat(pieces)

    const compressing = compressorOf(codec, -1)(pieces)
    for (const piece of pieces) piece.fill(0xdd)
    const compressed = await compressing

    expect(decompress(compressed, COMPRESSION_CODECS.indexOf(codec)).equals(before)).toBe(true)
  })

  it.each([
    ['gzip', 4_096, 4_097],
    ['zstd', 16_384, 16_385],
  ] as const)('of %s compresses %i bytes on the spot, and %i in the thread pool', (...row) => {
    const [codec, small, large] = row
    const compress = compressorOf(codec, -1)

    expect(Buffer.isBuffer(compress([json(small)]))).toBe(true)
    expect(compress([json(large)])).toBeInstanceOf(Promise)
  })

  it.each(['snappy', 'lz4'] as const)(
    'of %s compresses at once when its library is there',
    async (codec) => {
      const compress = compressorOf(codec, -1)
      const bytes = json(1_000)

      const first = compress([bytes])
      await first
      const second = compress([bytes])

      expect(first).toBeInstanceOf(Promise)
      expect(second).toEqual(await first)
    },
  )

  it.each([
    ['gzip', 1, 9],
    ['zstd', 1, 12],
  ] as const)('of %s takes more room with level %i than with level %i', async (...row) => {
    const [codec, low, high] = row
    const bytes = readFileSync(new URL('../../../docs/CONFIGURATION.md', import.meta.url))

    const quick = await compressorOf(codec, low)([bytes])
    const thorough = await compressorOf(codec, high)([bytes])

    expect(thorough.length).toBeLessThan(quick.length)
  })

  it('of lz4 writes frames whose blocks stand alone, which is all that the Java client reads', async () => {
    const frame = await compressorOf('lz4', -1)([json(500_000)])

    expect(frame.readUInt32LE(0)).toBe(0x184d2204)
    expect(frame.readUInt8(4) & 0b1110_0000).toBe(0b0110_0000)
  })

  it.each([1_000, 500_000])(
    'of zstd writes the uncompressed size (%i bytes) in its frame',
    async (size) => {
      const frame = await compressorOf('zstd', -1)([json(size)])

      const descriptor = frame.readUInt8(4)
      const isSingleSegment = (descriptor & 0b10_0000) !== 0
      expect(frame.readUInt32LE(0)).toBe(0xfd2fb528)
      expect(isSingleSegment || descriptor >>> 6 !== 0).toBe(true)
    },
  )
})

describe('effectiveLevel', () => {
  it.each([
    ['gzip', -1, 6],
    ['gzip', 0, 0],
    ['gzip', 9, 9],
    ['gzip', 12, 9],
    ['zstd', -1, constants.ZSTD_CLEVEL_DEFAULT],
    ['zstd', 0, constants.ZSTD_CLEVEL_DEFAULT],
    ['zstd', 1, 1],
    ['zstd', 12, 12],
    ['zstd', 13, 12],
    ['lz4', -1, 0],
    ['lz4', 12, 0],
    ['snappy', -1, 0],
    ['snappy', 1, 0],
    ['none', 5, 0],
  ] as const)('of %s for level %i is %i', (codec, level, expected) => {
    expect(effectiveLevel(codec, level)).toBe(expected)
  })
})
