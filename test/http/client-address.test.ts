import { describe, expect, it } from 'vitest'
import { addressOf } from '../../src/http/client-address.ts'

describe('addressOf', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8::1:2:3:4:5', '2001:db8:0:1::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ])('counts %s as %s', (remoteAddress, address) => {
    expect(addressOf({ remoteAddress })).toBe(address)
  })

  it('knows none of a connection that is gone', () => {
    expect(addressOf({ remoteAddress: undefined })).toBe('unknown')
  })
})
