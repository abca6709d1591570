import { describe, expect, it } from 'vitest'
import { SERVER_LIMITS } from '../../src/http/limits.ts'
import { FOR_NODE, parseReply, pushBody, rawPush, serveEdge } from '../support/http-edge.ts'

interface Case {
  readonly fact: string
  readonly request: string
  readonly status: number
  readonly code: number
  readonly closes: boolean
  readonly allow?: string
}

const HOST = 'Host: h\r\n'
const JSON_TYPE = 'Content-Type: application/json\r\n'
const push = (headers: string, body = '{}'): string =>
  `POST /push HTTP/1.1\r\n${HOST}${JSON_TYPE}${headers}\r\n${body}`
const CHUNKED = 'Transfer-Encoding: chunked\r\n'

const CASES: readonly Case[] = [
  // 31, 33, 34
  {
    fact: 'an unknown path',
    request: `GET /nothing HTTP/1.1\r\n${HOST}\r\n`,
    status: 404,
    code: 40400,
    closes: false,
  },
  {
    fact: 'a path below /push',
    request: `POST /push/..%2f HTTP/1.1\r\n${HOST}\r\n`,
    status: 404,
    code: 40400,
    closes: false,
  },
  {
    fact: 'a path with NUL',
    request: `GET /%00 HTTP/1.1\r\n${HOST}\r\n`,
    status: 404,
    code: 40400,
    closes: false,
  },
  {
    fact: 'a bad percent',
    request: `GET /%ZZ HTTP/1.1\r\n${HOST}\r\n`,
    status: 400,
    code: 40000,
    closes: true,
  },
  // 35
  ...['GET', 'PUT', 'DELETE', 'TRACE', 'PATCH'].map((method) => ({
    fact: `${method} /push`,
    request: `${method} /push HTTP/1.1\r\n${HOST}\r\n`,
    status: 405,
    code: 40500,
    closes: false,
    allow: 'POST, OPTIONS',
  })),
  // 36
  {
    fact: 'an unknown method',
    request: `FOO /push HTTP/1.1\r\n${HOST}\r\n`,
    status: 400,
    code: 40000,
    closes: true,
  },
  // 37
  {
    fact: 'CONNECT',
    request: `CONNECT h:80 HTTP/1.1\r\n${HOST}\r\n`,
    status: 405,
    code: 40500,
    closes: true,
    allow: 'POST',
  },
  // 38
  {
    fact: 'an upgrade to WebSocket',
    request: `GET / HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n\r\n`,
    status: 404,
    code: 40400,
    closes: true,
  },
  // 39, 40
  {
    fact: 'no Host',
    request: 'POST /push HTTP/1.1\r\n\r\n',
    status: 400,
    code: 40000,
    closes: true,
  },
  {
    fact: 'two Hosts',
    request: `GET /push HTTP/1.1\r\n${HOST}hOST: i\r\n\r\n`,
    status: 400,
    code: 40000,
    closes: true,
  },
  // 42
  {
    fact: 'an absolute target on another host',
    request: `GET http://other/push HTTP/1.1\r\n${HOST}\r\n`,
    status: 421,
    code: 42100,
    closes: true,
  },
  {
    fact: 'an absolute target that is not http',
    request: `GET ftp://h/push HTTP/1.1\r\n${HOST}\r\n`,
    status: 400,
    code: 40000,
    closes: true,
  },
  // 43, 44
  {
    fact: 'Content-Length with Transfer-Encoding',
    request: push(`Content-Length: 2\r\n${CHUNKED}`),
    status: 400,
    code: 40000,
    closes: true,
  },
  {
    fact: 'Content-Length twice',
    request: push('Content-Length: 2\r\nContent-Length: 2\r\n'),
    status: 400,
    code: 40000,
    closes: true,
  },
  {
    fact: 'two Content-Lengths',
    request: push('Content-Length: 2\r\nContent-Length: 3\r\n'),
    status: 400,
    code: 40000,
    closes: true,
  },
  ...['+2', '2, 2', '-1', '0x2', '2 2', '1e1', '99999999999999999999'].map((length) => ({
    fact: `a Content-Length of ${length}`,
    request: push(`Content-Length: ${length}\r\n`),
    status: 400,
    code: 40000,
    closes: true,
  })),
  // 45, 46
  {
    fact: 'Transfer-Encoding gzip, chunked',
    request: push('Transfer-Encoding: gzip, chunked\r\n', '0\r\n\r\n'),
    status: 501,
    code: 50100,
    closes: true,
  },
  {
    fact: 'Transfer-Encoding xchunked',
    request: push('Transfer-Encoding: xchunked\r\n', '0\r\n\r\n'),
    status: 400,
    code: 40000,
    closes: true,
  },
  {
    fact: 'Transfer-Encoding chunked, gzip',
    request: push('Transfer-Encoding: chunked, gzip\r\n', '0\r\n\r\n'),
    status: 400,
    code: 40000,
    closes: true,
  },
  // 47, 48
  {
    fact: 'a chunk size that is no number',
    request: push(CHUNKED, 'zz\r\n{}\r\n'),
    status: 400,
    code: 40000,
    closes: true,
  },
  {
    fact: 'a chunk size that overflows',
    request: push(CHUNKED, 'fffffffffffffffff\r\n'),
    status: 400,
    code: 40000,
    closes: true,
  },
  {
    fact: 'a chunk longer than its size',
    request: push(CHUNKED, '2\r\n{}{}\r\n0\r\n\r\n'),
    status: 400,
    code: 40000,
    closes: true,
  },
  {
    fact: 'a flood of chunk extensions',
    request: push(CHUNKED, `2;${'x'.repeat(20_000)}\r\n{}\r\n`),
    status: 413,
    code: 41301,
    closes: true,
  },
  // 49
  {
    fact: 'bare line feeds',
    request: 'GET / HTTP/1.1\nHost: h\n\n',
    status: 400,
    code: 40000,
    closes: true,
  },
  {
    fact: 'a folded header',
    request: `GET / HTTP/1.1\r\n${HOST}A: b\r\n c\r\n\r\n`,
    status: 400,
    code: 40000,
    closes: true,
  },
  {
    fact: 'a space before the colon',
    request: `GET / HTTP/1.1\r\n${HOST}A : b\r\n\r\n`,
    status: 400,
    code: 40000,
    closes: true,
  },
  {
    fact: 'NUL in a header',
    request: `GET / HTTP/1.1\r\n${HOST}A: b\0\r\n\r\n`,
    status: 400,
    code: 40000,
    closes: true,
  },
  // 50, 51
  {
    fact: 'a header of 17 KB',
    request: `GET / HTTP/1.1\r\n${HOST}A: ${'x'.repeat(17_000)}\r\n\r\n`,
    status: 431,
    code: 43100,
    closes: true,
  },
  {
    fact: 'a target of 20 KB',
    request: `GET /${'x'.repeat(20_000)} HTTP/1.1\r\n${HOST}\r\n`,
    status: 431,
    code: 43100,
    closes: true,
  },
  {
    fact: '100 headers',
    request: `GET / HTTP/1.1\r\n${HOST}${'A: b\r\n'.repeat(99)}\r\n`,
    status: 431,
    code: 43100,
    closes: true,
  },
  {
    fact: '3000 headers',
    request: `GET / HTTP/1.1\r\n${HOST}${'A:\r\n'.repeat(3000)}\r\n`,
    status: 431,
    code: 43100,
    closes: true,
  },
  // 52
  {
    fact: 'an unknown expectation',
    request: push('Expect: bogus\r\nContent-Length: 2\r\n', ''),
    status: 417,
    code: 41700,
    closes: true,
  },
  {
    fact: 'a body too large before 100 Continue',
    request: push('Expect: 100-continue\r\nContent-Length: 9999999\r\n', ''),
    status: 413,
    code: 41301,
    closes: true,
  },
  {
    fact: 'a media type before 100 Continue',
    request: `POST /push HTTP/1.1\r\n${HOST}Content-Type: text/plain\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n`,
    status: 415,
    code: 41501,
    closes: true,
  },
  // 53
  ...['HTTP/9.9', 'HTTP/2.0', 'HTTP/2', 'HTTP/1.2', 'HTTP/0.9', 'HTTP/3.0', 'HTTP/01.1'].map(
    (version) => ({
      fact: version,
      request: `POST /push ${version}\r\n${HOST}${JSON_TYPE}Content-Length: 2\r\n\r\n{}`,
      status: 505,
      code: 50500,
      closes: true,
    }),
  ),
  {
    fact: 'a request line without a version, which is HTTP/0.9',
    request: 'GET /push\r\n\r\n',
    status: 505,
    code: 50500,
    closes: true,
  },
  ...['http/1.1', 'HTTP/1.10', 'ICE/1.0', 'HTTP/ 1.1'].map((version) => ({
    fact: `a version written as ${version}`,
    request: `GET / ${version}\r\n${HOST}\r\n`,
    status: version === 'HTTP/ 1.1' ? 505 : 400,
    code: version === 'HTTP/ 1.1' ? 50500 : 40000,
    closes: true,
  })),
  {
    fact: 'the preface of HTTP/2',
    request: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    status: 505,
    code: 50500,
    closes: true,
  },
  {
    fact: 'TLS',
    request: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    status: 400,
    code: 40000,
    closes: true,
  },
  { fact: 'no HTTP at all', request: '\r\n\r\nhello\r\n', status: 400, code: 40000, closes: true },
]

describe('the server refuses', () => {
  it.each(CASES)('$fact', async ({ request, status, code, closes, allow }) => {
    const { connect, producer } = await serveEdge()
    const client = connect().write(Buffer.from(request, 'latin1'))

    const response = await client.response()
    if (closes) await client.closed()

    const reply = parseReply(response)
    expect(response.status).toBe(status)
    expect(reply.error_code).toBe(code)
    expect(reply.message).toMatch(/\w/)
    expect(reply.request_id).toBe(response.headers.get('x-request-id'))
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(response.headers.get('connection')).toBe(closes ? 'close' : 'keep-alive')
    expect(response.headers.get('allow')).toBe(allow)
    expect(producer.calls).toBe(0)
  })

  it('a truncated body when the client ends its side', async () => {
    const { connect, metrics, producer } = await serveEdge()
    const client = connect().write(push('Content-Length: 50\r\n', '{"rec')).end()

    const response = await client.response()
    await metrics.observed(1)

    expect(response.status).toBe(400)
    expect(JSON.parse(response.body)).toMatchObject({ status: 'error', error_code: 40000 })
    expect(metrics.pushes).toMatchObject([{ status: 400 }])
    expect(producer.calls).toBe(0)
  })
})

describe('the server times out', () => {
  const quick = { headersTimeoutMs: 40, bodyTimeoutMs: 80, timeoutCheckIntervalMs: 10 }

  it.each([
    { fact: 'headers that do not end', request: `POST /push HTTP/1.1\r\n${HOST}` },
    { fact: 'a body that does not end', request: push('Content-Length: 9\r\n', '{') },
  ])('$fact', async ({ request }) => {
    const { connect } = await serveEdge({}, quick)
    const client = connect().write(request)

    const response = await client.response()
    await client.closed()

    expect(response.status).toBe(408)
    expect(parseReply(response).error_code).toBe(40800)
  })

  it('headers from their first byte on, and not a connection on which nothing was sent yet', async () => {
    const { connect, metrics } = await serveEdge({}, quick)
    const head = `POST /push HTTP/1.1\r\n${HOST}`
    const [patient, slow] = [connect(), connect()]
    await Promise.all([patient.connected(), slow.connected()])
    // It was opened last, and is refused: the others have been silent for longer.
    await connect().write(head).response()

    const served = await patient.write(rawPush(pushBody())).response()
    const refused = await slow.write(head).response()

    expect(served.status).toBe(200)
    expect(refused.status).toBe(408)
    expect(metrics.clientErrors).toEqual(['request_timeout', 'request_timeout'])
  })

  it('a connection on which nothing is ever sent, without a reply, as an idle one', async () => {
    const { connect, metrics } = await serveEdge(
      {},
      { headersTimeoutMs: 20, keepAliveTimeoutMs: 40, timeoutCheckIntervalMs: 10 },
    )

    await connect().closed()

    expect(metrics.dropped).toEqual(['idle_timeout'])
    expect(metrics.clientErrors).toEqual([])
  })

  it('within 11 s for headers and 31 s for bodies', () => {
    const { headersTimeoutMs, bodyTimeoutMs, timeoutCheckIntervalMs } = SERVER_LIMITS

    expect(headersTimeoutMs + timeoutCheckIntervalMs).toBeLessThanOrEqual(11_000)
    expect(bodyTimeoutMs + timeoutCheckIntervalMs).toBeLessThanOrEqual(31_000)
  })
})

describe('the server accepts', () => {
  it.each([
    { fact: 'HTTP/1.0 without Host', head: 'POST /push HTTP/1.0\r\n' },
    {
      fact: 'an absolute target on its own host',
      head: 'POST http://h/push HTTP/1.1\r\nHost: H\r\n',
    },
    {
      fact: 'an absolute target with a port',
      head: 'POST http://h:80/push HTTP/1.1\r\nHost: h\r\n',
    },
    { fact: 'a query, be it ill encoded', head: 'POST /push?a=%20&b=% HTTP/1.1\r\nHost: h\r\n' },
    {
      fact: 'an offer of HTTP/2',
      head: 'POST /push HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n',
    },
    { fact: '99 headers', head: `POST /push HTTP/1.1\r\nHost: h\r\n${'A: b\r\n'.repeat(96)}` },
  ])('$fact', async ({ head }) => {
    const { connect, producer } = await serveEdge()
    const body = pushBody()

    const response = await connect()
      .write(`${head}${JSON_TYPE}Content-Length: ${body.length}\r\n\r\n${body}`)
      .response()

    expect(response.status).toBe(200)
    expect(producer.records).toHaveLength(1)
  })

  it('Expect: 100-continue, and says so before the body comes', async () => {
    const { connect } = await serveEdge()
    const body = pushBody()
    const client = connect().write(
      push(`Expect: 100-continue\r\nContent-Length: ${body.length}\r\n`, ''),
    )

    const interim = await client.response()
    const response = await client.write(body).response()

    expect(interim.status).toBe(100)
    expect(response.status).toBe(200)
  })

  it('Expect: 100-continue behind a push that waits, and says so before the head of its reply', async () => {
    const { connect, producer } = await serveEdge()
    producer.holdDelivery()
    const waiting = rawPush(pushBody({}, { wait_for_send: true }), FOR_NODE)
    const document = `GET /docs HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}`
    const client = connect().write(Buffer.concat([waiting, Buffer.from(document)]))
    await producer.admitted(1)
    await connect().write(push('Content-Length: 1\r\n', '{')).response()
    producer.deliver()

    const replies = await client.end().responses(Infinity)

    expect(replies.map(({ status }) => status)).toEqual([200, 100, 200])
    expect(replies[2]?.body.slice(0, 15)).toBe('<!doctype html>')
    expect(await client.closed()).toBe('')
  })

  it('Expect: 100-continue of HTTP/1.0, without that reply, which HTTP/1.0 does not have', async () => {
    const { connect } = await serveEdge()
    const body = pushBody()
    const head = `POST /push HTTP/1.0\r\n${JSON_TYPE}Expect: 100-continue\r\nContent-Length: ${body.length}`

    const response = await connect().write(`${head}\r\n\r\n${body}`).response()

    expect(response.status).toBe(200)
  })

  it('an absolute target, and refuses what is sent to it in the shape of its path', async () => {
    const { connect } = await serveEdge()

    const response = await connect().write(`GET http://h/push HTTP/1.1\r\n${HOST}\r\n`).response()

    expect(response.status).toBe(405)
    expect(parseReply(response).status).toBe('error')
  })

  it('a chunked body', async () => {
    const { connect, producer } = await serveEdge()
    const body = pushBody({ data: 'chunked' })

    const response = await connect()
      .write(push(CHUNKED, `5\r\n${body.slice(0, 5)}\r\n`))
      .write(`${(body.length - 5).toString(16)};name=value\r\n${body.slice(5)}\r\n0\r\n\r\n`)
      .response()

    expect(response.status).toBe(200)
    expect(producer.records).toMatchObject([{ value: 'chunked' }])
  })

  it('pipelined requests, and answers in their order', async () => {
    const { connect, producer } = await serveEdge()
    producer.holdDelivery()
    const client = connect()
      .write(
        rawPush(pushBody({}, { wait_for_send: true }), { 'X-Request-Id': 'first', ...FOR_NODE }),
      )
      .write(rawPush('{', { 'X-Request-Id': 'second' }))
      .write(rawPush(pushBody(), { 'X-Request-Id': 'third' }))
    await producer.admitted(2)

    producer.deliver()
    const responses = await client.responses(3)

    expect(responses.map(({ headers }) => headers.get('x-request-id'))).toEqual([
      'first',
      'second',
      'third',
    ])
    expect(responses.map(({ status }) => status)).toEqual([200, 400, 200])
  })

  it.each([
    { fact: 'that is not HTTP', broken: 'nonsense\r\n\r\n' },
    { fact: 'whose body goes wrong', broken: push(CHUNKED, 'zz\r\n') },
    { fact: 'that wants a tunnel', broken: `CONNECT h:80 HTTP/1.1\r\n${HOST}\r\n` },
  ])('a push before a pipelined request $fact, and answers it first', async ({ broken }) => {
    const { connect, producer } = await serveEdge()
    producer.holdDelivery()
    const client = connect()
      .write(rawPush(pushBody({}, { wait_for_send: true })))
      .write(broken)
    await producer.admitted(1)

    producer.deliver()
    const [first, second] = await client.responses(2)
    await client.closed()

    expect(first?.status).toBe(200)
    expect(second?.status).toBeOneOf([400, 405])
  })

  it('requests of one connection up to the limit, then closes it and ignores the rest', async () => {
    const { connect, producer } = await serveEdge({}, { maxRequestsPerConnection: 2 })
    const client = connect().write(
      Buffer.concat(Array.from({ length: 3 }, () => rawPush(pushBody()))),
    )

    const responses = await client.responses(3)
    await client.closed()

    expect(responses.map(({ headers }) => headers.get('connection'))).toEqual([
      'keep-alive',
      'close',
    ])
    expect(producer.records).toHaveLength(2)
  })

  it('all requests of one connection if their number has no limit', async () => {
    const { connect, producer } = await serveEdge({}, { maxRequestsPerConnection: 0 })
    const client = connect().write(
      Buffer.concat(Array.from({ length: 3 }, () => rawPush(pushBody()))),
    )

    const responses = await client.responses(3)

    expect(responses.map(({ headers }) => headers.get('connection'))).toEqual([
      'keep-alive',
      'keep-alive',
      'keep-alive',
    ])
    expect(producer.records).toHaveLength(3)
  })

  it('a push before a flood of garbage, which gets one reply', async () => {
    const { connect, log, producer } = await serveEdge()
    producer.holdDelivery()
    const client = connect().write(rawPush(pushBody({}, { wait_for_send: true })))
    await producer.admitted(1)

    for (let n = 0; n < 3; n += 1) {
      client.write('nonsense\r\n\r\n')
      await connect().write(rawPush('{')).response()
    }
    producer.deliver()
    const responses = await client.responses(9)

    expect(responses.map(({ status }) => status)).toEqual([200, 400])
    expect(await client.closed()).toBe('')
    expect(log.lines.filter(({ fields }) => fields?.['code'] === 'invalid_http')).toHaveLength(1)
  })
})

describe('a client that leaves', () => {
  it('in the middle of a body has nothing produced, and counts as 499', async () => {
    const { connect, metrics, producer, log } = await serveEdge()
    const client = connect().write(
      push('Expect: 100-continue\r\nContent-Length: 50\r\n', '{"records":'),
    )
    await client.response()

    client.abort()
    await metrics.observed(1)

    expect(metrics.pushes).toMatchObject([{ mode: 'async', status: 499 }])
    expect(metrics.clientErrors).toEqual(['aborted'])
    expect(log.lines).toMatchObject([
      { level: 'info', fields: { address: '127.0.0.1', code: 'aborted' } },
      { level: 'info', fields: { status: 499 } },
    ])
    expect(producer.calls).toBe(0)
  })

  it('while it waits for a tunnel behind a push does no harm', async () => {
    const { connect, metrics, producer } = await serveEdge()
    producer.holdDelivery()
    const client = connect()
      .write(rawPush(pushBody({}, { wait_for_send: true })))
      .write(`CONNECT h:80 HTTP/1.1\r\n${HOST}\r\n`)
    await producer.admitted(1)
    await connect().write(rawPush('{')).response()

    client.abort()
    await connect().write(rawPush('{')).response()
    producer.deliver()
    await metrics.observed(3)

    expect(metrics.pushes).toContainEqual(expect.objectContaining({ mode: 'sync', status: 499 }))
  })

  it('while it waits for delivery has its records delivered, and counts as 499', async () => {
    const { connect, metrics, producer } = await serveEdge()
    producer.holdDelivery()
    const client = connect().write(rawPush(pushBody({}, { wait_for_send: true })))
    await producer.admitted(1)

    client.abort()
    await connect().write(rawPush('{}')).response()
    producer.deliver()
    await metrics.observed(2)

    expect(producer.records).toHaveLength(1)
    expect(metrics.pushes).toContainEqual(expect.objectContaining({ mode: 'sync', status: 499 }))
  })
})

describe('the PROXY protocol', () => {
  it.each([
    ['1', 'PROXY TCP4 192.0.2.1 192.0.2.2 56324 4242\r\n'],
    ['1 of an unknown client', 'PROXY UNKNOWN\r\n'],
    ['2', '\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c0123456789ab'],
  ])('of version %s is refused by its name', async (_, preamble) => {
    const { connect, producer } = await serveEdge()

    const client = connect().write(Buffer.concat([Buffer.from(preamble), rawPush(pushBody())]))
    const reply = await client.response()

    expect([reply.status, reply.headers.get('connection')]).toEqual([400, 'close'])
    expect(parseReply(reply)).toMatchObject({
      error_code: 40000,
      message: expect.stringContaining('the PROXY protocol') as unknown,
    })
    expect(producer.records).toEqual([])
  })
})
