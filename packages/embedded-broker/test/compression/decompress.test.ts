import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { decompress } from '../../src/compression/decompress.ts'
import { Reader } from '../../src/protocol/reader.ts'
import { BATCH_HEADER_BYTES, compressionOf, readBatchHeader } from '../../src/record-batch.ts'
import { readRecord } from '../../src/records.ts'

/** Batches as real clients sent them. */
const fox = 'the quick brown fox jumps over the lazy dog, '.repeat(3)
const batches = {
  'snappy, a bare block (librdkafka)': [
    'AAAAAAAAAAAAAABHAAAAAAK3SzPzAAIAAAAAAAABogjnCzoAAAGiCOcLOv//////////////////AAAAAYEBKP4BAAAAAfABeHl6/gMA0gMAAAA=',
    ['xyz'.repeat(40)],
  ],
  'snappy, a stream (snappy-java)': [
    'AAAAAAAAAAAAAACq/////wIuseI8AAIAAAACAAABogjmZvwAAAGiCOZnMwAAAAAAAAAAAAAAAAAAAAAAA4JTTkFQUFkAAAAAAQAAAAEAAABl/gKYnAIAAAABjgJ0aGUgcXVpY2sgYnJvd24gZm94IGp1bXBzIG92ZXIgAR8kbGF6eSBkb2csIAEO/i0AVi0AJADWAQBuAgHIAWH+AQCKAQAsAP4BAG4EAfABeHl6/gMA0gMAAAA=',
    [fox, 'a'.repeat(100), 'xyz'.repeat(40)],
  ],
  'lz4 (lz4-java)': [
    'AAAAAAAAAAAAAACh/////wLks45cAAMAAAACAAABogjmbdgAAAGiCOZuGwAAAAAAAAABAAAAAAAAAAAAAwQiTRhgQIJhAAAA8BicAgAAAAGOAnRoZSBxdWljayBicm93biBmb3gganVtcHMgb3ZlciAfAJFsYXp5IGRvZywOAA8tAEO/ANgBAIYBAgHIAWEBAFDfAIACAIYBBAHwAXh5egMAXlB6eHl6AAAAAAA=',
    [fox, 'a'.repeat(100), 'xyz'.repeat(40)],
  ],
  'lz4 (liblz4)': [
    'AAAAAAAAAAAAAADCAAAAAALsJ7VRAAMAAAAIAAABogjnDFYAAAGiCOcMWv//////////////////AAAACQQiTRhgQIKCAAAA8BicAgAAAAGOAnRoZSBxdWljayBicm93biBmb3gganVtcHMgb3ZlciAfAJFsYXp5IGRvZywOAA8tAEOvANYBAAACAcgBYQEAUM8A/gEAAAQB8AF4eXoDAGIQAH4BHwZ+AXwfCH4BWR8KfgFtHwx+AXwfDn4BWC8IEH4BZFB6eHl6AAAAAAA=',
    [0, 1, 2].flatMap(() => [fox, 'a'.repeat(100), 'xyz'.repeat(40)]),
  ],
} as const

describe('decompress', () => {
  test.each(Object.entries(batches))('reads %s', (_, [base64, values]) => {
    const batch = Buffer.from(base64, 'base64')
    const header = readBatchHeader(batch)

    const reader = new Reader(decompress(batch.subarray(BATCH_HEADER_BYTES), compressionOf(header)))

    const read = values.map(() => readRecord(reader).value?.toString())
    expect(read).toEqual(values)
    expect(reader.remaining).toBe(0)
  })

  test.each([
    ['nothing', 0, Buffer.from(fox)],
    ['gzip', 1, gzipSync(fox)],
    ['zstd', 4, zstdCompressSync(fox)],
    ['a long snappy literal', 2, Buffer.from([64, 60 << 2, 63, ...Buffer.alloc(64, 0x61)])],
    [
      'a very long snappy literal',
      2,
      Buffer.from([0x88, 0x27, 61 << 2, 0x87, 0x13, ...Buffer.alloc(5_000, 0x61)]),
    ],
    ['a snappy repetition of four-byte distance', 2, Buffer.from([3, 0, 0x61, 7, 1, 0, 0, 0])],
    [
      'an lz4 block left as it is, with checksum and content size',
      3,
      Buffer.from([
        ...[0x04, 0x22, 0x4d, 0x18, 0x78, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        ...[2, 0, 0, 0x80, 0x61, 0x61, 9, 9, 9, 9, 0, 0, 0, 0],
      ]),
    ],
  ])('undoes %s', (_, codec, compressed) => {
    const text = decompress(compressed, codec).toString()

    expect([fox, 'a'.repeat(64), 'a'.repeat(5_000), 'aaa', 'aa']).toContain(text)
  })

  test.each([
    ['a distance before the beginning', 2, [4, 0, 0x61, 0b10, 9, 0]],
    ['a length that does not fit', 2, [9, 0, 0x61]],
    ['a block that ends too soon', 2, [9, 40 << 2, 0x61]],
    ['an lz4 frame of another magic', 3, [1, 2, 3, 4]],
    ['an lz4 frame with a dictionary', 3, [0x04, 0x22, 0x4d, 0x18, 0x61, 0x40, 0, 0, 0, 0, 0, 0]],
    [
      'an lz4 distance before the beginning',
      3,
      [4, 0x22, 0x4d, 0x18, 0x60, 0x40, 0, 4, 0, 0, 0, 0x10, 0x61, 9, 0],
    ],
    ['a codec that Kafka does not have', 5, [1]],
  ])('refuses %s', (_, codec, compressed) => {
    expect(() => decompress(Buffer.from(compressed), codec)).toThrow()
  })

  test('stops before a few bytes fill the memory', () => {
    const repeatALot = Array.from({ length: 70 }, () => [...Array<number>(16_000).fill(255)]).flat()
    const bomb = Buffer.from([
      ...[0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0],
      ...[...int32(repeatALot.length + 5), 0x1f, 0x61, 1, 0, ...repeatALot, 0],
    ])

    expect(() => decompress(bomb, 3)).toThrow('more than 268435456 bytes')
  })
})

function int32(value: number): readonly number[] {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return [...bytes]
}
