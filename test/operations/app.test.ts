import { createServer } from 'node:http'
import request from 'supertest'
import { describe, expect, onTestFinished, test } from 'vitest'
import { FieldLogger } from '../../src/telemetry/logging/logger.ts'
import { RepeatLimiter } from '../../src/telemetry/logging/repeat-limiter.ts'
import { admittedAt } from '../support/records.ts'
import { IDLE_STATE } from '../telemetry/metrics/idle-state.ts'
import { Metrics } from '../../src/telemetry/metrics/metrics.ts'
import { createOperationsApp, type OperationsOptions } from '../../src/operations/app.ts'
import { SourceFailure } from '../../src/operations/failure.ts'
import { type TokenEntry, tokenHash } from '../../src/http/access/token-table.ts'
import { OperationsAccess } from '../../src/operations/access.ts'
import { makeChecks, type ReadinessCheck } from '../../src/operations/readiness.ts'
import { ManualClock } from '../telemetry/logging/manual-clock.ts'
import { parseExposition, valueOf } from '../telemetry/metrics/parse-exposition.ts'
import { IDLE_SAMPLE, LIVE_IDENTITY } from '../support/live-sample.ts'
import { LiveFeed } from '../../src/page/live/feed.ts'
import { OperationsServer } from '../../src/operations/server.ts'
import { systemClock } from '../../src/base/clock.ts'
import { FakeHttpLog } from '../support/http-edge.ts'
import { RawClient } from '../support/raw-client.ts'

const makeApp = ({
  readinessChecks = [],
  tokens = [],
  ...options
}: Partial<OperationsOptions> & {
  readinessChecks?: readonly ReadinessCheck[]
  tokens?: readonly TokenEntry[]
} = {}): {
  app: ReturnType<typeof createOperationsApp>
  access: OperationsAccess
  lines: unknown[][]
} => {
  const lines: unknown[][] = []
  const limiter = new RepeatLimiter(new ManualClock())
  const logger = new FieldLogger((...line) => lines.push(line), limiter)
  const access = new OperationsAccess(tokens, logger)
  const app = createOperationsApp({
    metrics: { contentType: 'text/plain', exposition: () => Promise.resolve('up 1\n') },
    statistics: { json: () => undefined },
    readiness: { results: () => makeChecks(readinessChecks) },
    feed: new LiveFeed({ source: liveSource, clock: new ManualClock() }),
    ...{ logger, access },
    ...options,
  })
  return { app, access, lines }
}

const liveSource = { identity: LIVE_IDENTITY, take: () => IDLE_SAMPLE }

const kafkaIsDown = { name: 'kafka', check: () => 'no broker answers' }

describe('GET /metrics', () => {
  test('is Prometheus text 0.0.4 that parses', async () => {
    const metrics = new Metrics({
      version: '1.2.3',
      commitHash: 'abc',
      bufferedRecords: () => new Map([['orders', 5]]),
      state: () => IDLE_STATE,
      configuredTopics: ['orders'],
    })
    metrics.recordsDelivered('orders', admittedAt(1), 2)

    const response = await request(makeApp({ metrics }).app).get('/metrics')

    const exposition = parseExposition(response.text)
    expect(response.status).toBe(200)
    expect(response.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(valueOf(exposition, 'kafka_internal_queue_size', { topic: 'orders' })).toBe(5)
    expect(valueOf(exposition, 'kafka_sent_messages', { topic: 'orders' })).toBe(1)
  })

  test('makes one answer for all requests that arrive while it is made, and a new one later', async () => {
    let made = 0
    const { promise: allAsked, resolve } = Promise.withResolvers<undefined>()
    const metrics = {
      contentType: 'text/plain',
      exposition: async () => {
        made += 1
        await allAsked
        return `made ${made}\n`
      },
    }
    const { app } = makeApp({ metrics })
    const server = createServer(app).listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    let arrived = 0
    server.on('request', () => (arrived += 1))
    const replies = Array.from({ length: 10 }, () =>
      request(server)
        .get('/metrics')
        .then(({ text }) => text),
    )
    while (arrived < 10) await new Promise((next) => setImmediate(next))
    resolve(undefined)

    expect(await Promise.all(replies)).toEqual(new Array(10).fill('made 1\n'))
    expect((await request(server).get('/metrics')).text).toBe('made 2\n')
  })

  test('answers 500 in JSON and logs why when the metrics cannot be read', async () => {
    const metrics = {
      contentType: 'text/plain',
      exposition: () => Promise.reject(new Error('a collector failed')),
    }
    const { app, lines } = makeApp({ metrics })

    const response = await request(app).get('/metrics')

    expect(response.status).toBe(500)
    expect(response.body).toEqual({ error_code: 50000, message: 'A bug in kprf.' })
    expect(lines).toEqual([
      ['error', 'the operations port failed', { error: new Error('a collector failed') }],
    ])
  })
})

describe('GET /stats', () => {
  test('is the latest statistics in JSON', async () => {
    const { app } = makeApp({ statistics: { json: () => '{"txmsgs":3}' } })

    const response = await request(app).get('/stats')

    expect(response.status).toBe(200)
    expect(response.headers['content-type']).toBe('application/json')
    expect(response.body).toEqual({ txmsgs: 3 })
  })

  test('says how to have statistics when there are none', async () => {
    const response = await request(makeApp().app).get('/stats')

    expect(response.status).toBe(404)
    expect(response.headers['content-type']).toBe('application/json')
    expect(response.body).toMatchObject({
      error_code: 40400,
      message: expect.stringContaining('set kafka.statistics_interval_ms'),
    })
  })
})

describe.each(['/livez', '/healthz'])('GET %s', (path) => {
  test('is ok whatever Kafka does', async () => {
    const { app } = makeApp({ readinessChecks: [kafkaIsDown] })

    const response = await request(app).get(path)

    expect(response.status).toBe(200)
    expect(response.headers['content-type']).toBe('text/plain; charset=utf-8')
    expect(response.text).toBe('ok\n')
  })
})

describe.each(['/livez', '/healthz'])('GET %s', (path) => {
  test('is 503 with one sentence, which is logged, if the process does not work', async () => {
    const reason = 'The event loop of kprf has been busy for 12 s.'
    const { app, lines } = makeApp({ livenessProblem: () => reason })

    const response = await request(app).get(path)

    expect(response.status).toBe(503)
    expect(response.headers['content-type']).toBe('text/plain; charset=utf-8')
    expect(response.text).toBe(`${reason}\n`)
    expect(lines).toEqual([['warn', '/livez was answered 503', { reason }]])
  })
})

test.each(['/metrics', '/stats', '/readyz'])(
  'GET %s is 503 in JSON where its source does not answer',
  async (path) => {
    const fail = () => Promise.reject(new SourceFailure(503, 'No answer.'))
    const { app, lines } = makeApp({
      metrics: { contentType: 'text/plain', exposition: fail },
      statistics: { json: fail },
      readiness: { results: fail },
    })

    const response = await request(app).get(path)

    expect(response.status).toBe(503)
    expect(response.body).toEqual({ error_code: 50300, message: 'No answer.' })
    expect(lines).toEqual([])
  },
)

describe('GET /readyz', () => {
  test('is ok when every check passes', async () => {
    const response = await request(makeApp().app).get('/readyz')

    expect(response.status).toBe(200)
    expect(response.text).toBe('ok\n')
  })

  test('is 503 with the reason when a check fails', async () => {
    const { app } = makeApp({ readinessChecks: [kafkaIsDown] })

    const response = await request(app).get('/readyz')

    expect(response.status).toBe(503)
    expect(response.headers['content-type']).toBe('text/plain; charset=utf-8')
    expect(response.text).toBe('[-]kafka failed: no broker answers\nreadyz check failed\n')
  })

  test.each([
    ['?verbose', 503, '[-]kafka failed: no broker answers\n[+]queue ok\nreadyz check failed\n'],
    ['?exclude=kafka', 200, 'ok\n'],
    ['?exclude=queue&exclude=kafka', 200, 'ok\n'],
    ['?verbose&exclude=kafka', 200, '[+]kafka excluded: ok\n[+]queue ok\nreadyz check passed\n'],
    ['?exclude=kaf', 503, '[-]kafka failed: no broker answers\n[+]queue ok\nreadyz check failed\n'],
  ])('%s is %i', async (query, status, text) => {
    const queue = { name: 'queue', check: () => undefined }
    const { app } = makeApp({ readinessChecks: [kafkaIsDown, queue] })

    const response = await request(app).get(`/readyz${query}`)

    expect(response.status).toBe(status)
    expect(response.text).toBe(text)
  })

  test('runs the checks again for each request', async () => {
    let problem: string | undefined = 'draining'
    const { app } = makeApp({ readinessChecks: [{ name: 'service', check: () => problem }] })

    const before = await request(app).get('/readyz')
    problem = undefined
    const after = await request(app).get('/readyz')

    expect([before.status, after.status]).toEqual([503, 200])
  })
})

describe('The operations port', () => {
  test.each(['/metrics', '/livez', '/healthz', '/readyz'])(
    'answers HEAD %s like GET without the text',
    async (path) => {
      const { app } = makeApp()

      const head = await request(app).head(path)
      const get = await request(app).get(path)

      expect(head.status).toBe(200)
      expect(head.text).toBeUndefined()
      expect(head.headers['content-length']).toBe(get.headers['content-length'])
      expect(head.headers['content-type']).toBe(get.headers['content-type'])
    },
  )

  test.each(['/index.html', '/page', '/page/', '/page/style.cs', '/push', '/metrics/more', '/%'])(
    'answers 404 in JSON to %s',
    async (path) => {
      const response = await request(makeApp().app).get(path)

      expect(response.status).toBe(404)
      expect(response.headers['content-type']).toBe('application/json')
      expect(response.body).toEqual({
        error_code: 40400,
        message:
          'no such path: this port has /, /metrics, /stats, /livez, /healthz, /readyz. Pushes go to http.port.',
      })
    },
  )

  test.each(['post', 'put', 'delete', 'options'] as const)(
    'answers 405 to %s and names the methods allowed',
    async (method) => {
      const response = await request(makeApp().app)[method]('/metrics')

      expect(response.status).toBe(405)
      expect(response.headers['allow']).toBe('GET, HEAD')
      expect(response.body).toMatchObject({ error_code: 40500 })
    },
  )

  test.each(['/metrics', '/readyz', '/nothing'])(
    'forbids caching and guessing at %s',
    async (path) => {
      const { headers } = await request(makeApp().app).get(path)

      expect(headers['cache-control']).toBe('no-store')
      expect(headers['x-content-type-options']).toBe('nosniff')
      expect(headers).not.toHaveProperty('x-powered-by')
      expect(headers).not.toHaveProperty('etag')
    },
  )
})

describe('a body that is not HTTP', () => {
  const tokens = [{ principal: 'prometheus', sha256: tokenHash('secret-of-mine') }]

  test.each([
    ['/metrics', []],
    ['/stats', []],
    ['/readyz', []],
    ['/page/live', []],
    ['/metrics', tokens],
    ['/readyz?verbose', tokens],
  ])(
    'is refused at %s while the reply is made, and is no failure of the port',
    async (path, tokens) => {
      const { app, lines } = makeApp({ tokens, statistics: { json: () => '{}' } })
      const log = new FakeHttpLog()
      const server = new OperationsServer({ app, clock: systemClock, log })
      const client = new RawClient(await server.listen('127.0.0.1', 0))
      onTestFinished(() => server.close())

      client.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nno chunk`)
      const { status, headers } = await client.response()
      await client.end().closed()

      expect([status, headers.get('connection')]).toEqual([400, 'close'])
      expect(log.lines.map(({ fields }) => fields?.['code'])).toEqual(['invalid_http'])
      expect(client.errorCode).toBeUndefined()
      expect(lines.filter(([level]) => level === 'error')).toEqual([])
    },
  )
})

describe('with tokens', () => {
  const tokens = [{ principal: 'prometheus', sha256: tokenHash('secret-of-mine') }]

  test.each([
    '/metrics',
    '/stats',
    '/readyz?verbose',
    '/metrics/',
    '/METRICS',
    '/readyz?verbose=1',
  ])('%s needs one', async (path) => {
    const { app, lines } = makeApp({ tokens, statistics: { json: () => '{}' } })

    const refused = await request(app).get(path)
    const wrong = await request(app).get(path).set('Authorization', 'Bearer other-secret')
    const served = await request(app).get(path).set('Authorization', 'Bearer secret-of-mine')

    expect([refused.status, wrong.status, served.status]).toEqual([401, 401, 200])
    expect(refused.headers['www-authenticate']).toContain('Bearer')
    expect(refused.body).toEqual({
      error_code: 40100,
      message: 'the request has no credentials: send Authorization: Bearer TOKEN',
    })
    expect(lines.map(([, , fields]) => fields)).toEqual([
      { reason: 'no_credentials' },
      { reason: 'unknown_token' },
    ])
  })

  test('the tokens can be replaced while kprf runs', async () => {
    const { app, access } = makeApp({ tokens })
    const statusWith = async (token: string): Promise<number> =>
      (await request(app).get('/metrics').set('Authorization', `Bearer ${token}`)).status

    access.use([{ principal: 'prometheus', sha256: tokenHash('a-newer-one') }])
    expect([await statusWith('secret-of-mine'), await statusWith('a-newer-one')]).toEqual([
      401, 200,
    ])

    access.use([])
    expect((await request(app).get('/metrics')).status).toBe(200)
  })

  test('streams end when the tokens change, and only then', () => {
    let ends = 0
    const logger = { limited: () => undefined }
    const access = new OperationsAccess(tokens, logger, { endAll: () => (ends += 1) })

    access.use(structuredClone(tokens))
    expect(ends).toBe(0)
    access.use([])
    access.use([])
    expect(ends).toBe(1)
  })

  test.each(['/livez', '/healthz', '/readyz', '/readyz?exclude=kafka'])(
    '%s needs none',
    async (path) => {
      const { app } = makeApp({ tokens })

      expect((await request(app).get(path)).status).toBe(200)
    },
  )
})
