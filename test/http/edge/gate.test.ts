import { describe, expect, it } from 'vitest'
import { ANONYMOUS } from '../../../src/base/principal.ts'
import { type Dialect, PLAIN } from '../../../src/http/edge/dialect.ts'
import type { BodilessRoute, Call, Entry, Gate, Route } from '../../../src/http/edge/route.ts'
import { beginJson } from '../../../src/http/reply.ts'
import { serveRoutes } from '../../support/http-edge.ts'
import { until } from '../../support/until.ts'

function reply({ response, requestId }: Call, body: unknown): number {
  const json = JSON.stringify(body)
  beginJson(response, requestId, 200, json)
  response.end(json)
  return 200
}

const SHOUTING: Dialect = {
  refusal: (refusal, requestId) => ({
    ...PLAIN.refusal(refusal, requestId),
    body: refusal.message.toUpperCase(),
  }),
}

/** New routes of each kind, and a new rule: all that an extension needs. */
const status: BodilessRoute = {
  ...{
    name: 'status',
    method: 'GET',
    path: '/status',
    access: 'open',
    dialect: PLAIN,
    body: 'none',
  },
  answer: (call) => reply(call, call.principal.name),
}
const raw: Route = {
  ...{ name: 'raw', method: 'POST', path: '/topics/:topic', access: 'produce', dialect: SHOUTING },
  body: 'whole',
  answer: (call, { bytes }) => reply(call, [call.params, bytes.toString()]),
}
const push: Route = { ...raw, name: 'push', path: '/push' }
const lines: Route = {
  ...{
    name: 'lines',
    method: 'PUT',
    path: '/topics/:topic/lines',
    access: 'produce',
    dialect: SHOUTING,
  },
  body: 'stream',
  answer: async (call, body) => {
    let bytes = 0
    for await (const piece of body) bytes += piece.length
    return reply(call, bytes)
  },
}
const ADMITTED: Entry = { principal: ANONYMOUS }
const onlyWithToken: Gate = (_, { headers }) =>
  headers.authorization === 'Bearer t'
    ? { principal: { name: 'tea' } }
    : { code: 'RATE_LIMITED', message: 'not without a token' }

const ROUTES = [status, raw, push, lines]
const post = (target: string, headers = ''): string =>
  `POST ${target} HTTP/1.1\r\nHost: h\r\n${headers}Content-Length: 1\r\n\r\nx`
const put = (target: string, headers = ''): string => post(target, headers).replace('POST', 'PUT')
const get = (target: string, headers = ''): string =>
  `GET ${target} HTTP/1.1\r\nHost: h\r\n${headers}\r\n`
const TOKEN = 'Authorization: Bearer t\r\n'

/** Ways to write a path, good and bad. */
const spellings = (path: string): string[] => [
  ...[
    path,
    `${path}?`,
    `${path}?x`,
    `${path}?${path}`,
    `${path}/`,
    `${path}/?x`,
    `http://h${path}`,
  ],
  ...[path.replace(/^\/./, (start) => `/%${start.charCodeAt(1).toString(16)}`), `/${path}`],
  ...[`${path}%2F`, `${path}%3Fx`, `/.${path}`, `/x/..${path}`, path.toUpperCase(), `${path}#x`],
  ...[`${path};x`, `${path}/.`, `${path}//`, `${path}\\`, `${path}%00`, `${path}%ZZ`, '*'],
]
const TOPICS = ['/topics/%74', '/topics/a%2Fb', '/topics//t', '/topics/..', '/topics/../push']

describe('the gate', () => {
  it.each([
    ...[...spellings('/push'), ...spellings('/topics/t'), ...TOPICS].map((at) => post(at)),
    ...spellings('/status').map((at) => get(at)),
    ...[...spellings('/topics/t/lines'), '/topics/a%2Fb/lines'].map((at) => put(at)),
  ])('is not gone around by %j', async (request) => {
    const { connect } = await serveRoutes(ROUTES, { gate: onlyWithToken })

    expect((await connect().write(request).response()).status).not.toBe(200)
  })

  it.each([
    ...['/push', '/push?x', '/push/', 'http://h/push', '/topics/t', '/topics/%74?x'].map(
      (target) => (headers?: string) => post(target, headers),
    ),
    ...['/status', '/status/?x'].map((target) => (headers?: string) => get(target, headers)),
    ...['/topics/t/lines', '/topics/%74/lines/?x'].map(
      (target) => (headers?: string) => put(target, headers),
    ),
  ])('lets through what it has nothing against, and stops it without a token: %s', async (of) => {
    const { connect } = await serveRoutes(ROUTES, { gate: onlyWithToken })

    expect((await connect().write(of(TOKEN)).response()).status).toBe(200)
    expect((await connect().write(of()).response()).status).toBe(429)
  })

  it('is asked once for each request, before anything of the body is read', async () => {
    const asked: string[] = []
    const { connect } = await serveRoutes(ROUTES, {
      gate: ({ path }, request) => {
        asked.push(`${path} ${String(request.readableDidRead)}`)
        return ADMITTED
      },
    })

    for (const request of [
      post('/push'),
      post('/push?x'),
      put('/topics/t/lines'),
      get('/status'),
    ]) {
      await connect().write(request).response()
    }

    expect(asked).toEqual([
      '/push false',
      '/push false',
      '/topics/:topic/lines false',
      '/status false',
    ])
  })

  it('that throws, or rejects, lets nothing through', async () => {
    const throwing = await serveRoutes(ROUTES, {
      gate: () => {
        throw new Error('a bug')
      },
    })
    const rejecting = await serveRoutes(ROUTES, {
      gate: () => Promise.reject(new Error('a bug')),
    })

    for (const { connect } of [throwing, rejecting]) {
      for (const request of [post('/push'), put('/topics/t/lines'), get('/status')]) {
        expect((await connect().write(request).response()).status).toBe(500)
      }
    }
  })

  it('passes the identity of the client to the route', async () => {
    const { connect } = await serveRoutes(ROUTES, { gate: onlyWithToken })

    expect((await connect().write(get('/status', TOKEN)).response()).body).toBe('"tea"')
  })
})

describe('a gate that answers later', () => {
  it('delays the reading of the body, and keeps the order of pipelined replies', async () => {
    const asked: { url: string | undefined; didRead: () => boolean; enter: () => void }[] = []
    const { connect } = await serveRoutes(ROUTES, {
      gate: (_, request) =>
        new Promise((resolve) => {
          const enter = (): void => {
            resolve(ADMITTED)
          }
          asked.push({ url: request.url, didRead: () => request.readableDidRead, enter })
        }),
    })
    const client = connect().write(post('/topics/a') + post('/topics/b'))
    await until('both requests at the gate', 10_000, () => asked[1])

    asked[1]?.enter()
    await until(
      'the second body to be read',
      10_000,
      () => asked[1]?.didRead() === true || undefined,
    )
    const readBefore = asked.map(({ didRead }) => didRead())
    asked[0]?.enter()
    const replies = await client.responses(2)

    expect(readBefore).toEqual([false, true])
    expect(replies.map(({ body }) => body)).toEqual(['[{"topic":"a"},"x"]', '[{"topic":"b"},"x"]'])
  })

  it('does not end the connection with its refusal, because later requests were served', async () => {
    const { connect } = await serveRoutes(ROUTES, {
      gate: async (route, request) => {
        await new Promise((resolve) => setImmediate(resolve))
        return onlyWithToken(route, request)
      },
    })

    const replies = await connect()
      .write(post('/push') + get('/status', TOKEN))
      .responses(2)

    expect(replies.map((each) => [each.status, each.headers.get('connection')])).toEqual([
      [429, 'keep-alive'],
      [200, 'keep-alive'],
    ])
  })

  it('hears once of each admitted request that it was answered, also if its client has left', async () => {
    const left: string[] = []
    const answers: (() => void)[] = []
    const { connect, metrics } = await serveRoutes(ROUTES, {
      gate: async ({ path }) => {
        await new Promise<void>((resolve) => answers.push(resolve))
        return { ...ADMITTED, leave: () => left.push(path) }
      },
    })
    const gone = connect().write(post('/push').slice(0, -1))
    await until('the request at the gate', 10_000, () => answers[0])
    gone.abort()
    await metrics.until(() => metrics.clientErrors.includes('aborted'))
    answers[0]?.()
    await metrics.observed(1)
    expect(left).toEqual(['/push'])

    const client = connect().write(post('/push'))
    await until('the next request at the gate', 10_000, () => answers[1])
    expect(left).toHaveLength(1)
    answers[1]?.()
    await client.response()
    await metrics.observed(2)
    expect(left).toEqual(['/push', '/push'])
  })

  it('sends no reply if the client has left, and counts it as 499', async () => {
    const answers: (() => void)[] = []
    const { connect, metrics } = await serveRoutes(ROUTES, {
      gate: () =>
        new Promise((resolve) => {
          answers.push(() => {
            resolve(ADMITTED)
          })
        }),
    })
    const client = connect().write(post('/push').slice(0, -1))
    await until('the request at the gate', 10_000, () => answers[0])

    client.abort()
    await metrics.until(() => metrics.clientErrors.includes('aborted'))
    answers[0]?.()
    await metrics.observed(1)

    expect(metrics.pushes).toMatchObject([{ status: 499 }])
  })
})

describe('a refusal', () => {
  it.each([
    { fact: 'by the gate', request: post('/topics/t'), status: 429 },
    { fact: 'of a method', request: get('/topics/a%2Fb'), status: 405 },
    { fact: 'of a head', request: `POST /topics/t/?x HTTP/1.1\r\n\r\n`, status: 400 },
    { fact: 'of a path that does not decode', request: post('/topics/%ZZ'), status: 400 },
    {
      fact: 'of a body that goes wrong',
      request: `POST /topics/t HTTP/1.1\r\nHost: h\r\n${TOKEN}Transfer-Encoding: chunked\r\n\r\nz`,
      status: 400,
    },
    { fact: 'of an expectation', request: post('/topics/t', 'Expect: x\r\n'), status: 417 },
  ])('$fact is in the dialect of its path', async ({ request, status }) => {
    const { connect } = await serveRoutes(ROUTES, { gate: onlyWithToken })

    const response = await connect().write(request).response()

    expect(response.status).toBe(status)
    expect(response.body).toMatch(/^[^a-z{]+$/)
  })

  it.each(['/topics', '/topics//', '/topics/a/b', '/Topics/t', '/%74opics/t'])(
    'of %s, which no route has, is in the plain dialect',
    async (target) => {
      const { connect } = await serveRoutes(ROUTES)

      const response = await connect().write(post(target)).response()

      expect(response.status).toBe(404)
      expect(JSON.parse(response.body)).toMatchObject({ error_code: 40400 })
    },
  )
})

describe('a route without a body', () => {
  const withBody = (headers: string, body: string): string =>
    `GET /status HTTP/1.1\r\nHost: h\r\n${headers}\r\n${body}`

  it.each([
    { fact: 'of known length', request: withBody('Content-Length: 9\r\n', 'x'.repeat(9)) },
    {
      fact: 'in chunks',
      request: withBody('Transfer-Encoding: chunked\r\n', '1\r\nx\r\n0\r\n\r\n'),
    },
    {
      fact: 'of 100 kB',
      request: withBody('Content-Length: 100000\r\n', 'x'.repeat(100_000)),
    },
  ])('throws one $fact away, answers, and serves what follows', async ({ request }) => {
    const { connect } = await serveRoutes(ROUTES)

    const replies = await connect()
      .write(request + get('/status'))
      .responses(2)

    expect(replies.map((each) => each.status)).toEqual([200, 200])
  })

  it('replies after the body has arrived, and refuses an endless one', async () => {
    const { connect } = await serveRoutes(ROUTES)
    const client = connect().write(withBody(`Content-Length: ${2 ** 30}\r\n`, ''))

    for (let sent = 0; sent < 20 * 2 ** 20; sent += 2 ** 20) client.write(Buffer.alloc(2 ** 20))
    const response = await client.response()

    expect([response.status, response.headers.get('connection')]).toEqual([413, 'close'])
  })
})
