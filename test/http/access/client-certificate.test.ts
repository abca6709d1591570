/** Names of clients in the certificates of their TLS connections, on real sockets. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { Socket } from 'node:net'
import { connect, type ConnectionOptions, createServer, type TLSSocket } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { Authenticator } from '../../../src/http/access/authenticator.ts'
import {
  type CertificateName,
  ClientCertificates,
} from '../../../src/http/access/client-certificate.ts'
import { tokenHash, TokenTable } from '../../../src/http/access/token-table.ts'
import { createAuthority } from '../../support/certificates.ts'

const authority = createAuthority()
const stranger = createAuthority()
const server = authority.issue('server')

const closers: (() => unknown)[] = []
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close()
})

/** A server that asks for certificates, and what it has of each new connection. */
async function listen() {
  const port = createServer({
    ...{ ...server, ca: [authority.cert] },
    ...{ requestCert: true, rejectUnauthorized: false },
  })
  await once(port.listen(0, '127.0.0.1'), 'listening')
  closers.push(() => port.close())
  return async (options: ConnectionOptions = {}) => {
    const accepted = new Promise<TLSSocket>((resolve) => port.once('secureConnection', resolve))
    const { port: number } = port.address() as AddressInfo
    const client = connect({ host: '127.0.0.1', port: number, ca: authority.cert, ...options })
    client.on('error', () => undefined)
    const socket = await accepted
    socket.on('error', () => undefined)
    closers.push(
      () => socket.destroy(),
      () => client.destroy(),
    )
    return { client, socket }
  }
}

const answerOf = async (from: CertificateName, options?: ConnectionOptions) => {
  const open = await listen()
  const { socket } = await open(options)
  return new ClientCertificates(from).of(socket)
}

const client = (name: string) => ({ kind: 'client', principal: { name } })

describe('the certificate of a connection', () => {
  it.each([
    ['cn', authority.issue('shop'), 'shop'],
    ['cn', authority.issue('Shop, of "ours" = 1'), 'Shop, of "ours" = 1'],
    [
      'san_dns',
      authority.issue('x', {}, ['shop.example', '127.0.0.1', 'spiffe://a/b']),
      'shop.example',
    ],
    ['san_uri', authority.issue('x', {}, ['h', 'spiffe://example/shop']), 'spiffe://example/shop'],
    ['san_uri', authority.issue('x', {}, ['a://b, URI:c://d']), 'a://b, URI:c://d'],
    ['san_uri', authority.issue('x', {}, ['DNS, URI:x', 'a://b?"c"\\']), 'a://b?"c"\\'],
  ] as const)('names its client by %s', async (from, credentials, name) => {
    expect(await answerOf(from, credentials)).toEqual(client(name))
  })

  it.each([
    ['no name of the kind', 'san_uri', authority.issue('a', {}, ['a.example'])],
    ['two names of the kind', 'san_dns', authority.issue('a', {}, ['a.example', 'b.example'])],
    ['a name with *', 'san_dns', authority.issue('a', {}, ['*.example'])],
    ['a name with a line feed', 'cn', authority.issue('a\nb')],
    ['a name with a NUL', 'cn', authority.issue('admin\0.example')],
    ['an empty name', 'cn', authority.issue('')],
    ['a name of 256 characters', 'san_dns', authority.issue('a', {}, ['a'.repeat(256)])],
    ['a name that looks like another', 'san_dns', authority.issue('a', {}, ['a://b, DNS:admin'])],
  ] as const)('with %s names nobody', async (_what, from, credentials) => {
    expect(await answerOf(from, credentials)).toEqual({ kind: 'unnamed' })
  })

  it.each([
    ['of another authority', stranger.issue('shop')],
    ['that has expired', authority.issue('shop', { until: '20210203040506Z' })],
    ['that is not valid yet', authority.issue('shop', { from: '20900101000000Z' })],
  ])('%s is not trusted', async (_what, credentials) => {
    expect(await answerOf('cn', credentials)).toEqual({ kind: 'untrusted' })
  })

  it('is missing where none was shown, also in a resumed connection', async () => {
    const open = await listen()
    const first = await open({ maxVersion: 'TLSv1.3' })
    const session = new Promise<Buffer>((resolve) => first.client.once('session', resolve))
    first.socket.write('x')
    const { socket } = await open({ session: await session })
    const certificates = new ClientCertificates('cn')

    expect(socket.isSessionReused()).toBe(true)
    expect(certificates.of(socket)).toEqual({ kind: 'none' })
    expect(certificates.of(first.socket)).toEqual({ kind: 'none' })
    expect(certificates.of(new Socket())).toEqual({ kind: 'none' })
  })

  it('stays what it was in a resumed connection', async () => {
    const open = await listen()
    for (const [credentials, answer] of [
      [authority.issue('shop'), client('shop')],
      [stranger.issue('shop'), { kind: 'untrusted' }],
    ] as const) {
      const first = await open(credentials)
      const session = new Promise<Buffer>((resolve) => first.client.once('session', resolve))
      first.socket.write('x')
      const { socket } = await open({ session: await session })

      expect(socket.isSessionReused()).toBe(true)
      expect(new ClientCertificates('cn').of(socket)).toEqual(answer)
    }
  })
})

describe('an authenticator that knows certificates', () => {
  const identify = async (
    allowsAnonymous: boolean,
    options: ConnectionOptions,
    headers: readonly string[] = [],
    tokens = [{ principal: 'billing', sha256: tokenHash('bills') }],
  ) => {
    const denied: string[] = []
    const authenticator = new Authenticator({
      ...{ tokens: new TokenTable(tokens), allowsAnonymous },
      certificates: new ClientCertificates('cn'),
      onDenied: (reason) => denied.push(reason),
    })
    const open = await listen()
    const { socket } = await open(options)
    const rawHeaders = headers.flatMap((value) => ['Authorization', value])
    const entry = authenticator.identify({ rawHeaders, socket })
    return 'principal' in entry ? entry.principal.name : denied
  }
  const shop = authority.issue('shop')
  const [strange, unnamed] = [stranger.issue('shop'), authority.issue('*')]

  it.each([
    ['a certificate', shop, [], 'shop'],
    ['a token and a certificate', shop, ['Bearer bills'], 'billing'],
    ['a token and a certificate that is not trusted', strange, ['Bearer bills'], 'billing'],
    ['a wrong token and a certificate', shop, ['Bearer x'], ['unknown_token']],
    [
      'two tokens and a certificate',
      shop,
      ['Bearer bills', 'Bearer bills'],
      ['unreadable_credentials'],
    ],
    ['a certificate that is not trusted', strange, [], ['certificate_untrusted']],
    ['a certificate without a usable name', unnamed, [], ['certificate_unnamed']],
  ])(
    'decides on %s, whether or not anonymous clients are served',
    async (_what, options, headers, answer) => {
      expect(await identify(false, options, headers)).toEqual(answer)
      expect(await identify(true, options, headers)).toEqual(answer)
    },
  )

  it('serves clients without any as anonymous only where that is allowed', async () => {
    expect(await identify(true, {})).toBe('anonymous')
    expect(await identify(false, {})).toEqual(['no_credentials'])
  })

  it('looks at certificates also while there are no tokens', async () => {
    expect(await identify(true, shop, [], [])).toBe('shop')
    expect(await identify(true, strange, ['Bearer of a gateway'], [])).toEqual([
      'certificate_untrusted',
    ])
  })
})
