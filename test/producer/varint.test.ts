import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readVarint, sizeOfVarint, writeVarint } from '../../src/producer/varint.ts'
import { Encoder } from '../support/kafkajs-internals.ts'
import { runs } from '../support/random-runs.ts'

const UNTOUCHED = 0xaa
const OFFSET = 3

/** Writes into the middle of a marked buffer and returns the bytes, checking their surroundings. */
function written(value: number): Buffer {
  const buffer = Buffer.alloc(20, UNTOUCHED)
  const end = writeVarint(buffer, OFFSET, value)
  const around = [...buffer.subarray(0, OFFSET), ...buffer.subarray(end)]
  expect(around.every((byte) => byte === UNTOUCHED)).toBe(true)
  expect(end).toBe(OFFSET + sizeOfVarint(value))
  return buffer.subarray(OFFSET, end)
}

const byKafkajs = (value: number): Buffer => new Encoder().writeVarLong(value).buffer

const POWERS_AND_NEIGHBOURS = Array.from({ length: 54 }, (_, exponent) => 2 ** exponent)
  .flatMap((power) => [power - 1, power, power + 1])
  .flatMap((value) => [value, -value])
  .filter(Number.isSafeInteger)

describe('writeVarint', () => {
  test.each([
    [0, '00'],
    [-1, '01'],
    [1, '02'],
    [63, '7e'],
    [-64, '7f'],
    [64, '8001'],
    [-65, '8101'],
    [300, 'd804'],
    [2 ** 31 - 1, 'feffffff0f'],
    [-(2 ** 31), 'ffffffff0f'],
    [2 ** 31, '8080808010'],
    [2 ** 53 - 1, 'feffffffffffff1f'],
    [-(2 ** 52) - 1, '8180808080808010'],
    [1 - 2 ** 53, 'fdffffffffffff1f'],
  ])('writes %i as %s', (value, hex) => {
    expect(written(value).toString('hex')).toBe(hex)
  })

  test('writes the bytes that kafkajs writes, for any 32-bit integer', () => {
    fc.assert(
      fc.property(fc.integer(), (value) => {
        expect(written(value)).toEqual(new Encoder().writeVarInt(value).buffer)
        expect(sizeOfVarint(value)).toBe(Encoder.sizeOfVarInt(value))
      }),
      { numRuns: runs(500) },
    )
  })

  test('writes the bytes that kafkajs writes, for any safe integer', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        expect(written(value)).toEqual(byKafkajs(value))
        expect(sizeOfVarint(value)).toBe(Encoder.sizeOfVarLong(value))
      }),
      { numRuns: runs(500) },
    )
  })

  test('writes the bytes that kafkajs writes, around every power of two', () => {
    const wrong = POWERS_AND_NEIGHBOURS.filter((value) => !written(value).equals(byKafkajs(value)))

    expect(wrong).toEqual([])
  })
})

describe('readVarint', () => {
  test('reads back what was written, and says where it ends', () => {
    const anyValue = fc.oneof(fc.integer(), fc.maxSafeInteger())

    fc.assert(
      fc.property(anyValue, fc.nat({ max: 5 }), (value, offset) => {
        const buffer = Buffer.alloc(20, UNTOUCHED)
        const end = writeVarint(buffer, offset, value)

        expect(readVarint(buffer, offset)).toEqual([value, end])
      }),
      { numRuns: runs(500) },
    )
  })

  test('reads back what was written, around every power of two', () => {
    const wrong = POWERS_AND_NEIGHBOURS.filter((value) => {
      const [read] = readVarint(byKafkajs(value), 0)
      return read !== value
    })

    expect(wrong).toEqual([])
  })

  test('reads 0 as 0, not as its negative', () => {
    expect(readVarint(Buffer.from([0]), 0)[0]).toBe(0)
  })
})
