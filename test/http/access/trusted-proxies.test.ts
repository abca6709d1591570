import { describe, expect, it } from 'vitest'
import { clientAddressOf } from '../../../src/http/client-address.ts'
import { TrustedProxies } from '../../../src/http/access/trusted-proxies.ts'

const proxies = new TrustedProxies(['10.0.0.0/8', '192.0.2.7', '2001:db8:1::/48', '::1'])

describe('the address of a proxy', () => {
  it.for([
    ['10.255.0.1', true],
    ['11.0.0.1', false],
    ['192.0.2.7', true],
    ['192.0.2.8', false],
    ['::ffff:10.0.0.1', true],
    ['::ffff:0a00:1', true],
    ['::ffff:11.0.0.1', false],
    ['2001:DB8:1::9', true],
    ['2001:db8:2::9', false],
    ['::1', true],
    ['fe80::1%eth0', false],
    ['', false],
    [undefined, false],
  ] as const)('%s is trusted: %s', ([address, isTrusted]) => {
    expect(proxies.includes(address)).toBe(isTrusted)
  })
})

describe('a request', () => {
  const clientBehind = (header?: string): string => {
    const request = {
      headers: { 'x-forwarded-for': header },
      socket: { remoteAddress: '10.0.0.2' },
    }
    proxies.identify(request as never)
    return clientAddressOf(request)
  }

  it('came from the client in its header, and the same one again', () => {
    const headers = Array.from({ length: 2500 }, (_, n) => `203.0.${n % 250}.${(n % 1250) % 256}`)

    expect(headers.map(clientBehind)).toEqual(headers)
    expect([...headers, ...headers].map(clientBehind)).toEqual([...headers, ...headers])
  })

  it.each([undefined, 'nonsense', 'nonsense'])(
    'came from the proxy if its header is %j',
    (header) => {
      expect(clientBehind(header)).toBe('10.0.0.2')
    },
  )

  it('came from the client in a header that is too long to be remembered', () => {
    expect(clientBehind(`${'x'.repeat(200)}, 203.0.113.5`)).toBe('203.0.113.5')
  })
})

describe('the client in X-Forwarded-For', () => {
  it.for([
    ['203.0.113.5', '203.0.113.5', 'is its only address'],
    ['203.0.113.5, 10.0.0.2', '203.0.113.5', 'comes before the proxies'],
    ['203.0.113.5,10.0.0.2,2001:db8:1::2', '203.0.113.5', 'comes before several proxies'],
    ['127.0.0.1, 203.0.113.5', '203.0.113.5', 'is not what the client says itself'],
    ['10.0.0.9, 203.0.113.5, 10.0.0.2', '203.0.113.5', 'is not a proxy that the client names'],
    ['nonsense, 203.0.113.5', '203.0.113.5', 'is known although the client sent nonsense'],
    ['10.0.0.9, 10.0.0.2', '10.0.0.9', 'is the first address if all are proxies'],
    ['203.0.113.5:4711', '203.0.113.5', 'may have a port'],
    ['[2001:db8::5]:4711, 10.0.0.2', '2001:db8::5', 'may be IPv6 in brackets'],
    ['[2001:db8::5]', '2001:db8::5', 'may be IPv6 in brackets without a port'],
    ['2001:0DB8:0::5', '2001:db8::5', 'has its shortest form'],
    ['::ffff:203.0.113.5', '::ffff:203.0.113.5', 'may be IPv4 in IPv6'],
    ['203.0.113.5, unknown', undefined, 'is unknown behind something else'],
    ['203.0.113.5, unknown, 10.0.0.2', undefined, 'is unknown behind something else and a proxy'],
    ['203.0.113.5,', undefined, 'is unknown behind an empty address'],
    ['', undefined, 'is unknown if it is empty'],
    ['203.0.113.5 10.0.0.2', undefined, 'is unknown if no comma separates'],
    ['203.0.113.256', undefined, 'is unknown if it is no address'],
    ['0x7f.1', undefined, 'is unknown if it is written in another way'],
    ['a.example', undefined, 'is unknown if it is a name'],
  ] as const)('%j: %s, because it %s', ([header, client]) => {
    expect(proxies.clientOf(header)).toBe(client)
  })

  it('is looked for in as many addresses as a request passes proxies', () => {
    expect(proxies.clientOf(`203.0.113.5${', 10.0.0.2'.repeat(100)}`)).toBe('10.0.0.2')
  })
})
