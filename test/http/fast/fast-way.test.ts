/** Which pushes the fast way serves, which it leaves to Node, and that nobody can tell one from the other. */
import { once } from 'node:events'
import { connect } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import { AllowedHosts } from '../../../src/http/access/allowed-hosts.ts'
import { Authenticator } from '../../../src/http/access/authenticator.ts'
import { InFlightGate } from '../../../src/http/access/in-flight-gate.ts'
import { TokenTable, tokenHash } from '../../../src/http/access/token-table.ts'
import { TrustedProxies } from '../../../src/http/access/trusted-proxies.ts'
import { createBodyBudget } from '../../../src/http/body-budget.ts'
import { InFlightCounter } from '../../../src/ingest/in-flight.ts'
import { RateLimiter } from '../../../src/ingest/rate-limiter.ts'
import { deliveryError, RDKAFKA } from '../../../src/producer/delivery-errors.ts'
import { createAuthority } from '../../support/certificates.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { FOR_NODE, MAX_BODY_BYTES, pushBody, rawPush, serveEdge } from '../../support/http-edge.ts'
import { rateLimitsOf } from '../../support/rate-limits.ts'

const PUSH = rawPush(pushBody())
const SYNC = rawPush(pushBody({}, { wait_for_send: true }))
const TOKEN = 'kprf_good'

const statuses = (replies: readonly { readonly status: number }[]): number[] =>
  replies.map(({ status }) => status)

function tokens(allowsAnonymous = false): { denied: string[]; authenticator: Authenticator } {
  const denied: string[] = []
  const authenticator = new Authenticator({
    tokens: new TokenTable([{ principal: 'shop', sha256: tokenHash(TOKEN) }]),
    ...{ allowsAnonymous, onDenied: (reason: string) => denied.push(reason) },
  })
  return { denied, authenticator }
}

const withToken = (token: string): Buffer =>
  rawPush(pushBody(), { Authorization: `Bearer ${token}` })

describe('the fast way', () => {
  it('serves several pushes on one connection, one after the other', async () => {
    const { connect, fastRoute, producer, metrics } = await serveEdge()
    const client = connect()

    for (let push = 0; push < 3; push += 1) await client.write(PUSH).response()

    expect(fastRoute.taken).toBe(3)
    expect(producer.records).toHaveLength(3)
    expect(metrics.pushes).toMatchObject(Array(3).fill({ mode: 'async', status: 200 }))
    expect(metrics.received).toHaveLength(3)
  })

  it('replies as Node does, except for the date', async () => {
    const { connect, fastRoute } = await serveEdge()
    const of = async (push: Buffer) => {
      const { status, headers, body } = await connect().write(push).response()
      return {
        status,
        body,
        headers: [...headers].map(([name, value]) => (name === 'date' ? name : [name, value])),
      }
    }
    const headers = { 'X-Request-Id': 'mine' }

    const fast = await of(rawPush(pushBody(), headers))
    const plain = await of(rawPush(pushBody(), { ...headers, ...FOR_NODE }))

    expect(fast).toEqual(plain)
    expect(fast.headers).toContainEqual(['x-request-id', 'mine'])
    expect(fastRoute.taken).toBe(1)
  })

  it('replies to pipelined pushes in their order, whichever is delivered first', async () => {
    const { connect, fastRoute, producer } = await serveEdge()
    producer.holdDelivery()
    const named = (id: string, push: object): Buffer =>
      rawPush(pushBody({}, push), { 'X-Request-Id': id })
    const client = connect().write(
      Buffer.concat([
        ...[named('a', { wait_for_send: true }), named('b', { wait_for_send: false })],
        ...[named('c', { wait_for_send: true }), named('d', { wait_for_send: false })],
      ]),
    )
    await producer.admitted(4)

    producer.deliver()
    const replies = await client.responses(4)

    expect(replies.map(({ headers }) => headers.get('x-request-id'))).toEqual(['a', 'b', 'c', 'd'])
    expect(fastRoute.taken).toBe(4)
  })

  it('serves a push whose body comes later than its head, and the pushes behind it', async () => {
    const { connect, fastRoute, server } = await serveEdge()
    const body = pushBody()
    const head = PUSH.subarray(0, -body.length)
    const client = connect().write(head)
    while (server.connectionCounts.active === 0) await connect().write(PUSH).response()
    const before = fastRoute.taken

    client.write(Buffer.from(body)).write(PUSH)
    const replies = await client.responses(2)

    expect(statuses(replies)).toEqual([200, 200])
    expect(fastRoute.taken - before).toBe(2)
  })

  it('leaves to Node a push that arrives in more than eight reads, and all that follow', async () => {
    const { connect, fastRoute, producer } = await serveEdge()
    const client = await connect().connected()
    const bodyStart = PUSH.indexOf('\r\n\r\n') + 4
    let start = 0
    for (let end = bodyStart; end < bodyStart + 10; end += 1) {
      client.write(PUSH.subarray(start, end))
      start = end
      // On another connection: then the server has read what came before.
      await connect().write(rawPush('{')).response()
    }

    const replies = await client.write(PUSH.subarray(start)).write(PUSH).responses(2)

    expect(statuses(replies)).toEqual([200, 200])
    expect(producer.records).toHaveLength(2)
    expect(fastRoute.taken).toBe(0)
  })

  it('leaves to Node a push whose body has not arrived after two checks', async () => {
    const clock = new FakeClock()
    const { connect, server, fastRoute, producer } = await serveEdge({ clock })
    const client = connect().write(PUSH.subarray(0, -3))
    while (server.connectionCounts.active === 0) await clock.advance(0)
    await clock.advance(5_000)

    client.write(PUSH.subarray(-3))
    while (producer.records.length === 0) await clock.advance(0)
    await clock.advance(1)

    expect(statuses(await client.responses(1))).toEqual([200])
    expect(fastRoute.taken).toBe(0)
  })

  it('waits for a body when the server stops, and says that its reply is the last', async () => {
    const { connect, server } = await serveEdge({}, { lastRequestMs: 0 })
    const client = connect().write(PUSH.subarray(0, -3))
    while (server.connectionCounts.active === 0) await connect().write(rawPush('{')).response()

    const stopped = server.stopAccepting()
    const reply = await client.write(PUSH.subarray(-3)).response()
    client.end()
    await stopped

    expect(reply.status).toBe(200)
    expect(reply.headers.get('connection')).toBe('close')
  })

  it.each([
    ['an invalid push', rawPush('{'), 400],
    ['another path', Buffer.from('GET /x HTTP/1.1\r\nHost: h\r\n\r\n'), 404],
    ['another framing', rawPush(pushBody(), FOR_NODE), 200],
    ['a misspelt field', rawPush(pushBody({ keey: 'k' })), 200],
  ])(
    'leaves to Node %s in the middle of a pipeline, and all that follow',
    async (_, other, status) => {
      const { connect, fastRoute, producer } = await serveEdge()
      producer.holdDelivery()
      const client = connect().write(Buffer.concat([SYNC, PUSH, other, PUSH, SYNC]))
      await producer.admitted(2)

      producer.deliver()
      const replies = await client.responses(5)

      expect(statuses(replies)).toEqual([200, 200, status, 200, 200])
      expect(fastRoute.taken).toBe(2)
      expect(producer.records).toHaveLength(status === 200 ? 5 : 4)
    },
  )

  it('serves no connection with TLS', async () => {
    const authority = createAuthority()
    const tls = { context: authority.issue('localhost'), clientAuth: 'none' } as const
    const { port, fastRoute, producer } = await serveEdge({}, {}, { tls })
    const client = connect({ port, host: '127.0.0.1', ca: authority.cert, servername: 'localhost' })
    onTestFinished(() => {
      client.destroy()
    })

    client.write(PUSH)
    const [reply] = (await once(client, 'data')) as [Buffer]

    expect(reply.toString()).toMatch(/^HTTP\/1\.1 200 OK/)
    expect(producer.records).toHaveLength(1)
    expect(fastRoute.taken).toBe(0)
  })

  it('leaves to Node what follows garbage', async () => {
    const { connect, fastRoute, metrics } = await serveEdge()
    const client = connect().write(Buffer.concat([PUSH, Buffer.from('\0\0\r\n\r\n'), PUSH]))

    const replies = await client.responses(Infinity)

    expect(statuses(replies)).toEqual([200, 400])
    expect(metrics.clientErrors).toEqual(['invalid_http'])
    expect(fastRoute.taken).toBe(1)
  })
})

describe('on the fast way', () => {
  it('a known token is admitted, and any other is refused and counted once', async () => {
    const { authenticator, denied } = tokens()
    const { connect, fastRoute, producer } = await serveEdge({ authenticator })

    const known = await connect().write(withToken(TOKEN)).response()
    const others = await Promise.all(
      [withToken('other'), PUSH].map((push) => connect().write(push).response()),
    )

    expect(known.status).toBe(200)
    expect(statuses(others)).toEqual([401, 401])
    expect(denied.toSorted()).toEqual(['no_credentials', 'unknown_token'])
    expect(producer.records).toHaveLength(1)
    expect(fastRoute.taken).toBe(1)
  })

  it('a client that is not admitted is refused before its body has arrived', async () => {
    const { authenticator } = tokens()
    // Of which no time passes: nothing is given up.
    const clock = new FakeClock()
    const { connect, fastRoute } = await serveEdge({ authenticator, clock })

    const reply = await connect().write(withToken('other').subarray(0, -3)).response()

    expect(reply.status).toBe(401)
    expect(fastRoute.taken).toBe(0)
  })

  it('each request of a connection is authenticated by its own token', async () => {
    const { authenticator, denied } = tokens()
    const { connect, producer } = await serveEdge({ authenticator })
    const pushes = [withToken(TOKEN), withToken(TOKEN), withToken('kprf_gooe'), withToken(TOKEN)]

    const replies = await connect().write(Buffer.concat(pushes)).responses(Infinity)

    // The connection of a refused client ends.
    expect(statuses(replies)).toEqual([200, 200, 401])
    expect(denied).toEqual(['unknown_token'])
    expect(producer.records).toHaveLength(2)
  })

  it('a client with a limit for its requests in progress is left to Node, and limited', async () => {
    const { authenticator } = tokens(true)
    const counter = new InFlightCounter()
    counter.use([{ principals: ['shop'], requestsInFlight: 1 }])
    const limits = {
      has: (name: string) => name === 'shop',
      enter: (name: string) => counter.enter(name),
      leave: (name: string) => {
        counter.leave(name)
      },
    }
    const inFlight = new InFlightGate({ limits: () => limits, onDenied: () => undefined })
    const { connect, fastRoute, producer } = await serveEdge({ authenticator, inFlight })
    producer.holdDelivery()
    const body = pushBody({}, { wait_for_send: true })
    const push = rawPush(body, { Authorization: `Bearer ${TOKEN}` })
    const first = connect().write(push)
    await producer.admitted(1)

    const second = await connect().write(push).response()
    const ofAnother = connect().write(SYNC)
    await producer.admitted(2)
    producer.deliver()

    expect(second.status).toBe(429)
    expect(statuses([await first.response(), await ofAnother.response()])).toEqual([200, 200])
    expect(fastRoute.taken).toBe(1)
  })

  it('a push for another host is left to Node, and refused', async () => {
    const hosts = new AllowedHosts(['kprf.test'])
    const { connect, fastRoute, producer } = await serveEdge({}, {}, { hosts })

    const other = await connect()
      .write(rawPush(pushBody(), { Host: 'other.test' }))
      .response()
    const own = await connect().write(PUSH).response()

    expect(statuses([other, own])).toEqual([421, 200])
    expect(fastRoute.taken).toBe(1)
    expect(producer.records).toHaveLength(1)
  })

  it('the body of a client behind a proxy counts for that client', async () => {
    const clock = new FakeClock()
    const budget = createBodyBudget({ maxBodyBytes: MAX_BODY_BYTES, clock })
    const addresses: string[] = []
    const bodyBudget = Object.assign(Object.create(budget) as typeof budget, {
      open: (address: string) => {
        addresses.push(address)
        return budget.open(address)
      },
    })
    const proxies = new TrustedProxies(['127.0.0.1'])
    const { connect, fastRoute } = await serveEdge({ bodyBudget }, {}, { proxies })
    const client = connect()

    for (const address of ['203.0.113.5', '203.0.113.6']) {
      await client.write(rawPush(pushBody(), { 'X-Forwarded-For': address })).response()
    }

    expect(addresses).toEqual(['203.0.113.5', '203.0.113.6'])
    expect(fastRoute.taken).toBe(2)
  })

  it('a push is left to Node while kprf drains, and refused', async () => {
    const { connect, fastRoute, producer } = await serveEdge({ isDraining: () => true })

    const reply = await connect().write(PUSH).response()

    expect(reply.status).toBe(503)
    expect(reply.headers.get('retry-after')).toBeDefined()
    expect(reply.headers.get('connection')).toBe('close')
    expect(fastRoute.taken + producer.calls).toBe(0)
  })

  it('a push above the rate limit of its topic is refused with Retry-After', async () => {
    const clock = new FakeClock()
    const limiter = new RateLimiter([{ topicName: 'orders', maxRequestsPerMinute: 1 }])
    const { connect, metrics } = await serveEdge({
      rateLimits: rateLimitsOf(limiter, clock),
    })
    const client = connect()

    const replies = [await client.write(SYNC).response(), await client.write(SYNC).response()]

    expect(statuses(replies)).toEqual([200, 429])
    expect(replies[1]?.headers.get('retry-after')).toBeDefined()
    expect(metrics.pushes.map(({ status }) => status)).toEqual([200, 429])
  })

  it('a push that finds the queue full is refused with Retry-After', async () => {
    const { connect, fastRoute, producer, log } = await serveEdge()
    producer.refuseNext(1, deliveryError(RDKAFKA.queueFull))

    const reply = await connect().write(SYNC).response()

    expect(reply.status).toBe(503)
    expect(reply.headers.get('retry-after')).toBeDefined()
    expect(log.lines).toMatchObject([{ fields: { error_code: 50302 } }])
    expect(fastRoute.taken).toBe(1)
  })

  it('a bug is answered with 500, and the connection stays open', async () => {
    const { connect, producer, log } = await serveEdge()
    producer.failNextCall(new Error('a bug'))
    const client = connect()

    const replies = [await client.write(SYNC).response(), await client.write(SYNC).response()]

    expect(statuses(replies)).toEqual([500, 200])
    expect(log.lines).toMatchObject([{ level: 'error' }, {}])
  })

  it('a push is logged at level debug', async () => {
    const { connect, log, fastRoute } = await serveEdge()
    log.isDebug = true

    await connect()
      .write(rawPush(pushBody(), { 'X-Request-Id': 'mine' }))
      .response()

    expect(log.lines).toMatchObject([{ level: 'debug', fields: { request_id: 'mine' } }])
    expect(fastRoute.taken).toBe(1)
  })

  it('the reply to the last request of a connection says so, and no request behind it is served', async () => {
    const { connect, fastRoute, producer } = await serveEdge({}, { maxRequestsPerConnection: 2 })

    const client = connect().write(Buffer.concat([PUSH, PUSH, PUSH, PUSH]))
    const replies = await client.responses(Infinity)

    expect(replies.map(({ headers }) => headers.get('connection'))).toEqual(['keep-alive', 'close'])
    expect(client.errorCode).toBeUndefined()
    expect(producer.records).toHaveLength(2)
    expect(fastRoute.taken).toBe(3)
  })

  it('a client that leaves before its reply is counted as aborted', async () => {
    const { connect, metrics, producer } = await serveEdge()
    producer.holdDelivery()
    const client = connect().write(SYNC)
    await producer.admitted(1)

    client.abort()
    await metrics.until(() => metrics.clientErrors.length > 0)
    producer.deliver()
    await metrics.observed(1)

    expect(metrics.clientErrors).toEqual(['aborted'])
  })

  it('a client that leaves in the middle of a body is counted as aborted', async () => {
    const { connect, metrics, server } = await serveEdge()
    const client = connect().write(PUSH.subarray(0, -3))
    while (server.connectionCounts.active === 0) await connect().write(rawPush('{')).response()

    client.abort()
    await metrics.until(() => metrics.clientErrors.length > 0)

    expect(metrics.clientErrors).toEqual(['aborted'])
  })

  it('a connection in the middle of a body is not closed to make room for another', async () => {
    const { connect, metrics, server } = await serveEdge({}, { maxConnections: 1 })
    const client = connect().write(PUSH.subarray(0, -3))
    while (server.connectionCounts.active === 0) {
      await new Promise((resolve) => setImmediate(resolve))
    }

    await connect().closed()
    const reply = await client.write(PUSH.subarray(-3)).response()

    expect(metrics.dropped).toEqual(['limit'])
    expect(reply.status).toBe(200)
  })
})
