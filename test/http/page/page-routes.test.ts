/** The page on the main port: who gets its files, who is told what is new, and how the streams end. */
import { once } from 'node:events'
import { type IncomingMessage, request as httpRequest } from 'node:http'
import { describe, expect, it } from 'vitest'
import { Authenticator } from '../../../src/http/access/authenticator.ts'
import { tokenHash, TokenTable } from '../../../src/http/access/token-table.ts'
import { OperationsAccess } from '../../../src/operations/access.ts'
import { LiveFeed, MAX_VIEWERS } from '../../../src/page/live/feed.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { FakeHttpLog, FOR_NODE, pushBody, rawPush, serveEdge } from '../../support/http-edge.ts'
import { IDLE_SAMPLE, LIVE_IDENTITY } from '../../support/live-sample.ts'

const [PUSHER, OPERATOR] = ['token-of-pusher', 'token-of-operator']

const tokensOf = (token: string) => [{ principal: 'one', sha256: tokenHash(token) }]

/** @param operators - tokens of `http.metrics_auth`. */
async function serve(operators: ReturnType<typeof tokensOf> = [], hasHosts = false) {
  const source = { identity: LIVE_IDENTITY, take: () => IDLE_SAMPLE }
  const feed = new LiveFeed({ source, clock: systemClock })
  const access = new OperationsAccess(operators, new FakeHttpLog())
  const served = await serveEdge({
    page: { feed, access, hasHosts },
    authenticator: new Authenticator({
      tokens: new TokenTable(tokensOf(PUSHER)),
      allowsAnonymous: false,
      onDenied: () => undefined,
    }),
  })
  const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    fetch(`http://127.0.0.1:${served.port}${path}`, { method, headers })
  return { ...served, feed, access, get }
}

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` })

describe('The page on the main port', () => {
  it.each(['/', '/page/main.js', '/page/style.css', '/page/uplot.js'])(
    'sends %s to everybody, and not again to whom has it',
    async (path) => {
      const { get } = await serve()

      const first = await get(path)
      const etag = first.headers.get('etag') ?? ''
      const again = await get(path, { 'If-None-Match': etag })
      const head = await get(path, {}, 'HEAD')

      expect(first.status).toBe(200)
      expect((await first.text()).length).toBeGreaterThan(500)
      expect(first.headers.get('content-security-policy')).toMatch(/^default-src 'none'/)
      expect([again.status, await again.text()]).toEqual([304, ''])
      expect([head.status, await head.text()]).toEqual([200, ''])
    },
  )

  it('sends a file after 100 Continue, also if the reply to an earlier push is due', async () => {
    const { connect, producer } = await serve()
    producer.holdDelivery()
    const push = rawPush(pushBody({}, { wait_for_send: true }), { ...bearer(PUSHER), ...FOR_NODE })
    const file =
      'GET /page/main.js HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}'
    const client = connect().write(Buffer.concat([push, Buffer.from(file)]))
    await producer.admitted(1)
    // By its reply, the server has read what came before.
    await connect().write('GET / HTTP/1.1\r\nHost: h\r\n\r\n').response()
    producer.deliver()

    const replies = await client.end().responses(Infinity)

    expect(replies.map(({ status }) => status)).toEqual([200, 100, 200])
    expect(replies[2]?.headers.get('content-type')).toMatch(/^text\/javascript/)
    expect(await client.closed()).toBe('')
  })

  it.each(['POST', 'PUT', 'DELETE'])('takes no %s', async (method) => {
    const { get } = await serve()

    expect((await get('/', {}, method)).status).toBe(405)
    expect((await get('/page/live', {}, method)).status).toBe(405)
  })

  it.each(['/page', '/page/', '/page/index.html', '/page/tsconfig.json', '/page/../package.json'])(
    'has no %s',
    async (path) => {
      const { get } = await serve()

      expect((await get(path)).status).toBe(404)
    },
  )

  it('tells what is new to those who may push', async () => {
    const { get, feed } = await serve()
    expect((await get('/page/live')).status).toBe(401)
    expect((await get('/page/live', bearer(OPERATOR))).status).toBe(401)

    const { status, headers, body } = await get('/page/live', bearer(PUSHER))

    expect(status).toBe(200)
    expect(headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(await firstPiece(body)).toMatch(/^event: hello\ndata: {.*}\n\n/)
    await expect.poll(() => feed.size).toBe(0)
  })

  it('tells it to those who may read metrics, and to no others, if they need a token', async () => {
    const { get, access } = await serve(tokensOf(OPERATOR))
    expect((await get('/page/live')).status).toBe(401)
    expect((await get('/page/live', bearer(PUSHER))).status).toBe(401)

    const { status, body } = await get('/page/live', bearer(OPERATOR))
    expect(status).toBe(200)
    expect(await firstPiece(body)).toMatch(/^event: hello/)

    access.use(tokensOf('another'))
    expect((await get('/page/live', bearer(OPERATOR))).status).toBe(401)
  })

  it.each([
    ['localhost:4242', false, 200],
    ['[::1]:4242', false, 200],
    ['evil.example', false, 421],
    ['localhost.evil.example', false, 421],
    ['kprf.example', true, 200],
  ])('tells a page at %s, with http.hosts: %s, and answers %i', async (host, hasHosts, status) => {
    const { port } = await serve([], hasHosts)
    const headers = { Host: host, ...bearer(PUSHER) }

    const request = httpRequest({ host: '127.0.0.1', port, path: '/page/live', headers }).end()
    const [response] = (await once(request, 'response')) as [IncomingMessage]

    expect(response.statusCode).toBe(status)
    request.destroy()
  })

  it('answers HEAD without a stream', async () => {
    const { get, feed } = await serve()

    const { status } = await get('/page/live', bearer(PUSHER), 'HEAD')

    expect([status, feed.size]).toEqual([200, 0])
  })

  it('refuses one viewer more than there is room for, and says why', async () => {
    const { get, feed } = await serve()
    const streams = await Promise.all(
      Array.from({ length: MAX_VIEWERS }, () => get('/page/live', bearer(PUSHER))),
    )
    await expect.poll(() => feed.size).toBe(MAX_VIEWERS)

    const refused = await get('/page/live', bearer(PUSHER))

    expect(refused.status).toBe(503)
    expect(await refused.json()).toMatchObject({ error_code: 50305, message: /close one of them/ })
    for (const { body } of streams) await body?.cancel()
    await expect.poll(() => feed.size).toBe(0)
  })

  it('ends its streams when the server stops, so that they hold nothing up', async () => {
    const { get, server } = await serve()
    const { body } = await get('/page/live', bearer(PUSHER))

    await server.stopAccepting()

    await expect(wholeText(body)).resolves.toMatch(/^event: hello/)
  })
})

async function firstPiece(body: ReadableStream<Uint8Array> | null): Promise<string> {
  const reader = body?.getReader()
  const piece = await reader?.read()
  await reader?.cancel()
  return new TextDecoder().decode(piece?.value)
}

async function wholeText(body: ReadableStream<Uint8Array> | null): Promise<string> {
  return await new Response(body).text()
}
