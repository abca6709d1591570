import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { crc32cModule } from '../../scripts/generate-crc32c.ts'
import { combineCrc32c, crc32c } from '../../src/producer/crc32c.ts'
import { kafkajsCrc32c } from '../support/kafkajs-internals.ts'

const ISCSI_READ_COMMAND = Buffer.from(
  '01c00000000000000000000000000000' +
    '14000000000004000000001400000018' +
    '28000000000000000200000000000000',
  'hex',
)

/** CRC-32C straight from its definition, one bit at a time. */
function bitwise(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  }
  return ~crc >>> 0
}

const anyBuffer = (maxLength: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes))

test('the module is what npm run generate:crc32c makes', async () => {
  const path = new URL('../../src/producer/crc32c-module.ts', import.meta.url)

  expect(readFileSync(path, 'utf8')).toBe(await crc32cModule())
})

describe('crc32c', () => {
  test.each([
    ['nothing', Buffer.alloc(0), 0],
    ['one letter', Buffer.from('a'), 0xc1d04330],
    ['the check string of the CRC catalogue', Buffer.from('123456789'), 0xe3069283],
    ['a pangram', Buffer.from('The quick brown fox jumps over the lazy dog'), 0x22620404],
    ['32 zero bytes, as in RFC 3720', Buffer.alloc(32), 0x8a9136aa],
    ['32 bytes of ones, as in RFC 3720', Buffer.alloc(32, 0xff), 0x62a8ab43],
    ['bytes 0 to 31, as in RFC 3720', Buffer.from([...Array(32).keys()]), 0x46dd794e],
    ['bytes 31 to 0, as in RFC 3720', Buffer.from([...Array(32).keys()].reverse()), 0x113fdb5c],
    ['an iSCSI read command, as in RFC 3720', ISCSI_READ_COMMAND, 0xd9963a56],
  ])('gives the published checksum of %s', (_, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected)
  })

  test('agrees with the definition for every length up to 64 at every offset in a word', () => {
    const bytes = Buffer.from(Array.from({ length: 96 }, (_, index) => (index * 167 + 89) & 0xff))
    const ranges = Array.from({ length: 65 * 16 }, (_, n) => {
      const start = n % 16
      return { start, end: start + Math.floor(n / 16) }
    })

    const wrong = ranges.filter(
      ({ start, end }) => crc32c(bytes, start, end) !== bitwise(bytes.subarray(start, end)),
    )

    expect(wrong).toEqual([])
  })

  test('is that of kafkajs for any bytes', () => {
    const anyBytes = fc.uint8Array({ maxLength: 2_000 })

    fc.assert(
      fc.property(anyBytes, (bytes) => {
        expect(crc32c(Buffer.from(bytes))).toBe(kafkajsCrc32c(Buffer.from(bytes)))
      }),
    )
  })

  test('agrees with the definition for bytes that fill its memory several times', () => {
    const bytes = Buffer.from(Array.from({ length: 300_001 }, (_, index) => (index * 167) & 0xff))

    expect(crc32c(bytes)).toBe(bitwise(bytes))
  })

  test('leaves out what is before the start and behind the end', () => {
    const whole = Buffer.from('xxx123456789yyy')

    expect(crc32c(whole, 3, 12)).toBe(0xe3069283)
  })

  test('goes on from the checksum of what came before', () => {
    const inTwo = fc.record({
      bytes: anyBuffer(500),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    })

    fc.assert(
      fc.property(inTwo, ({ bytes, share }) => {
        const middle = Math.floor(bytes.length * share)
        const first = crc32c(bytes, 0, middle)

        expect(crc32c(bytes, middle, bytes.length, first)).toBe(crc32c(bytes))
      }),
    )
  })
})

describe('combineCrc32c', () => {
  test('gives the checksum of two sequences from their own', () => {
    const anyBytes = anyBuffer(300)

    fc.assert(
      fc.property(anyBytes, anyBytes, (first, second) => {
        const both = crc32c(Buffer.concat([first, second]))

        expect(combineCrc32c(crc32c(first), crc32c(second), second.length)).toBe(both)
      }),
    )
  })

  test('does so for a second sequence of many megabytes', () => {
    const first = Buffer.from('first')
    const second = Buffer.alloc(9_000_001, 'second')

    expect(combineCrc32c(crc32c(first), crc32c(second), second.length)).toBe(
      crc32c(Buffer.concat([first, second])),
    )
  })
})
