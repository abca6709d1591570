import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Codec, Format } from '../../src/protocol/codec.ts'
import {
  array,
  between,
  boolean,
  bytes,
  changed,
  int16,
  int32,
  int64,
  int8,
  nullableArray,
  nullableBytes,
  nullableString,
  since,
  skipTaggedFields,
  string,
  struct,
  uuid,
} from '../../src/protocol/codec.ts'
import { Reader } from '../../src/protocol/reader.ts'
import { Writer } from '../../src/protocol/writer.ts'

const fixed: Format = { version: 1, isFlexible: false }
const flexible: Format = { version: 1, isFlexible: true }

function encode<T>(codec: Codec<T>, value: T, format: Format): Buffer {
  const writer = new Writer()
  codec.write(writer, value, format)
  return Buffer.from(writer.bytes())
}

function decode<T>(codec: Codec<T>, encoded: Buffer, format: Format): T {
  const reader = new Reader(encoded)
  const value = codec.read(reader, format)
  expect(reader.remaining).toBe(0)
  return value
}

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

describe('codecs', () => {
  test.each<[string, Buffer, Buffer]>([
    ['a string', encode(string, 'ab', fixed), hex('0002 6162')],
    ['a compact string', encode(string, 'ab', flexible), hex('03 6162')],
    ['a null string', encode(nullableString, null, fixed), hex('ffff')],
    ['a compact null string', encode(nullableString, null, flexible), hex('00')],
    ['bytes', encode(bytes, hex('07'), fixed), hex('00000001 07')],
    ['compact null bytes', encode(nullableBytes, null, flexible), hex('00')],
    ['an array', encode(array(int16), [1, -2], fixed), hex('00000002 0001 fffe')],
    ['a compact array', encode(array(int16), [1, -2], flexible), hex('03 0001 fffe')],
    ['a null array', encode(nullableArray(int8), null, fixed), hex('ffffffff')],
    [
      'a struct',
      encode(struct({ a: int8, b: int64 }), { a: 1, b: -1n }, fixed),
      hex('01 ffffffffffffffff'),
    ],
    ['a struct with tags', encode(struct({ a: boolean }), { a: true }, flexible), hex('01 00')],
    [
      'a long compact length',
      encode(bytes, Buffer.alloc(200), flexible).subarray(0, 3),
      hex('c901 00'),
    ],
  ])('write %s as the protocol says', (_, encoded, expected) => {
    expect(encoded).toEqual(expected)
  })

  test('read and write a field in the versions that have it only', () => {
    const codec = struct({
      a: since(2, int8, 9),
      b: between(0, 1, int8, 8),
      c: changed(2, int8, int16),
    })
    const value = { a: 1, b: 2, c: 3 }

    expect(encode(codec, value, { ...fixed, version: 1 })).toEqual(hex('02 03'))
    expect(encode(codec, value, { ...fixed, version: 2 })).toEqual(hex('01 0003'))
    expect(decode(codec, hex('02 03'), { ...fixed, version: 1 })).toEqual({ a: 9, b: 2, c: 3 })
    expect(decode(codec, hex('01 0003'), { ...fixed, version: 2 })).toEqual({ a: 1, b: 8, c: 3 })
  })

  test('skip the tagged fields of a client', () => {
    const reader = new Reader(hex('02 00 02 aabb 05 01 cc 07'))

    skipTaggedFields(reader)

    expect(reader.remaining).toBe(1)
  })

  test.each<[string, Codec<unknown>, string, Format]>([
    ['a length beyond the end', string, '0009 61', fixed],
    ['a negative length other than null', bytes, 'fffffffe', fixed],
    ['null for a string', string, 'ffff', fixed],
    ['null for an array', array(int8), '00', flexible],
    ['an array that claims more elements than there are bytes', array(int8), '7fffffff 01', fixed],
    ['an array of negative length', array(int8), 'fffffffe', fixed],
    ['a length of more than 32 bits', bytes, 'ffffffffffff01', flexible],
    ['an integer cut short', int32, '0000', fixed],
    ['tags cut short', struct({}), '01 00 09', flexible],
  ])('refuse %s', (_, codec, encoded, format) => {
    expect(() => codec.read(new Reader(hex(encoded)), format)).toThrow(
      expect.objectContaining({ name: 'MalformedFrame' }),
    )
  })

  test('read back whatever they wrote, in fixed and flexible versions', () => {
    const codec = struct({
      id: uuid,
      flag: boolean,
      text: nullableString,
      blob: nullableBytes,
      list: nullableArray(struct({ small: int8, big: int64, name: string })),
    })
    const values = fc.record({
      id: fc
        .uint8Array({ minLength: 16, maxLength: 16 })
        .map((id) => Buffer.from(id).toString('hex')),
      flag: fc.boolean(),
      text: fc.option(fc.string({ unit: 'grapheme' })),
      blob: fc.option(fc.uint8Array({ maxLength: 300 }).map((blob) => Buffer.from(blob))),
      list: fc.option(
        fc.array(
          fc.record({
            small: fc.integer({ min: -128, max: 127 }),
            big: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
            name: fc.string(),
          }),
        ),
      ),
    })

    fc.assert(
      fc.property(values, fc.constantFrom(fixed, flexible), (value, format) => {
        expect(decode(codec, encode(codec, value, format), format)).toEqual(value)
      }),
    )
  })
})

describe('Reader', () => {
  test.each([
    ['00', 0],
    ['01', -1],
    ['02', 1],
    ['feffffff0f', 2_147_483_647],
    ['ffffffff0f', -2_147_483_648],
  ])('reads the varint %s', (encoded, expected) => {
    expect(new Reader(hex(encoded)).varint()).toBe(expected)
  })

  test.each([
    ['01', -1],
    ['80a0abfef962', 1_700_000_000_000],
    ['ff9fabfef962', -1_700_000_000_000],
  ])('reads the varlong %s', (encoded, expected) => {
    expect(new Reader(hex(encoded)).varlong()).toBe(expected)
  })

  test('refuses a varint and a varlong that do not end', () => {
    expect(() => new Reader(Buffer.alloc(9, 0xff)).varint()).toThrow('longer than five bytes')
    expect(() => new Reader(Buffer.alloc(12, 0xff)).varlong()).toThrow('longer than ten bytes')
  })
})
