/** What a browser is told about the pages of listed origins, and that nobody is told more. */
import { describe, expect, it } from 'vitest'
import { Authenticator } from '../../../src/http/access/authenticator.ts'
import { Cors } from '../../../src/http/access/cors.ts'
import { tokenHash, TokenTable } from '../../../src/http/access/token-table.ts'
import { MAX_BODY_BYTES, pushBody, serveEdge } from '../../support/http-edge.ts'
import type { RawResponse } from '../../support/raw-client.ts'

const PAGE = 'https://app.example.com'
const TOKEN = 'kprf_good'

const authenticator = new Authenticator({
  tokens: new TokenTable([{ principal: 'shop', sha256: tokenHash(TOKEN) }]),
  allowsAnonymous: false,
  onDenied: () => undefined,
})
const cors = new Cors({ origins: [PAGE, 'http://[::1]:8080'], allowHeaders: ['X-Own'], maxAgeS: 9 })

type Headers = Readonly<Record<string, string>>

function wire(line: string, headers: Headers, body = ''): string {
  const all = { Host: 'h', ...headers, ...(body && { 'Content-Length': String(body.length) }) }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${line} HTTP/1.1\r\n${lines.join('')}\r\n${body}`
}

const CHUNKED = { 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked' }

const preflight = (headers: Headers, path = '/push'): string =>
  wire(`OPTIONS ${path}`, { 'Access-Control-Request-Method': 'POST', ...headers })

const post = (headers: Headers, body = pushBody()): string =>
  wire('POST /push', { 'Content-Type': 'application/json', ...headers }, body)

/** What the reply says to a browser. */
function corsHeaders({ headers }: RawResponse): Headers {
  const names = [...headers.keys()].filter(
    (name) => name.startsWith('access-control-') || name === 'vary',
  )
  return Object.fromEntries(names.map((name) => [name, headers.get(name) ?? '']))
}

const READABLE = {
  'access-control-allow-origin': PAGE,
  'access-control-expose-headers': 'Idempotency-Replayed, Kprf-Warning, Retry-After, X-Request-Id',
  vary: 'Origin',
}
const ALLOWED = {
  ...READABLE,
  'access-control-allow-methods': 'POST',
  'access-control-allow-headers':
    'Authorization, Content-Encoding, Content-Type, Idempotency-Key, X-Request-Id, X-Own',
  'access-control-max-age': '9',
}
const SILENT = {}

describe('a preflight', () => {
  it.each([
    ['of a listed origin is answered without credentials', preflight({ Origin: PAGE }), ALLOWED],
    ['is answered with a query', preflight({ Origin: PAGE }, '/push?x'), ALLOWED],
    [
      'from a public to a private network is answered',
      preflight({ Origin: PAGE, 'Access-Control-Request-Private-Network': 'true' }),
      { ...ALLOWED, 'access-control-allow-private-network': 'true' },
    ],
    [
      'for a method that the path does not take allows none',
      preflight({ Origin: PAGE, 'Access-Control-Request-Method': 'PUT' }),
      READABLE,
    ],
    ['for no method is none', wire('OPTIONS /push', { Origin: PAGE }), READABLE],
    ['of another origin is told nothing', preflight({ Origin: 'https://evil.example' }), SILENT],
    ['of another scheme is told nothing', preflight({ Origin: 'http://app.example.com' }), SILENT],
    ['of another port is told nothing', preflight({ Origin: `${PAGE}:8443` }), SILENT],
    ['of a name below is told nothing', preflight({ Origin: 'https://x.app.example.com' }), SILENT],
    ['of a longer name is told nothing', preflight({ Origin: `${PAGE}.evil.example` }), SILENT],
    [
      'of the origin in upper case is told nothing',
      preflight({ Origin: PAGE.toUpperCase() }),
      SILENT,
    ],
    ['of null is told nothing', preflight({ Origin: 'null' }), SILENT],
    ['of * is told nothing', preflight({ Origin: '*' }), SILENT],
    ['of two origins is told nothing', preflight({ Origin: PAGE, origin: PAGE }), SILENT],
    ['without an origin is told nothing', preflight({}), SILENT],
  ])('%s', async (_, request, headers) => {
    const { connect, producer } = await serveEdge({ cors, authenticator })

    const reply = await connect().write(request).response()

    expect(reply.status).toBe(204)
    expect(reply.headers.get('allow')).toBe('POST, OPTIONS')
    expect(corsHeaders(reply)).toEqual(headers)
    expect(producer.records).toEqual([])
  })

  it('for an unknown path fails', async () => {
    const { connect } = await serveEdge({ cors, authenticator })

    const reply = await connect()
      .write(preflight({ Origin: PAGE }, '/nothing'))
      .response()

    expect([reply.status, corsHeaders(reply)]).toEqual([404, READABLE])
  })

  it.each([preflight({ Origin: PAGE }), post({ Origin: PAGE })])(
    'and a push are told nothing where no origin is listed: %j',
    async (request) => {
      const { connect } = await serveEdge()

      expect(corsHeaders(await connect().write(request).response())).toEqual(SILENT)
    },
  )
})

describe('a page of a listed origin can read', () => {
  const own = { Origin: PAGE, Authorization: `Bearer ${TOKEN}` }

  it.each([
    ['success', 200, post(own)],
    ['success after waiting', 200, post(own, pushBody({}, { wait_for_send: true }))],
    ['that its token is missing', 401, post({ Origin: PAGE })],
    ['that its token is wrong', 401, post({ ...own, Authorization: 'Bearer x' })],
    ['that a record is invalid', 422, post(own, pushBody({ partition: 'x' }))],
    ['that it is no JSON', 400, post(own, '{')],
    ['that the type is wrong', 415, post({ ...own, 'Content-Type': 'text/csv' })],
    ['that the body is too large', 413, post(own, ' '.repeat(MAX_BODY_BYTES + 1))],
    ['that the method is wrong', 405, wire('PUT /push', own)],
    ['that the path is wrong', 404, wire('POST /nothing', own)],
    ['that the chunks are broken', 400, `${wire('POST /push', { ...own, ...CHUNKED })}x\r\n`],
  ])('%s', async (_, status, request) => {
    const { connect } = await serveEdge({ cors, authenticator })

    const reply = await connect().write(request).response()

    expect([reply.status, corsHeaders(reply)]).toEqual([status, READABLE])
    expect(reply.headers.get('x-content-type-options')).toBe('nosniff')
  })
})

it('a page of another origin can push with a token, as every client can, but not read the reply', async () => {
  const { connect, producer } = await serveEdge({ cors, authenticator })
  const headers = { Origin: 'https://evil.example', Authorization: `Bearer ${TOKEN}` }

  const reply = await connect().write(post(headers)).response()

  expect([reply.status, corsHeaders(reply)]).toEqual([200, SILENT])
  expect(producer.records).toHaveLength(1)
})

describe('a push as text/plain, which is all that navigator.sendBeacon can say,', () => {
  it.each([
    ['of a listed origin is taken as JSON', PAGE, 200],
    ['of another origin is refused', 'https://evil.example', 415],
    ['of no origin is refused', undefined, 415],
  ])('%s', async (_, origin, status) => {
    const { connect, producer } = await serveEdge({ cors })
    const headers = {
      'Content-Type': 'text/plain;charset=UTF-8',
      ...(origin && { Origin: origin }),
    }

    const reply = await connect().write(post(headers)).response()

    expect(reply.status).toBe(status)
    expect(producer.records).toHaveLength(status === 200 ? 1 : 0)
  })
})
