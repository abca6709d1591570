import { describe, expect, it } from 'vitest'
import { addressOf } from '../../src/http/client-address.ts'

describe('addressOf', () => {
  it.for([
    ['192.0.2.7', '192.0.2.7', 'an IPv4 address'],
    ['::ffff:192.0.2.7', '192.0.2.7', 'an IPv4 address on an IPv6 socket'],
    ['::FFFF:192.0.2.7', '192.0.2.7', 'the same in capitals'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64', 'the network of an IPv6 address'],
    ['2001:db8:1:2::6', '2001:db8:1:2::/64', 'that of a shortened one'],
    ['2001:DB8:0:0::6', '2001:db8::/64', 'its shortest form'],
    ['2001:db8:0:1::', '2001:db8:0:1::/64', 'that of an address that ends with zeros'],
    ['fe80::1%eth0', 'fe80::/64', 'that of a link-local address without its zone'],
    ['::1', '::/64', 'that of the loopback address'],
    ['::5:6:7:8:9', '0:0:0:5::/64', 'that of an address that begins with zeros'],
    ['', '-', 'a dash for an empty address'],
    [undefined, '-', 'a dash where the client is gone'],
  ] as const)('makes %s into %s: %s', ([remoteAddress, address]) => {
    expect(addressOf({ remoteAddress })).toBe(address)
  })

  it('distinguishes networks, but not machines of one network', () => {
    const [first, second, other] = ['2001:db8::1', '2001:db8::2', '2001:db8:0:1::1'].map(
      (remoteAddress) => addressOf({ remoteAddress }),
    )

    expect(first).toBe(second)
    expect(other).not.toBe(first)
  })
})
