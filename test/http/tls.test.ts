/** The HTTP server behind TLS, on real sockets. */
import { request as httpRequest } from 'node:http'
import { Agent, request } from 'node:https'
import { connect as connectPlain, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { type HttpApp, HttpServer } from '../../src/http/http-server.ts'
import { SERVER_LIMITS, type ServerLimits } from '../../src/http/limits.ts'
import type { ServerTls } from '../../src/http/tls/server-tls.ts'
import { createAuthority } from '../support/certificates.ts'

const authority = createAuthority()
const stranger = createAuthority()
const [first, second] = [authority.issue('first'), authority.issue('second')]

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const echo: HttpApp = (incoming, response) => {
  void text(incoming).then((body) => response.end(`${incoming.method ?? ''} ${body}`))
}

async function serve(
  tls: Partial<ServerTls> = {},
  limits: Partial<ServerLimits> = {},
  app: HttpApp = echo,
) {
  const failures: string[] = []
  const server = new HttpServer({
    ...{ app, clock: systemClock, log: { limited: () => undefined } },
    observer: {
      clientFailed: (code) => failures.push(code),
      requestRefused: () => undefined,
      connectionDropped: (reason) => failures.push(reason),
    },
    limits: { ...SERVER_LIMITS, lastRequestMs: 0, ...limits },
    tls: { context: first, clientAuth: 'none', ...tls },
  })
  await server.listen(0, '127.0.0.1')
  closers.push(() => server.close())
  const { port } = server.address
  const open = (options: ConnectionOptions = {}): TLSSocket => {
    const socket = connect({ port, host: '127.0.0.1', ca: authority.cert, ...options })
    socket.on('error', () => undefined)
    closers.push(() => socket.destroy())
    return socket
  }
  return { server, port, failures, open }
}

function post(port: number, body: string, options: ConnectionOptions = {}): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const agent = new Agent({ ca: authority.cert, ...options })
  request({ port, host: '127.0.0.1', method: 'POST', agent }, (response) => {
    text(response).then(resolve, reject)
  })
    .on('error', reject)
    .end(body)
  return promise
}

function openPlain(port: number): Socket {
  const socket = connectPlain({ port, host: '127.0.0.1' })
  socket.on('error', () => undefined)
  closers.push(() => socket.destroy())
  return socket
}

const nameOf = (socket: TLSSocket): string => String(socket.getPeerCertificate().subject.CN)

async function secured(socket: TLSSocket): Promise<TLSSocket> {
  await new Promise((resolve, reject) => {
    socket.once('secureConnect', resolve).once('error', reject)
  })
  return socket
}

const REQUEST = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n'

describe('a TLS port', () => {
  it('serves requests, also those whose bytes come one by one', async () => {
    const { port, open } = await serve()
    expect(await post(port, 'x'.repeat(100_000))).toBe(`POST ${'x'.repeat(100_000)}`)

    const socket = await secured(open())
    for (const byte of `${REQUEST}ab`) socket.write(byte)
    socket.end()
    expect(await text(socket)).toMatch(/^HTTP\/1.1 200 [^]*POST ab/)
  })

  it('tells a client that speaks plain HTTP to use https, and counts it', async () => {
    const { port, failures } = await serve()
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    httpRequest({ port, host: '127.0.0.1' }, (response) => {
      text(response).then((body) => {
        resolve(`${String(response.statusCode)} ${body}`)
      }, reject)
    })
      .on('error', reject)
      .end()

    expect(await promise).toMatch(/^400 .*"this port speaks HTTPS: use https:\/\//)
    expect(failures).toEqual(['plain_text'])
  })

  it.each([
    ['garbage after the first byte', Buffer.from([0x16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])],
    ['a version that is too old', undefined],
  ])('survives %s, and counts it', async (_what, bytes) => {
    const { port, open, failures } = await serve({ context: { ...first, minVersion: 'TLSv1.3' } })
    if (bytes === undefined) open({ maxVersion: 'TLSv1.2' })
    else openPlain(port).write(bytes)
    await expect.poll(() => failures).toEqual(['tls_handshake'])
    expect(await post(port, 'a')).toBe('POST a')
  })

  it('uses a renewed certificate for new connections, and keeps the open ones', async () => {
    const { server, open } = await serve()
    const before = await secured(open())
    server.renewTls({ context: second, clientAuth: 'none' })
    const after = await secured(open())

    expect([nameOf(before), nameOf(after)]).toEqual(['first', 'second'])
    before.end(`${REQUEST}ab`)
    expect(await text(before)).toMatch(/ 200 [^]*POST ab/)
  })

  it('with require, serves only clients whose certificate its authorities signed', async () => {
    const tls: ServerTls = { context: { ...first, ca: [authority.cert] }, clientAuth: 'require' }
    const { port } = await serve(tls)

    expect(await post(port, 'a', authority.issue('client'))).toBe('POST a')
    await expect(post(port, 'a')).rejects.toThrow()
    await expect(post(port, 'a', stranger.issue('client'))).rejects.toThrow()
  })

  it('resumes no session with a client whose authority was removed', async () => {
    const trusting = (ca: string) => ({ context: { ...first, ca }, clientAuth: 'require' }) as const
    const { server, open } = await serve(trusting(stranger.cert))
    const client = stranger.issue('client')
    const before = open(client)
    const received = new Promise<Buffer>((resolve) => before.once('session', resolve))
    const reply = (socket: TLSSocket): Promise<string> => {
      socket.end(`${REQUEST}ab`)
      return text(socket).catch(String)
    }
    expect(await reply(before)).toMatch(/ 200 /)
    const session = await received
    expect(await reply(open({ ...client, session }))).toMatch(/ 200 /)

    server.renewTls(trusting(authority.cert))
    expect(await reply(open({ ...client, session }))).not.toMatch(/ 200 /)
  })

  it('does not answer an idle connection, however long it has sent nothing after its handshake', async () => {
    const limits = { headersTimeoutMs: 50, timeoutCheckIntervalMs: 10, keepAliveTimeoutMs: 400 }
    const { open, failures } = await serve({}, limits)
    const socket = await secured(open())

    expect(await text(socket)).toBe('')
    expect(failures).toEqual(['idle_timeout'])
  })

  it('closes connections that send nothing, not even a handshake', async () => {
    const { port } = await serve({}, { keepAliveTimeoutMs: 50 })
    const socket = openPlain(port)

    expect(await text(socket)).toBe('')
  })

  it('cuts a client that does not read its replies', async () => {
    const large: HttpApp = (_incoming, response) => response.end(Buffer.alloc(30_000_000))
    const limits = { stalledReaderTimeoutMs: 100, timeoutCheckIntervalMs: 20 }
    const { open, failures } = await serve({}, limits, large)
    const socket = await secured(open())
    socket.pause().write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')

    await expect.poll(() => failures).toEqual(['stalled_reader'])
  })

  it('limits the connections that have not finished their handshake', async () => {
    const { port, failures } = await serve({}, { maxConnections: 2 })
    for (let count = 0; count < 3; count += 1) openPlain(port)

    await expect.poll(() => failures).toEqual(['limit'])
  })

  it('stops although a client does not go on with its handshake', async () => {
    const { server, port } = await serve()
    const silent = openPlain(port)
    const half = openPlain(port)
    half.write(Buffer.from([0x16]))
    await Promise.all(
      [silent, half].map((socket) => new Promise((resolve) => socket.once('connect', resolve))),
    )
    const closed = Promise.all(
      [silent, half].map((socket) => new Promise((resolve) => socket.once('close', resolve))),
    )

    await server.close()
    await closed
  })
})
