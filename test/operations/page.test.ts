/** The page of the operations port over HTTP. */
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { tokenHash } from '../../src/http/access/token-table.ts'
import { OperationsAccess } from '../../src/operations/access.ts'
import { createOperationsApp } from '../../src/operations/app.ts'
import { OperationsServer } from '../../src/operations/server.ts'
import { LiveFeed, MAX_VIEWERS } from '../../src/page/live/feed.ts'
import { FakeHttpLog } from '../support/http-edge.ts'
import { IDLE_SAMPLE, LIVE_IDENTITY } from '../support/live-sample.ts'

const TOKEN = 'token-of-operator'
const TOKENS = [{ principal: 'one', sha256: tokenHash(TOKEN) }]

async function serve(tokens: typeof TOKENS = []) {
  const log = new FakeHttpLog()
  const source = { identity: LIVE_IDENTITY, take: () => IDLE_SAMPLE }
  const feed = new LiveFeed({ source, clock: systemClock })
  const app = createOperationsApp({
    metrics: { contentType: 'text/plain', exposition: () => Promise.resolve('') },
    statistics: { json: () => undefined },
    readiness: { results: () => [] },
    access: new OperationsAccess(tokens, log),
    ...{ feed, logger: log },
  })
  const server = new OperationsServer({ app, clock: systemClock, log, feed })
  const port = await server.listen('127.0.0.1', 0)
  let isClosed = false
  const close = async (): Promise<void> => {
    if (!isClosed) await server.close()
    isClosed = true
  }
  onTestFinished(close)
  const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    fetch(`http://127.0.0.1:${port}${path}`, { method, headers })
  return { feed, close, get, port }
}

describe('The page of the operations port', () => {
  it('has files that need no token, and are not sent again to a browser that has them', async () => {
    const { get } = await serve(TOKENS)

    const first = await get('/')
    const again = await get('/', { 'If-None-Match': first.headers.get('etag') ?? '' })

    expect([first.status, first.headers.get('content-type')]).toEqual([
      200,
      'text/html; charset=utf-8',
    ])
    expect(first.headers.get('cache-control')).toBe('no-cache')
    expect(await first.text()).toContain('<script type="module" src="page/main.js">')
    expect([again.status, await again.text()]).toEqual([304, ''])
  })

  it('sends live data only to clients with a token, if there are tokens', async () => {
    const { get, feed } = await serve(TOKENS)
    expect((await get('/page/live')).status).toBe(401)
    expect((await get(`/page/live?token=${TOKEN}`)).status).toBe(401)

    const { status, body } = await get('/page/live', { Authorization: `Bearer ${TOKEN}` })

    expect(status).toBe(200)
    await expect.poll(() => feed.size).toBe(1)
    await body?.cancel()
    await expect.poll(() => feed.size).toBe(0)
  })

  it('answers HEAD without a stream', async () => {
    const { get, feed } = await serve()

    expect([(await get('/page/live', {}, 'HEAD')).status, feed.size]).toEqual([200, 0])
  })

  it('refuses one viewer more than the limit, and says why', async () => {
    const { get, feed } = await serve()
    await Promise.all(Array.from({ length: MAX_VIEWERS }, () => get('/page/live')))
    await expect.poll(() => feed.size).toBe(MAX_VIEWERS)

    const refused = await get('/page/live')

    expect(refused.status).toBe(503)
    expect(await refused.json()).toMatchObject({ error_code: 50300, message: /close one of them/ })
  })

  it('ends its streams with complete replies when the port closes', async () => {
    const { get, close } = await serve()
    const { body } = await get('/page/live')

    await close()

    await expect(new Response(body).text()).resolves.toMatch(/^event: hello/)
  })

  it('ends a stream whole, and its connection, where the rest of the request is not HTTP', async () => {
    const { feed, port } = await serve()
    const socket = connect(port, '127.0.0.1')
    const received = text(socket)
    socket.write('GET /page/live HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
    await expect.poll(() => feed.size).toBe(1)

    socket.write('no chunk')

    await expect(received).resolves.toMatch(/event: hello[^]*\r\n0\r\n\r\n$/)
    await expect.poll(() => feed.size).toBe(0)
  })
})
