import { describe, expect, test } from 'vitest'
import { crc32c } from '../src/crc32c.ts'

describe('crc32c', () => {
  test.each([
    ['nothing', Buffer.alloc(0), 0],
    ['the check string of the CRC catalogue', Buffer.from('123456789'), 0xe3069283],
    ['32 zero bytes, as in RFC 3720', Buffer.alloc(32), 0x8a9136aa],
    ['32 bytes of ones, as in RFC 3720', Buffer.alloc(32, 0xff), 0x62a8ab43],
    ['bytes 0 to 31, as in RFC 3720', Buffer.from([...Array(32).keys()]), 0x46dd794e],
    ['bytes 31 to 0, as in RFC 3720', Buffer.from([...Array(32).keys()].reverse()), 0x113fdb5c],
  ])('gives the known checksum of %s', (_, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected)
  })
})
