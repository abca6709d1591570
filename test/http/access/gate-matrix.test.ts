/**
 * Every way to write a request, with all kinds of credentials: what is produced, and what is answered. A request
 * with credentials that are not good is sent without its body, so that only who does not wait for it can answer.
 */
import { describe, expect, it } from 'vitest'
import { Authenticator } from '../../../src/http/access/authenticator.ts'
import { tokenHash, TokenTable } from '../../../src/http/access/token-table.ts'
import type { WebhookSettings } from '../../../src/http/webhooks/webhook-endpoint.ts'
import { Permissions } from '../../../src/ingest/permissions.ts'
import { pushBody, serveEdge } from '../../support/http-edge.ts'
import { FakeClusterSource, partitionOf } from '../../support/fake-cluster-source.ts'
import type { RawClient } from '../../support/raw-client.ts'

const TOKEN = 'kprf_good'
const basic = (pair: string): string => Buffer.from(pair).toString('base64')

/** What a request says about who sent it, and the reply to a push with it. */
interface Credentials {
  readonly name: string
  readonly lines: string
  readonly topic?: string
  readonly status: 200 | 401 | 403
}

const GOOD = `Authorization: Bearer ${TOKEN}\r\n`

const CREDENTIALS: readonly Credentials[] = [
  { name: 'no credentials', lines: '', status: 401 },
  { name: 'a wrong token', lines: 'Authorization: Bearer nonsense\r\n', status: 401 },
  { name: 'a wrong password', lines: `Authorization: Basic ${basic('u:x')}\r\n`, status: 401 },
  {
    name: 'the token as the user',
    lines: `Authorization: Basic ${basic(`${TOKEN}:`)}\r\n`,
    status: 401,
  },
  { name: 'unreadable credentials', lines: `Authorization: Digest ${TOKEN}\r\n`, status: 401 },
  { name: 'an empty header', lines: 'Authorization:\r\n', status: 401 },
  { name: 'the header twice', lines: GOOD + GOOD, status: 401 },
  { name: 'a wrong and a right header', lines: `Authorization: Bearer x\r\n${GOOD}`, status: 401 },
  {
    name: 'the token in other headers',
    lines: `Proxy-${GOOD}X-${GOOD}Cookie: ${TOKEN}\r\n`,
    status: 401,
  },
  { name: 'a right token, but for another topic', lines: GOOD, topic: 'secret', status: 403 },
  { name: 'a right token', lines: GOOD, status: 200 },
  {
    name: 'a right password',
    lines: `Authorization: Basic ${basic(`u:${TOKEN}`)}\r\n`,
    status: 200,
  },
]

/** The routes of a request target, or the status that it gets. */
type Where = keyof typeof METHODS_OF | 404 | 400

/** The methods of each route. */
const METHODS_OF = {
  push: ['POST'],
  raw: ['POST', 'PUT'],
  webhook: ['POST'],
  ndjson: ['POST'],
  events: ['POST'],
  rest: ['POST', 'GET', 'HEAD'],
  reads: ['GET', 'HEAD'],
  list: ['GET', 'HEAD'],
  document: ['GET', 'HEAD'],
  noTopic: ['POST', 'GET', 'HEAD'],
  records: ['POST'],
  batch: ['POST'],
} as const

/** Request targets that are those of the routes, and the status of the others. */
const TARGETS: readonly (readonly [target: string, status: Where])[] = [
  ['/push', 'push'],
  ['/push/', 'push'],
  ['/push?', 'push'],
  ['/push?a=b&_method=POST', 'push'],
  ['/push/?a', 'push'],
  ['/push#a', 'push'],
  [`/push?access_token=${TOKEN}&token=${TOKEN}`, 'push'],
  ['http://h/push', 'push'],
  ['HTTP://H/push?a', 'push'],
  ['https://h/push', 'push'],
  ['http://h/./push', 'push'],
  ['http://h/a/../push', 'push'],
  [`http://u:${TOKEN}@h/push`, 'push'],
  ['http://h//push', 404],
  ['http://h/%70ush', 404],
  ['/%70ush', 404],
  ['/push%2f', 404],
  ['/push%00', 404],
  ['/push%20', 404],
  ['//push', 404],
  ['/push//', 404],
  ['/./push', 404],
  ['/a/../push', 404],
  ['/a/%2e%2e/push', 404],
  ['/push/.', 404],
  ['/push;a', 404],
  ['/push\\', 404],
  ['/PUSH', 404],
  ['/Push', 404],
  ['/', 404],
  ['*', 404],
  ['/topics/{topic}/raw', 'raw'],
  ['/topics/{topic}/raw/', 'raw'],
  [`/topics/{topic}/raw?key=a&access_token=${TOKEN}`, 'raw'],
  ['http://h/topics/{topic}/raw', 'raw'],
  ['http://h/push/../topics/{topic}/raw', 'raw'],
  ['/topics/{topic}/ndjson', 'ndjson'],
  ['/topics/{topic}/ndjson?wait=false&text=true', 'ndjson'],
  ['http://h/topics/{topic}/ndjson/', 'ndjson'],
  ['/topics/{topic}/NDJSON', 404],
  ['/topics//ndjson', 404],
  ['/topics/{topic}', 'rest'],
  ['/topics/{topic}/?async=false', 'rest'],
  ['/topics/{topic}/partitions/0', 'rest'],
  ['http://h/topics/{topic}/partitions/0/', 'rest'],
  ['/topics/{topic}/partitions', 'reads'],
  ['/topics/{topic}/partitions/', 'reads'],
  ['/topics/{topic}/partitions/0/offsets', 404],
  ['/topics/', 'list'],
  ['/topics', 'list'],
  [`/topics?access_token=${TOKEN}`, 'list'],
  ['http://h/push/../topics', 'list'],
  ['/brokers', 'list'],
  ['/brokers/1', 404],
  ['/v3/clusters', 'list'],
  ['/v3/clusters/lkc-1', 'list'],
  ['/v3/clusters/lkc-1/topics', 'list'],
  ['/v3/clusters/lkc-1/topics/{topic}', 'reads'],
  [`/v3/clusters/lkc-1/topics/{topic}/?token=${TOKEN}`, 'reads'],
  ['/v3/clusters/c/topics/{topic}/records', 'records'],
  ['/v3/clusters/c/topics/{topic}/records?', 'records'],
  ['/v3/clusters/c/topics/{topic}/records:batch', 'batch'],
  ['/v3/clusters/c/topics/{topic}/records%3abatch', 404],
  ['/v3/clusters//topics/{topic}/records', 404],
  ['/V3/clusters', 404],
  ['/v3', 404],
  ['/v3/clusters//topics', 404],
  ['/topics//raw', 404],
  ['/topics/{topic}/RAW', 404],
  ['/Topics/{topic}/raw', 404],
  ['/topics/{topic}%2fraw', 'noTopic'],
  ['/topics%2f{topic}/raw', 404],
  ['/topics/{topic}/%72aw', 404],
  ['/topics/{topic}/raw/a', 404],
  ['//topics/{topic}/raw', 404],
  ['/hooks/{topic}', 'webhook'],
  ['/hooks/{topic}/', 'webhook'],
  [`/hooks/{topic}?key=a&access_token=${TOKEN}`, 'webhook'],
  ['http://h/push/../hooks/{topic}', 'webhook'],
  ['/hooks', 404],
  ['/hooks/{topic}/a', 404],
  ['/hooks/{topic}%2f', 404],
  ['/Hooks/{topic}', 404],
  ['/topics/%/raw', 400],
  ['/topics/{topic}/events', 'events'],
  ['/topics/{topic}/events/', 'events'],
  [`/topics/{topic}/events?wait=true&access_token=${TOKEN}`, 'events'],
  ['http://h/topics/{topic}/events#a', 'events'],
  ['/topics//events', 404],
  ['/topics/{topic}/Events', 404],
  ['/topics/{topic}/%65vents', 404],
  ['/topics/{topic}/events/a', 404],
  ['/topics/%/events', 400],
  ['/openapi.json', 'document'],
  ['/openapi.json/', 'document'],
  [`/openapi.json?access_token=${TOKEN}`, 'document'],
  ['http://h/push/../openapi.json', 'document'],
  ['/OpenAPI.json', 404],
  ['/openapi%2ejson', 404],
  ['/openapi.json/push', 404],
  ['/docs', 'document'],
  ['/docs/', 'document'],
  ['/docs?_method=POST', 'document'],
  ['/docs#push', 'document'],
  ['/docs/push', 404],
  ['/Docs', 404],
  ['/push%', 400],
  ['push', 400],
  ['ftp://h/push', 400],
]

const METHODS = ['POST', 'GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'OPTIONS']

/** Headers that ask some servers to take a request for one with another method or path. */
const OVERRIDES = [
  ...['X-HTTP-Method-Override: POST\r\n', 'X-HTTP-Method: POST\r\n', 'X-Method-Override: POST\r\n'],
  ...['X-Original-URL: /push\r\n', 'X-Rewrite-URL: /push\r\n', 'X-Forwarded-Prefix: /push\r\n'],
]

function expectedStatus(method: string, where: Where, { status }: Credentials): number {
  if (typeof where === 'number') return where
  if (method === 'OPTIONS') return 204
  if (!METHODS_OF[where].some((one) => one === method)) return 405
  if (status === 401) return status
  // They take credentials, and no right.
  if (where === 'list' || where === 'document') return 200
  // A topic whose name has a slash.
  if (where === 'noTopic') return isRead(method) ? 404 : 422
  // The reply has a number for each record.
  if (where === 'records') return 200
  if (where === 'batch') return 207
  // A topic that a client may not be told about does not exist for it.
  return isRead(method) && status === 403 ? 404 : status
}

function isRead(method: string): boolean {
  return method === 'GET' || method === 'HEAD'
}

/** The attributes of an event, which mean nothing to other routes. */
const EVENT = 'ce-specversion: 1.0\r\nce-id: 1\r\nce-source: /s\r\nce-type: t\r\n'

interface Sent {
  readonly method?: string
  readonly target?: string
  readonly version?: string
  /** Further header lines. */
  readonly headers?: string
  readonly isChunked?: boolean
}

const REST = /\/topics\/[^/?]+(?:\/partitions\/0)?\/?(?:\?|$)/

/** The head of a request, and its body. */
function requestWith(
  { lines, topic = 't' }: Pick<Credentials, 'lines' | 'topic'>,
  sent: Sent = {},
) {
  const { method = 'POST', version = '1.1', headers = '', isChunked } = sent
  const target = sent.target?.replace('{topic}', topic) ?? '/push'
  // `value` is for those that take no `data`; what one route reads, the others ignore.
  const value = { value: { type: 'JSON', data: 1 } }
  const json = pushBody({ topic, value: 'value' }, { ...value, entries: [{ id: 'a', ...value }] })
  const isRest = REST.test(target)
  const type = isRest ? 'application/vnd.kafka.json.v2+json' : 'application/json'
  const framing = isChunked
    ? 'Transfer-Encoding: chunked\r\n'
    : `Content-Length: ${method === 'HEAD' ? 0 : json.length}\r\n`
  return {
    head: `${method} ${target} HTTP/${version}\r\nHost: h\r\nContent-Type: ${type}\r\n${EVENT}${headers}${lines}${framing}\r\n`,
    body: isChunked ? `${json.length.toString(16)}\r\n${json}\r\n0\r\n\r\n` : json,
  }
}

/** Sends a request, its body only if the head is good, and returns the first status that it gets. */
async function statusOf(client: RawClient, credentials: Credentials, sent: Sent): Promise<number> {
  const { head, body } = requestWith(credentials, sent)
  if (sent.method === 'HEAD') {
    // Unless its head cannot be parsed, the reply announces a body that does not follow.
    const withoutBody = await client.write(head).end().closed()
    if (withoutBody !== '') return Number(withoutBody.split(' ')[1])
  } else {
    client.write(credentials.status === 401 ? head : head + body)
  }
  return (await client.response()).status
}

/** Without `verify`, so that its clients need credentials. */
function webhookOf(topic: string): WebhookSettings {
  return {
    ...{ path: `/hooks/${topic}`, topic, keyFrom: undefined, verify: undefined },
    ...{ answersChallenge: false, waits: true },
  }
}

async function serve() {
  return await serveEdge({
    authenticator: new Authenticator({
      tokens: new TokenTable([{ principal: 'shop', sha256: tokenHash(TOKEN) }]),
      allowsAnonymous: false,
      onDenied: () => undefined,
    }),
    permissions: new Permissions({
      acl: [{ principals: ['shop'], topics: ['t'], allow: ['produce', 'describe'] }],
      topics: [],
    }),
    source: new FakeClusterSource({ secret: [partitionOf(0)], t: [partitionOf(0)] }),
    webhooks: { list: ['t', 'secret'].map(webhookOf), onDenied: () => undefined },
  })
}

describe.each(CREDENTIALS)('with $name', (credentials) => {
  const { status } = credentials
  const produced = status === 200 ? 1 : 0

  it('every method and target is answered, and only a good push produces', async () => {
    const { connect, producer } = await serve()
    const [answered, expected]: string[][] = [[], []]

    for (const [target, where] of TARGETS) {
      for (const method of METHODS) {
        const before = producer.records.length
        const client = connect()
        const got = await statusOf(client, credentials, { method, target })
        client.abort()
        const wanted = expectedStatus(method, where, credentials)
        answered?.push(`${method} ${target}: ${got}, produced ${producer.records.length - before}`)
        const isStored = status === 200 && (wanted === 200 || wanted === 207) && !isRead(method)
        expected?.push(`${method} ${target}: ${wanted}, produced ${isStored ? 1 : 0}`)
      }
    }

    expect(answered).toEqual(expected)
  })

  it.each(OVERRIDES)('no header makes a push of what is none: %j', async (headers) => {
    const { connect, producer } = await serve()
    const statuses: number[] = []

    for (const sent of [{ method: 'GET' }, { method: 'PUT' }, { method: 'GET', target: '/' }]) {
      statuses.push(await statusOf(connect(), credentials, { ...sent, headers }))
    }

    expect(statuses).toEqual([405, 405, 404])
    expect(producer.records).toEqual([])
  })

  it.each<[string, Sent]>([
    ['in HTTP/1.0', { version: '1.0' }],
    ['in HTTP/1.0 with keep-alive', { version: '1.0', headers: 'Connection: keep-alive\r\n' }],
    ['in chunks', { isChunked: true }],
    ['with an offer of HTTP/2', { headers: 'Connection: Upgrade\r\nUpgrade: h2c\r\n' }],
    ['with an upgrade', { headers: 'Connection: Upgrade\r\nUpgrade: websocket\r\n' }],
    ['compressed, as it says', { headers: 'Content-Encoding: identity\r\n' }],
    ['with an Idempotency-Key', { headers: 'Idempotency-Key: a\r\n' }],
    ['from a page', { headers: 'Origin: https://a.example\r\n' }],
    ['from the machine itself, as it says', { headers: 'X-Forwarded-For: 127.0.0.1\r\n' }],
    [
      'with the header named as one of the connection',
      { headers: 'Connection: authorization\r\n' },
    ],
  ])(`a push %s gets ${status}`, async (_, sent) => {
    const { connect, producer } = await serve()

    expect(await statusOf(connect(), credentials, sent)).toBe(status)
    expect(producer.records).toHaveLength(produced)
  })

  it(`a push that waits for 100 Continue gets ${status === 401 ? '401 instead' : `100 and ${status}`}`, async () => {
    const { connect, producer } = await serve()
    const { head, body } = requestWith(credentials, { headers: 'Expect: 100-continue\r\n' })
    const client = connect()

    const first = await client.write(head).response()
    const last = first.status === 100 ? await client.write(body).response() : first

    expect([first.status, last.status]).toEqual(status === 401 ? [401, 401] : [100, status])
    expect(producer.records).toHaveLength(produced)
  })

  it(`a push behind one that was let in gets ${status}`, async () => {
    const { connect, producer } = await serve()
    const good = requestWith({ lines: GOOD })
    const { head, body } = requestWith(credentials)

    const replies = await connect()
      .write(good.head + good.body + head + (status === 401 ? '' : body))
      .responses(2)

    expect(replies.map((reply) => reply.status)).toEqual([200, status])
    expect(producer.records).toHaveLength(1 + produced)
  })

  it(`a push behind one that was let in after 100 Continue gets ${status}`, async () => {
    const { connect, producer } = await serve()
    const good = requestWith({ lines: GOOD }, { headers: 'Expect: 100-continue\r\n' })
    const client = connect()

    const first = await client.write(good.head).response()
    const second = await client.write(good.body).response()
    const third = await statusOf(client, credentials, {})

    expect([first.status, second.status, third]).toEqual([100, 200, status])
    expect(producer.records).toHaveLength(1 + produced)
  })
})

it.each(CREDENTIALS.filter(({ status }) => status === 401))(
  'behind a push with $name nothing on the same connection is served',
  async ({ lines }) => {
    const { connect, producer } = await serve()
    const good = requestWith({ lines: GOOD })
    const { head, body } = requestWith({ lines })

    const replies = await connect()
      .write(head + body + good.head + good.body)
      .end()
      .responses(2)

    expect(replies.map((reply) => reply.status)).toEqual([401])
    expect(producer.records).toEqual([])
  },
)

it('the targets above are those of all routes, and webhooks, which are not named', async () => {
  const { connect } = await serve()

  const reply = await connect().write('GET / HTTP/1.1\r\nHost: h\r\n\r\n').response()

  expect(reply.body).toContain(
    'this port takes POST /push, POST /topics/:topic/raw, PUT /topics/:topic/raw, POST /topics/:topic/ndjson, POST /topics/:topic/events, POST /topics/:topic, POST /topics/:topic/partitions/:partition, POST /v3/clusters/:cluster/topics/:topic/records, POST /v3/clusters/:cluster/topics/:topic/records:batch, GET /topics, GET /brokers, GET /v3/clusters, GET /openapi.json, GET /docs;',
  )
})
