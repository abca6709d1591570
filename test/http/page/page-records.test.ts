/** The stream of the page of the embedded broker, through the server, the edge and the gate. */
import { once } from 'node:events'
import { Agent, type IncomingMessage, request as httpRequest } from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { RecordsSource, SeenRecord, SeenTopic } from '../../../src/base/seen-records.ts'
import { Authenticator } from '../../../src/http/access/authenticator.ts'
import { tokenHash, TokenTable } from '../../../src/http/access/token-table.ts'
import {
  LOOK_INTERVAL_MS,
  MAX_TOPICS,
  MAX_VIEWERS,
} from '../../../src/http/page/page-records-endpoint.ts'
import { Permissions } from '../../../src/ingest/permissions.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { type ServedEdge, serveEdge } from '../../support/http-edge.ts'

const EVERYTHING = new Permissions({ acl: [], topics: [] })

function recordOf(topic: string, offset: number, shown = 'v'): SeenRecord {
  const value = { shown, isText: true, bytes: shown.length, shownBytes: shown.length }
  return {
    ...{ topic, partition: 0, offset: String(offset), timestamp: 1, key: null, value },
    ...{ headers: [], moreHeaders: 0 },
  }
}

/** Has what the test gives it. */
class FakeSource implements RecordsSource {
  readonly asked: [topic: string | undefined, after: number][] = []
  topics: SeenTopic[] = []
  records: SeenRecord[] = []

  look(topic: string | undefined, after: number) {
    this.asked.push([topic, after])
    const records = this.records.slice(after)
    return { position: this.records.length, topics: this.topics, records }
  }

  add(record: SeenRecord): void {
    this.records.push(record)
    if (this.topics.some(({ name }) => name === record.topic)) return
    this.topics = [...this.topics, { name: record.topic, partitions: 4, records: 1 }]
  }
}

interface Served extends ServedEdge {
  readonly source: FakeSource
  readonly clock: FakeClock
}

async function serve({
  permissions = EVERYTHING,
  hasHosts = false,
  ...overrides
}: Parameters<typeof serveEdge>[0] & { hasHosts?: boolean } = {}): Promise<Served> {
  const source = new FakeSource()
  const clock = new FakeClock()
  const seenRecords = { source, permissions: () => permissions, hasHosts }
  return { ...(await serveEdge({ ...overrides, clock, seenRecords })), source, clock }
}

interface Stream {
  readonly response: IncomingMessage
  /** Resolves to what has come once it has this text. */
  readonly until: (text: string) => Promise<string>
  readonly close: () => void
}

async function open(
  { port }: Pick<Served, 'port'>,
  path = '/page/records',
  headers: Record<string, string> = {},
): Promise<Stream> {
  const agent = new Agent({ keepAlive: true })
  const request = httpRequest({ port, path, agent, headers }).end()
  request.on('error', () => undefined)
  onTestFinished(() => {
    agent.destroy()
  })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  response.setEncoding('utf8').on('error', () => undefined)
  let seen = ''
  const waiting = new Set<() => void>()
  response.on('data', (piece: string) => {
    seen += piece
    for (const look of waiting) look()
  })
  const until = (text: string): Promise<string> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!seen.includes(text)) return
        waiting.delete(look)
        resolve(seen)
      }
      waiting.add(look)
      look()
    })
  return { response, until, close: () => void request.destroy() }
}

/** Lets the time pass after which the server writes, and so finds out who is gone. */
async function gone<Seen>({ clock }: Served, look: () => Seen): Promise<Seen> {
  await clock.advance(2_000)
  return look()
}

const FILLED = 'event: filled'

const eventsOf = (text: string): [name: string, data: unknown][] =>
  [...text.matchAll(/^event: (\w+)\ndata: (.*)$/gm)].map(([, name = '', data = '']) => [
    name,
    JSON.parse(data),
  ])

describe('the stream of records', () => {
  it('begins with the topics and the records that are there, and goes on with those that arrive', async () => {
    const served = await serve()
    served.source.add(recordOf('orders', 0))

    const { response, until } = await open(served)
    const first = await until(FILLED)
    served.source.add(recordOf('orders', 1, 'new'))
    await served.clock.advance(LOOK_INTERVAL_MS)
    const all = await until('"new"')

    expect(response.headers).toMatchObject({
      ...{ 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' },
      'x-content-type-options': 'nosniff',
    })
    expect(eventsOf(first)).toEqual([
      ['begin', { topic: null }],
      ['topics', { topics: [{ name: 'orders', partitions: 4, records: 1 }], more: 0 }],
      ['record', recordOf('orders', 0)],
      ['filled', {}],
    ])
    expect(eventsOf(all.slice(first.length))).toEqual([['record', recordOf('orders', 1, 'new')]])
    expect(served.source.asked).toEqual([
      [undefined, 0],
      [undefined, 1],
    ])
  })

  it('is of the topic in the query', async () => {
    const served = await serve()

    const { until } = await open(served, '/page/records?topic=a%20b')

    expect(eventsOf(await until(FILLED))[0]).toEqual(['begin', { topic: 'a b' }])
    expect(served.source.asked).toEqual([['a b', 0]])
  })

  it('says nothing while nothing changes but for a sign of life now and then', async () => {
    const served = await serve()
    const { until } = await open(served)
    const first = await until(FILLED)

    await served.clock.advance(2_000)

    expect((await until('\n:\n\n')).slice(first.length).trim()).toBe(':')
    expect(served.source.asked.length).toBeGreaterThan(8)
  })

  it.each([
    ['with the topic twice', 'topic=a&topic=b', 422],
    ['that cannot be decoded', 'topic=%ff', 400],
  ])('of a query %s is refused', async (_, query, status) => {
    const served = await serve()

    const { response } = await open(served, `/page/records?${query}`)

    expect(response.statusCode).toBe(status)
    expect(served.source.asked).toEqual([])
  })

  it('has no body for HEAD, and ends', async () => {
    const served = await serve()

    const reply = await fetch(`http://127.0.0.1:${served.port}/page/records`, { method: 'HEAD' })

    expect([reply.status, await reply.text()]).toEqual([200, ''])
    expect(served.source.asked).toEqual([])
  })

  it('lists no more topics than a page can show, and says how many are left out', async () => {
    const served = await serve()
    served.source.topics = Array.from({ length: MAX_TOPICS + 3 }, (_, n) => ({
      ...{ name: `t${String(n).padStart(4, '0')}`, partitions: 1, records: 0 },
    })).reverse()

    const { until } = await open(served)
    const [, topics] = eventsOf(await until(FILLED))

    expect(topics).toMatchObject(['topics', { more: 3 }])
    expect(JSON.stringify(topics)).toContain('t0000')
  })

  it('ends for whoever leaves, and leaves no timer', async () => {
    const served = await serve()
    const { until, close } = await open(served)
    await until(FILLED)
    await served.clock.advance(0)
    const { timers } = served.clock

    close()

    await expect.poll(() => gone(served, () => served.clock.timers)).toBe(timers - 1)
    const looks = served.source.asked.length
    await served.clock.advance(LOOK_INTERVAL_MS)
    expect(served.source.asked).toHaveLength(looks)
  })

  it('is for so many pages at once, and for another when one is closed', async () => {
    const served = await serve()
    const pages: Stream[] = []
    for (let count = 0; count < MAX_VIEWERS; count += 1) pages.push(await open(served))

    const refused = await open(served)
    expect(refused.response.statusCode).toBe(503)
    expect(await refused.until('close one of them')).toContain(`${MAX_VIEWERS} pages`)

    pages[0]?.close()
    await expect
      .poll(() => gone(served, async () => (await open(served)).response.statusCode))
      .toBe(200)
  })

  it('keeps nothing for who does not read: it looks again only when there is room', async () => {
    const served = await serve()
    const client = served.connect()
    await client.connected()
    const long = 'x'.repeat(16_384)
    for (let offset = 0; offset < 1_000; offset += 1) served.source.add(recordOf('t', offset, long))

    client.pause().write('GET /page/records HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await expect.poll(() => served.source.asked.length).toBe(1)
    for (let turn = 0; turn < 5; turn += 1) await served.clock.advance(LOOK_INTERVAL_MS)

    expect(served.source.asked).toHaveLength(1)
    expect(served.server.connectionCounts.replyBytes).toBeLessThan(200_000)
  })

  it('ends when the server stops, which waits for nobody who looks', async () => {
    const served = await serve()
    const { response, until } = await open(served)
    await until(FILLED)
    const ended = once(response, 'end')

    const stopped = served.server.stopAccepting()
    await served.clock.advance(1_000)
    await Promise.all([ended, stopped])

    expect(response.complete).toBe(true)
  })
})

describe('who may see records', () => {
  const TOKEN = 'kprf_good'
  const guarded = () =>
    serve({
      authenticator: new Authenticator({
        tokens: new TokenTable([{ principal: 'shop', sha256: tokenHash(TOKEN) }]),
        allowsAnonymous: false,
        onDenied: () => undefined,
      }),
      permissions: new Permissions({
        acl: [{ principals: ['shop'], topics: ['mine'], allow: ['describe'] }],
        topics: [],
      }),
    })

  it('whoever may describe the topic, and nobody is told that there are others', async () => {
    const served = await guarded()
    served.source.add(recordOf('mine', 0))
    served.source.add(recordOf('secret', 1))

    const authorization = { Authorization: `Bearer ${TOKEN}` }
    const all = await (await open(served, '/page/records', authorization)).until(FILLED)
    const one = await (
      await open(served, '/page/records?topic=secret', authorization)
    ).until(FILLED)

    expect(all).toContain('mine')
    expect(all).not.toContain('secret')
    expect(eventsOf(one).filter(([name]) => name === 'record')).toEqual([
      ['record', recordOf('mine', 0)],
    ])
  })

  it.each([
    ['/page/records', 401],
    ['/page/records/', 401],
    [`/page/records?access_token=${TOKEN}&topic=mine`, 401],
    ['http://localhost/push/../page/records', 401],
    ['/page/%72ecords', 404],
    ['/page//records', 404],
    ['/Page/records', 404],
    ['/page/records/mine', 404],
  ])('nobody without credentials, however the path is written: %s', async (path, status) => {
    const served = await guarded()

    for (const headers of [{}, { Authorization: 'Bearer wrong' }, { Cookie: TOKEN }]) {
      const { response } = await open(served, path, { Host: 'localhost', ...headers })
      expect(response.statusCode).toBe(status)
    }
    expect(served.source.asked).toEqual([])
  })

  it('nobody with another method', async () => {
    const served = await serve()

    for (const method of ['POST', 'PUT', 'DELETE']) {
      const reply = await fetch(`http://127.0.0.1:${served.port}/page/records`, { method })
      expect([reply.status, reply.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS'])
    }
  })

  it.each([
    ['localhost:4242', 200],
    ['kprf.localhost', 200],
    ['127.0.0.1:4242', 200],
    ['[::1]:4242', 200],
    ['192.168.1.7', 200],
    ['evil.example', 421],
    ['127.0.0.1.evil.example:4242', 421],
    ['localhost.evil.example', 421],
  ])('a page at %s gets %i, so that no other site can read them', async (host, status) => {
    const served = await serve()

    const { response } = await open(served, '/page/records', { Host: host })

    expect(response.statusCode).toBe(status)
  })

  it('pages at any host that http.hosts lets through', async () => {
    const served = await serve({ hasHosts: true })

    const { response } = await open(served, '/page/records', { Host: 'kprf.example' })

    expect(response.statusCode).toBe(200)
  })
})

it('without an embedded broker there is no such path', async () => {
  const { port } = await serveEdge()

  expect((await fetch(`http://127.0.0.1:${port}/page/records`)).status).toBe(404)
  expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(404)
})
