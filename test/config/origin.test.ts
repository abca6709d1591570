import { describe, expect, it } from 'vitest'
import { errorsWithBroker, loadWithBroker } from './sources.ts'

describe('http.hosts', () => {
  it('is every host by default', () => {
    expect(loadWithBroker({}).http.hosts).toEqual([])
  })

  it('can be names, names under another, and addresses', () => {
    const argv = ['--http.hosts=kprf, *.example.com,127.0.0.1,::1,[::2]']

    expect(loadWithBroker({ argv }).http.hosts).toEqual([
      ...['kprf', '*.example.com', '127.0.0.1', '::1', '[::2]'],
    ])
  })

  it.each(['', 'a,', '*', 'http://a', 'a:80', 'a/b', 'a b', '[::1]:80', 'ü', 'a.*'])(
    'cannot be %j',
    (text) => {
      const position = text.split(',').length
      expect(errorsWithBroker({ argv: [`--http.hosts=${text}`] })).toEqual([
        `http.hosts: must be a list of host names or IP addresses; entry ${position} is neither a name nor an address; it has no scheme, no port and no path (--http.hosts)`,
      ])
    },
  )
})

describe('http.proxy_protocol', () => {
  it('can be false', () => {
    expect(loadWithBroker({ argv: ['--http.proxy_protocol=false'] }).http.proxyProtocol).toBe(false)
  })

  it.each(['true', 'v2', '1'])('cannot be %s, and the message says what to do instead', (text) => {
    expect(errorsWithBroker({ argv: [`--http.proxy_protocol=${text}`] })).toEqual([
      'http.proxy_protocol: must be false; kprf does not read the PROXY protocol: turn it off in the load balancer, let that send X-Forwarded-For, and name it in http.trusted_proxies (--http.proxy_protocol)',
    ])
  })
})

describe('http.cors', () => {
  it('lets no page in by default', () => {
    expect(loadWithBroker({}).http.cors).toEqual({ origins: [], allowHeaders: [], maxAgeS: 600 })
  })

  it.each([
    ...['https://a.example', 'http://localhost:3000', 'http://[::1]:8080', 'https://a.example:80'],
    ...['capacitor://localhost', 'chrome-extension://abcdef', 'https://xn--tda.example'],
  ])('origins can be %s', (origin) => {
    const { http } = loadWithBroker({ argv: [`--http.cors.origins=${origin}`] })

    expect(http.cors.origins).toEqual([origin])
  })

  const noOrigin =
    'is no origin: scheme://host or scheme://host:port, in lower case, without a path or a slash at the end'
  const notAsSent =
    'is not as browsers send it: without the port of the scheme (80, 443), and an address in its shortest form'
  const star = 'has a *, which would let in pages of others; name each origin'

  it.each([
    ['*', star],
    ['https://*.example.com', star],
    ['null', 'is null, which pages of every site can have as their origin'],
    ['', noOrigin],
    ['a.example', noOrigin],
    ['https://a.example/', noOrigin],
    ['https://a.example/path', noOrigin],
    ['https://A.example', noOrigin],
    ['HTTPS://a.example', noOrigin],
    ['https://u:p@a.example', noOrigin],
    ['https://ü.example', noOrigin],
    ['https://a.example:443', notAsSent],
    ['http://a.example:80', notAsSent],
    ['http://[0:0::1]', notAsSent],
    ['http://a.example:99999', noOrigin],
  ])('origins cannot have %j', (text, problem) => {
    expect(errorsWithBroker({ argv: [`--http.cors.origins=https://b.example,${text}`] })).toEqual([
      `http.cors.origins: must be a list of origins, such as https://app.example.com; entry 2 ${problem} (--http.cors.origins)`,
    ])
  })

  it.each(['*', '', 'a b', 'a:'])('allow_headers cannot have %j', (text) => {
    expect(errorsWithBroker({ argv: [`--http.cors.allow_headers=${text}`] })).toEqual([
      'http.cors.allow_headers: must be a list of names of headers; entry 1 is not the name of a header (--http.cors.allow_headers)',
    ])
  })
})

describe('http.trusted_proxies', () => {
  it('is empty by default', () => {
    expect(loadWithBroker({}).http.trustedProxies).toEqual([])
  })

  it('can be addresses and ranges', () => {
    const ranges = ['10.0.0.0/8', '192.0.2.7', '::1', '2001:db8::/32']

    expect(
      loadWithBroker({ argv: [`--http.trusted_proxies=${ranges.join(',')}`] }).http.trustedProxies,
    ).toEqual(ranges)
  })

  const every =
    'is every address, so that every client could choose its own; name those of the proxies'
  const neither = 'is neither an address nor a range'

  it.each([
    ['', neither],
    ['*', neither],
    ['proxy.example', neither],
    ['10.0.0.0/33', neither],
    ['10.0.0.0/-1', neither],
    ['10.0.0.0/', neither],
    ['10.0.0.0/8/8', neither],
    ['10.0.0.0/255.0.0.0', neither],
    ['::/129', neither],
    ['fe80::1%eth0', neither],
    ['10.0.0.1:80', neither],
    ['0.0.0.0/0', every],
    ['::/0', every],
  ])('cannot have %j', (text, problem) => {
    expect(errorsWithBroker({ argv: [`--http.trusted_proxies=10.0.0.1,${text}`] })).toEqual([
      `http.trusted_proxies: must be a list of IP addresses or CIDR ranges, such as 10.0.0.0/8; entry 2 ${problem} (--http.trusted_proxies)`,
    ])
  })
})
