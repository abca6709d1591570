import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readVarint, sizeOfVarint, writeVarint } from '../../src/producer/varint.ts'
import { Encoder } from '../support/kafkajs-internals.ts'

const UNTOUCHED = 0xaa
const OFFSET = 3
/** Beyond it, the zigzag of a negative number is odd and no double can hold it. */
const HALF_OF_SAFE = 2 ** 52

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

const POWERS_AND_NEIGHBOURS = Array.from({ length: 52 }, (_, exponent) => 2 ** exponent)
  .flatMap((power) => [power - 1, power, power + 1])
  .flatMap((value) => [value, -value])
  .filter((value) => Math.abs(value) <= HALF_OF_SAFE)

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
  ])('writes %i as %s', (value, hex) => {
    expect(written(value).toString('hex')).toBe(hex)
  })

  test('writes the bytes that kafkajs writes, for any 32-bit integer', () => {
    fc.assert(
      fc.property(fc.integer(), (value) => {
        expect(written(value)).toEqual(new Encoder().writeVarInt(value).buffer)
        expect(sizeOfVarint(value)).toBe(Encoder.sizeOfVarInt(value))
      }),
      { numRuns: 500 },
    )
  })

  test('writes the bytes that kafkajs writes, for any safe integer from -2^52 on', () => {
    const anyValue = fc.integer({ min: -HALF_OF_SAFE, max: Number.MAX_SAFE_INTEGER })

    fc.assert(
      fc.property(anyValue, (value) => {
        expect(written(value)).toEqual(byKafkajs(value))
        expect(sizeOfVarint(value)).toBe(Encoder.sizeOfVarLong(value))
      }),
      { numRuns: 500 },
    )
  })

  test('writes the bytes that kafkajs writes, around every power of two', () => {
    const wrong = POWERS_AND_NEIGHBOURS.filter((value) => !written(value).equals(byKafkajs(value)))

    expect(wrong).toEqual([])
  })

  test('writes the bytes that kafkajs writes, for safe integers below -2^52', () => {
    const anyValue = fc.integer({ min: Number.MIN_SAFE_INTEGER, max: -HALF_OF_SAFE - 1 })

    fc.assert(
      fc.property(anyValue, (value) => {
        expect(written(value)).toEqual(byKafkajs(value))
      }),
    )
  })
})

describe('readVarint', () => {
  test('reads back what was written, and says where it ends', () => {
    const anyValue = fc.integer({ min: -HALF_OF_SAFE, max: Number.MAX_SAFE_INTEGER })

    fc.assert(
      fc.property(fc.oneof(fc.integer(), anyValue), fc.nat({ max: 5 }), (value, offset) => {
        const buffer = Buffer.alloc(20, UNTOUCHED)
        const end = writeVarint(buffer, offset, value)

        expect(readVarint(buffer, offset)).toEqual([value, end])
      }),
      { numRuns: 500 },
    )
  })

  test('reads back safe integers below -2^52', () => {
    const anyValue = fc.integer({ min: Number.MIN_SAFE_INTEGER, max: -HALF_OF_SAFE - 1 })

    fc.assert(
      fc.property(anyValue, (value) => {
        expect(readVarint(byKafkajs(value), 0)[0]).toBe(value)
      }),
    )
  })
})
