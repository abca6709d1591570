/** What the Confluent REST Proxy (API v2) tells of topics and brokers, in the same form. */
import { describe, expect, it } from 'vitest'
import { Permissions } from '../../../../src/ingest/permissions.ts'
import { FakeClusterSource, partitionOf } from '../../../support/fake-cluster-source.ts'
import { get } from '../../../support/get.ts'
import { type EdgeOverrides, serveEdge } from '../../../support/http-edge.ts'

const SOURCE = new FakeClusterSource({
  __consumer_offsets: [partitionOf(0)],
  orders: [
    partitionOf(0),
    partitionOf(1, { leader: undefined, replicas: [2], inSync: [] }),
    partitionOf(2, { leader: 2, inSync: [2, 1] }),
  ],
  'shop.carts': [partitionOf(0)],
})
const PARTITIONS = [
  {
    ...{ partition: 0, leader: 1 },
    replicas: [
      { broker: 1, leader: true, in_sync: true },
      { broker: 2, leader: false, in_sync: false },
    ],
  },
  { partition: 1, leader: -1, replicas: [{ broker: 2, leader: false, in_sync: false }] },
  {
    ...{ partition: 2, leader: 2 },
    replicas: [
      { broker: 1, leader: false, in_sync: true },
      { broker: 2, leader: true, in_sync: true },
    ],
  },
]

async function serve(overrides: EdgeOverrides = {}) {
  const edge = await serveEdge({ source: SOURCE, ...overrides })
  const read = async (target: string, lines?: string) => {
    const { status, headers, body } = await get(edge, target, lines)
    return { status, type: headers.get('content-type'), reply: JSON.parse(body) as unknown }
  }
  return { edge, read }
}

describe('GET', () => {
  it.each<[string, unknown]>([
    ['/topics', ['orders', 'shop.carts']],
    ['/topics/', ['orders', 'shop.carts']],
    ['/topics/orders', { name: 'orders', configs: {}, partitions: PARTITIONS }],
    ['/topics/shop%2Ecarts?a=b', { name: 'shop.carts', partitions: [PARTITIONS[0]] }],
    ['/topics/orders/partitions', PARTITIONS],
    ['/topics/orders/partitions/2', PARTITIONS[2]],
    ['/brokers', { brokers: [1, 2] }],
  ])('%s is answered as by the Confluent REST Proxy', async (target, reply) => {
    const { edge, read } = await serve()

    const answer = await read(target, 'Accept: application/vnd.kafka.v2+json\r\n')

    expect(answer).toMatchObject({ status: 200, type: 'application/vnd.kafka.v2+json', reply })
    expect([edge.producer.calls, edge.log.lines, edge.metrics.pushes]).toEqual([0, [], []])
  })

  it.each<[string, number, string]>([
    ['/topics/missing', 40_401, 'the topic does not exist'],
    ['/topics/__consumer_offsets', 40_401, 'the topic does not exist'],
    ['/topics/a%20b', 40_401, 'the topic does not exist'],
    ['/topics/missing/partitions', 40_401, 'the topic does not exist'],
    ['/topics/missing/partitions/0', 40_401, 'the topic does not exist'],
    ['/topics/missing/partitions/x', 40_401, 'the topic does not exist'],
    ['/topics/orders/partitions/3', 40_402, 'the topic has no such partition'],
    ['/topics/orders/partitions/-1', 40_402, 'the topic has no such partition'],
    ['/topics/orders/partitions/0x1', 40_402, 'the topic has no such partition'],
    ['/topics/orders/partitions/1e0', 40_402, 'the topic has no such partition'],
    ['/topics/orders/partitions/99999999999', 40_402, 'the topic has no such partition'],
  ])('%s is refused with %d', async (target, code, message) => {
    const { read } = await serve()

    expect(await read(target)).toEqual({
      ...{ status: 404, type: 'application/vnd.kafka.v2+json' },
      reply: { error_code: code, message },
    })
  })

  it.each([
    ...['/topics', '/topics/orders', '/topics/orders/partitions', '/topics/orders/partitions/0'],
    ...['/brokers', '/topics/a%20b'],
  ])('%s is 503 with Retry-After while Kafka cannot be reached', async (target) => {
    const source = new FakeClusterSource({ orders: [partitionOf(0)] })
    source.isReachable = false
    const { edge } = await serve({ source })

    const { status, headers, body } = await get(edge, target)

    expect([status, headers.get('retry-after')]).toEqual([503, '1'])
    expect(JSON.parse(body)).toEqual({
      ...{ error_code: 503, message: 'Kafka cannot be reached: no broker' },
    })
    expect(edge.log.lines).toMatchObject([{ fields: { error_code: 50_301 } }])
  })

  it('is served while kprf shuts down', async () => {
    const { read } = await serve({ isDraining: () => true })

    expect(await read('/topics')).toMatchObject({ status: 200 })
  })

  it('discards a body', async () => {
    const { edge } = await serve()
    const head = 'GET /brokers HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n'

    const replies = await edge.connect().write(`${head}body${head}body`).responses(2)

    expect(replies.map(({ status }) => status)).toEqual([200, 200])
  })

  it('refuses a list for which unread replies leave no room', async () => {
    const many = Array.from({ length: 5_000 }, (_, index) => [`topic-${index}`, []] as const)
    const source = new FakeClusterSource(Object.fromEntries(many))
    const { edge } = await serve({ source, replyBytesInFlight: 0 })

    const replies = await Promise.all([
      get(edge, '/topics'),
      get(edge, '/v3/clusters/lkc-1/topics'),
    ])

    expect(replies.map(({ status }) => status)).toEqual([200, 503])
    expect(replies[1].body).toContain('unread replies')
  })
})

describe('HEAD', () => {
  it('has the head of GET, and no body', async () => {
    const { edge } = await serve()
    const { headers } = await get(edge, '/topics')

    const bytes = await edge
      .connect()
      .write('HEAD /topics HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
      .closed()

    const [head = '', body] = bytes.split('\r\n\r\n')
    expect(head).toMatch(/^HTTP\/1.1 200 /)
    expect(head).toContain(`Content-Length: ${headers.get('content-length')}`)
    expect(body).toBe('')
  })

  it.each([
    ['/topics', 'GET, HEAD, OPTIONS', 'this path takes GET and HEAD only'],
    ['/topics/orders', 'POST, GET, HEAD, OPTIONS', 'this path takes POST, GET and HEAD only'],
  ])('is among the methods of %s', async (target, allow, message) => {
    const { edge } = await serve()

    const { status, headers, body } = await edge
      .connect()
      .write(`DELETE ${target} HTTP/1.1\r\nHost: h\r\n\r\n`)
      .response()

    expect([status, headers.get('allow')]).toEqual([405, allow])
    expect(JSON.parse(body)).toMatchObject({ message })
  })
})

describe('a client that may not be told of a topic', () => {
  const permissions = new Permissions({
    ...{ acl: [{ principals: ['*'], topics: ['shop.*'], allow: ['describe'] }], topics: [] },
  })

  it('does not find it in the list', async () => {
    const { read } = await serve({ permissions })

    expect(await read('/topics')).toMatchObject({ reply: ['shop.carts'] })
  })

  it.each(['', '/partitions', '/partitions/0', '/partitions/x'])(
    'gets the reply of one that does not exist, byte for byte, with %j behind its name',
    async (rest) => {
      const { edge } = await serve({ permissions })
      const id = 'X-Request-Id: same\r\n'
      const dateless = async (topic: string): Promise<unknown> => {
        const { status, headers, body } = await get(edge, `/topics/${topic}${rest}`, id)
        return { status, headers: [...headers].filter(([name]) => name !== 'date'), body }
      }

      const hidden = await dateless('orders')

      expect(hidden).toEqual(await dateless('shop.missing'))
      expect(hidden).toEqual(await dateless('missing'))
      expect(hidden).toEqual(await dateless('__consumer_offsets'))
      expect(hidden).toMatchObject({ status: 404 })
    },
  )

  it('is told what it may be told, and of the brokers', async () => {
    const { read } = await serve({ permissions })

    expect(await read('/topics/shop.carts/partitions/0')).toMatchObject({ status: 200 })
    expect(await read('/brokers')).toMatchObject({ reply: { brokers: [1, 2] } })
  })
})
