/**
 * What a client and an operator can tell of a push, on the fast way and without it: the same. Each case is played on a
 * server of either kind; the fuzzer (`npm run fuzz:edge`) plays what needs no clock, no limit and no shutdown.
 */
import { describe, expect, it, vi } from 'vitest'
import type { RequestSpan } from '../../../src/base/request-span.ts'
import { AllowedHosts } from '../../../src/http/access/allowed-hosts.ts'
import { Authenticator } from '../../../src/http/access/authenticator.ts'
import { TokenTable, tokenHash } from '../../../src/http/access/token-table.ts'
import { TrustedProxies } from '../../../src/http/access/trusted-proxies.ts'
import { JsonParser } from '../../../src/http/parse-json.ts'
import { RateLimiter } from '../../../src/ingest/rate-limiter.ts'
import { deliveryError, RDKAFKA } from '../../../src/producer/delivery-errors.ts'
import type { FakeClock } from '../../support/fake-clock.ts'
import { DEFAULT_SETTINGS, pushBody, rawPush, serveEdge } from '../../support/http-edge.ts'
import { rateLimitsOf } from '../../support/rate-limits.ts'
import type { RawClient } from '../../support/raw-client.ts'
import { all, playOn, replyOf, type Setting, type Stage, withoutNewIds } from './stage.ts'

const BODY = pushBody()
const PUSH = rawPush(BODY)
const HEAD = PUSH.subarray(0, -BODY.length)
const SYNC = rawPush(pushBody({}, { wait_for_send: true }))
/** A push with a reply of 2 KB. */
const OFFSETS = rawPush(
  JSON.stringify({
    records: Array<object>(25).fill({ topic: 'orders', data: 'a' }),
    ...{ wait_for_send: true, return_offsets: true },
  }),
)
/** A push to which the reply is known at once. */
const NOTHING = rawPush(JSON.stringify({ records: [] }))

interface Case {
  readonly fact: string
  readonly set?: (clock: FakeClock) => Setting
  readonly play: (stage: Stage) => Promise<unknown>
}

const repliesOf = async (client: RawClient, count: number): Promise<unknown> =>
  (await client.responses(count)).map(replyOf)

const ENDS: readonly Case[] = [
  {
    fact: 'the reply to a client that ended its side before it',
    play: async ({ connect, producer, server, quiet }) => {
      producer.holdDelivery()
      const client = connect().write(SYNC)
      await producer.admitted(1)
      client.end()
      await quiet()
      const counts = server.connectionCounts
      producer.deliver()
      await quiet()
      return { counts, ...(await all(client)) }
    },
  },
  {
    fact: 'a client that leaves while its push waits for delivery',
    play: async ({ connect, producer, server, metrics, until, quiet }) => {
      producer.holdDelivery()
      const client = connect().write(Buffer.concat([PUSH, SYNC]))
      await producer.admitted(2)
      client.abort()
      await until(() => metrics.clientErrors.length > 0)
      producer.deliver()
      await quiet()
      return server.connectionCounts
    },
  },
  {
    fact: 'a client that leaves in the middle of a body, behind a push that was answered',
    play: async ({ connect, server, metrics, until }) => {
      const client = connect().write(PUSH)
      await until(() => metrics.pushes.length === 1)
      await client.response()
      client.write(PUSH.subarray(0, -3))
      await until(() => server.connectionCounts.active === 1)
      client.abort()
      await until(() => metrics.clientErrors.length > 0)
      return server.connectionCounts
    },
  },
  {
    fact: 'a client that leaves in the middle of a body, behind a push that waits for delivery',
    play: async ({ connect, server, producer, metrics, until, quiet }) => {
      producer.holdDelivery()
      const client = connect().write(Buffer.concat([SYNC, PUSH.subarray(0, -3)]))
      await producer.admitted(1)
      await quiet()
      client.abort()
      await until(() => metrics.clientErrors.length > 0)
      producer.deliver()
      await quiet()
      return server.connectionCounts
    },
  },
  {
    fact: 'a client that ends its side in the middle of a body',
    play: async ({ connect, server, until, quiet }) => {
      const client = connect().write(Buffer.concat([PUSH, PUSH.subarray(0, -3)]))
      await until(() => server.connectionCounts.active === 1)
      client.end()
      await quiet()
      return all(client)
    },
  },
  {
    fact: 'the last request of a connection, and those behind it',
    set: () => ({ limits: { maxRequestsPerConnection: 3 } }),
    play: async ({ connect, quiet }) => {
      const client = connect().write(Buffer.concat([PUSH, SYNC, PUSH, PUSH, SYNC]))
      await quiet()
      return all(client)
    },
  },
  {
    fact: 'what comes behind a refusal that ends the connection',
    set: () => ({ overrides: { settings: { ...DEFAULT_SETTINGS, maxBodyBytes: 1_024 } } }),
    play: async ({ connect, quiet }) => {
      const large = pushBody({ data: 'a'.repeat(2_000) })
      const refused = rawPush(large, { Expect: '100-continue' })
      const client = connect().write(Buffer.concat([PUSH, refused, PUSH, SYNC]))
      await quiet()
      return all(client)
    },
  },
  {
    fact: 'a client that says which request is its last, and sends more',
    play: async ({ connect, producer, quiet }) => {
      producer.holdDelivery()
      const last = rawPush(pushBody({}, { wait_for_send: true }), { Connection: 'close' })
      const clients = [PUSH, HEAD, Buffer.from('\0\0\r\n\r\n'), Buffer.alloc(20_000)].map((more) =>
        connect().write(Buffer.concat([PUSH, last, more])),
      )
      await quiet()
      for (const client of clients) client.write(PUSH)
      await quiet()
      producer.deliver()
      await quiet()
      return Promise.all(clients.map(all))
    },
  },
  {
    fact: 'the limit for requests at once',
    set: () => ({ limits: { maxPipelinedRequests: 3 } }),
    play: async ({ connect, quiet }) => {
      const clients = [PUSH, NOTHING].map((third) =>
        connect().write(Buffer.concat([PUSH, SYNC, third, PUSH, SYNC])),
      )
      await quiet()
      return Promise.all(clients.map(all))
    },
  },
  {
    fact: 'the replies when each is the last of its connection',
    play: async ({ connect, server, metrics, until, quiet }) => {
      const client = connect().write(PUSH)
      await until(() => metrics.pushes.length === 1)
      await quiet()
      const retired = server.retire()
      client.write(Buffer.concat([PUSH, PUSH]))
      await quiet()
      const seen = await all(client)
      await retired
      return seen
    },
  },
  {
    fact: 'a client that reads its replies late, and always sends a part of the next push with the last ones',
    play: async ({ connect, metrics, holdReplies, until, quiet }) => {
      const client = connect().write(PUSH)
      await until(() => metrics.pushes.length === 1)
      await quiet()
      const release = holdReplies()
      const [head, body] = [OFFSETS.subarray(0, -10), OFFSETS.subarray(-10)]
      for (let part = 0; part < 8; part += 1) {
        const rest = part === 0 ? [] : [body]
        client.write(Buffer.concat([...rest, ...Array<Buffer>(30).fill(OFFSETS), head]))
        await quiet()
      }
      const taken = metrics.pushes.length
      release()
      client.write(body).end()
      while (!client.isOver) await quiet()
      return { isPaused: taken < 100, ...(await all(client)) }
    },
  },
  {
    fact: 'a client that does not read its replies',
    set: () => ({ limits: { stalledReaderTimeoutMs: 3_000 } }),
    play: async ({ connect, clock, metrics, holdReplies, until, quiet }) => {
      const client = connect().write(PUSH)
      await until(() => metrics.pushes.length === 1)
      await quiet()
      holdReplies()
      client.write(Buffer.concat([PUSH, SYNC, HEAD]))
      await until(() => metrics.pushes.length === 3)
      for (let second = 0; second < 6; second += 1) await clock.advance(1_000)
      await client.closed()
      return metrics.clientErrors
    },
  },
]

const TIMES: readonly Case[] = [
  {
    fact: 'how long a push took whose body came late',
    play: async ({ connect, server, clock, metrics, until }) => {
      const client = connect().write(HEAD)
      await until(() => server.connectionCounts.active === 1)
      await clock.advance(700)
      client.write(BODY)
      await until(() => metrics.pushes.length === 1)
      // The next one has times of its own.
      client.write(PUSH)
      await until(() => metrics.pushes.length === 2)
      return repliesOf(client, 2)
    },
  },
  {
    fact: 'how long a push took whose body came so late that Node reads it',
    play: async ({ connect, server, clock, metrics, until }) => {
      const client = connect().write(PUSH)
      await until(() => metrics.pushes.length === 1)
      client.write(HEAD)
      await until(() => server.connectionCounts.active === 1)
      await clock.advance(5_500)
      client.write(BODY)
      await until(() => metrics.pushes.length === 2)
      client.write(PUSH)
      await until(() => metrics.pushes.length === 3)
      return repliesOf(client, 3)
    },
  },
  {
    fact: 'a push in progress while its body comes',
    play: async ({ connect, server, metrics, until }) => {
      const client = connect().write(PUSH)
      await until(() => metrics.pushes.length === 1)
      client.write(HEAD)
      await until(() => server.connectionCounts.active === 1)
      const { inFlight } = metrics.requests
      client.write(BODY)
      await until(() => metrics.pushes.length === 2)
      return inFlight
    },
  },
]

/** Pushes that leave no room for another in this turn of the event loop, which lasts until the time is advanced. */
const FULL = [90, 90, 90, 90, 90, 39].map((count) => Buffer.concat(Array<Buffer>(count).fill(PUSH)))
const FULL_RECORDS = 489

const SPREAD: readonly Case[] = [
  {
    fact: 'a push that waits for its turn, how long it takes, and that it makes no room for another connection',
    set: () => ({ limits: { maxConnections: FULL.length + 1 } }),
    play: async (stage) => {
      const { connect, metrics, clock, quiet } = stage
      const { waiting } = await fillTurn(stage)
      const { inFlight } = metrics.requests
      const other = connect()
      await turns()
      const dropped = [...metrics.dropped]
      await clock.advance(400)
      await quiet()
      return {
        inFlight,
        dropped,
        waiting: await repliesOf(waiting, 1),
        other: await other.closed(),
      }
    },
  },
  {
    fact: 'a push that waits for its turn when kprf stops',
    set: () => ({ limits: { lastRequestMs: 0 } }),
    play: async (stage) => {
      const { server, quiet } = stage
      const { waiting, others } = await fillTurn(stage)
      const stopped = server.stopAccepting()
      await quiet()
      for (const client of [waiting, ...others]) client.end()
      await quiet()
      await stopped
      return repliesOf(waiting, Infinity)
    },
  },
  {
    fact: 'a push that waits for its turn when its client leaves, and one behind it',
    play: async (stage) => {
      const { metrics, quiet } = stage
      const { waiting } = await fillTurn(stage, Buffer.concat([SYNC, PUSH]))
      waiting.abort()
      while (metrics.clientErrors.length === 0) await turns()
      await quiet()
      return metrics.clientErrors
    },
  },
]

/** Sends as much as may be done in one turn, and then what has to wait. */
async function fillTurn(
  { connect, producer }: Stage,
  late: Buffer = SYNC,
): Promise<{ readonly waiting: RawClient; readonly others: readonly RawClient[] }> {
  const others = FULL.map((pushes) => connect().write(pushes))
  while (producer.records.length < FULL_RECORDS) await turns()
  const waiting = connect().write(late)
  await turns()
  expect(producer.records).toHaveLength(FULL_RECORDS)
  return { waiting, others }
}

/** Lets the server read, while the time stands still and nothing that is due is done. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 25; turn += 1) {
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
}

const withHeaders = (headers: Record<string, string>): Buffer => rawPush(BODY, headers)
const TOKEN = 'kprf_shop'
const OTHER_TOKEN = 'kprf_shoq'
const WITH_TOKEN = withHeaders({ Authorization: `Bearer ${TOKEN}` })

function tokenTable(...tokens: readonly string[]): TokenTable {
  return new TokenTable(tokens.map((token) => ({ principal: token, sha256: tokenHash(token) })))
}

function authenticator(table: TokenTable, allowsAnonymous: boolean): Authenticator {
  return new Authenticator({ tokens: table, allowsAnonymous, onDenied: () => undefined })
}

/** Sends one push after another on one connection. */
async function oneByOne(
  { connect, metrics, until, quiet }: Stage,
  pushes: readonly Buffer[],
): Promise<object> {
  const client = connect()
  for (const push of pushes) {
    const before = metrics.pushes.length
    client.write(push)
    await until(() => metrics.pushes.length > before || client.isOver)
  }
  await quiet()
  client.end()
  await quiet()
  return all(client)
}

const ACCESS: readonly Case[] = [
  {
    fact: 'tokens that are turned on while a connection is open, and taken away again',
    set: () => ({ overrides: { authenticator: authenticator(tokenTable(), true) } }),
    play: async ({ connect, metrics, overrides, until, quiet }) => {
      const access = overrides.authenticator as Authenticator
      const client = connect().write(PUSH)
      await until(() => metrics.pushes.length === 1)
      access.use({ tokens: tokenTable(TOKEN), allowsAnonymous: false })
      client.write(PUSH)
      await until(() => metrics.pushes.length === 2)
      await quiet()
      const other = connect().write(WITH_TOKEN)
      await until(() => metrics.pushes.length === 3)
      access.use({ tokens: tokenTable(), allowsAnonymous: false })
      other.write(WITH_TOKEN)
      await until(() => metrics.pushes.length === 4)
      await quiet()
      return [await all(client), await all(other)]
    },
  },
  {
    fact: 'a token that is taken away while the body of a push comes',
    set: () => ({ overrides: { authenticator: authenticator(tokenTable(TOKEN), false) } }),
    play: async ({ connect, server, metrics, overrides, until, quiet }) => {
      const client = connect().write(WITH_TOKEN)
      await until(() => metrics.pushes.length === 1)
      client.write(WITH_TOKEN.subarray(0, -BODY.length))
      await until(() => server.connectionCounts.active === 1)
      await quiet()
      client.write(BODY)
      await until(() => metrics.pushes.length === 2)
      const access = overrides.authenticator as Authenticator
      access.use({ tokens: tokenTable(), allowsAnonymous: false })
      client.write(WITH_TOKEN)
      await until(() => metrics.pushes.length === 3)
      await quiet()
      return all(client)
    },
  },
  {
    fact: 'whose token each push of a connection has',
    set: () => ({
      overrides: { authenticator: authenticator(tokenTable(TOKEN, OTHER_TOKEN), true) },
    }),
    play: (stage) =>
      oneByOne(stage, [
        ...[WITH_TOKEN, withHeaders({ Authorization: `Bearer ${OTHER_TOKEN}` }), PUSH, WITH_TOKEN],
        withHeaders({ Authorization: 'Bearer kprf_shor' }),
      ]),
  },
  {
    fact: 'the client behind a proxy, although the heads of its pushes differ in nothing else',
    set: () => ({ origin: { proxies: new TrustedProxies(['127.0.0.1']) } }),
    play: (stage) =>
      oneByOne(stage, [
        ...['203.0.113.5', '203.0.113.6', '203.0.113.5, 127.0.0.1', 'nobody', '2001:db8::1'].map(
          (address) => withHeaders({ 'X-Forwarded-For': address }),
        ),
        PUSH,
      ]),
  },
  {
    fact: 'the host of each push',
    set: () => ({ origin: { hosts: new AllowedHosts(['kprf.test']) } }),
    play: (stage) => oneByOne(stage, [PUSH, PUSH, withHeaders({ Host: 'kprf.tesu' })]),
  },
  {
    fact: 'the id of each push',
    play: (stage) =>
      oneByOne(
        stage,
        ['one', 'two', 'not one', 'x'.repeat(64), 'x'.repeat(65)].map((id) =>
          withHeaders({ 'X-Request-Id': id }),
        ),
      ),
  },
  {
    fact: 'pushes before and after kprf begins to drain',
    set: () => {
      let asked = 0
      return { overrides: { isDraining: () => (asked += 1) > 3 } }
    },
    play: async (stage) => {
      const { replies } = (await oneByOne(stage, [PUSH])) as { readonly replies: unknown }
      return replies
    },
  },
]

const TRACE = `00-${'a1'.repeat(16)}-${'b2'.repeat(8)}-0`

const OUTCOMES: readonly Case[] = [
  {
    fact: 'a push above the rate limit of its topic',
    set: (clock) => ({
      overrides: {
        rateLimits: rateLimitsOf(
          new RateLimiter([{ topicName: 'orders', maxRequestsPerMinute: 2 }]),
          clock,
        ),
      },
    }),
    play: (stage) => oneByOne(stage, [PUSH, SYNC, PUSH, SYNC]),
  },
  {
    fact: 'a push that finds the queue full, or of which a record is lost',
    play: (stage) => {
      const { producer } = stage
      producer.refuseNext(2, deliveryError(RDKAFKA.queueFull))
      const error = deliveryError(RDKAFKA.messageTimedOut)
      producer.reportNth(3, { status: 'notPersisted', topic: 'orders', error })
      producer.reportNth(4, { status: 'possiblyPersisted', topic: 'orders', error })
      return oneByOne(stage, [PUSH, SYNC, SYNC, SYNC, SYNC])
    },
  },
  {
    fact: 'a push on which a bug shows, in the producer or in what reads the body',
    play: async ({ connect, producer, metrics, until, quiet }) => {
      producer.failNextCall(new Error('a bug'))
      const client = connect().write(PUSH)
      await until(() => metrics.pushes.length === 1)
      client.write(PUSH)
      await until(() => metrics.pushes.length === 2)
      const spy = vi.spyOn(JsonParser.prototype, 'parse').mockImplementation(() => {
        throw new RangeError('another bug')
      })
      client.write(PUSH)
      await until(() => metrics.pushes.length === 3)
      spy.mockRestore()
      client.write(PUSH).end()
      await quiet()
      return all(client)
    },
  },
  {
    fact: 'the trace of a push, and its span',
    set: () => {
      const spans: RequestSpan[] = []
      const settings = { ...DEFAULT_SETTINGS, propagateTrace: true }
      const spanRecorder = { spans, record: (span: RequestSpan) => spans.push(span) }
      return { overrides: { settings, spanRecorder } }
    },
    play: async (stage) => {
      const replies = await oneByOne(stage, [
        ...[`${TRACE}1`, `${TRACE}0`, 'none'].map((traceparent) => withHeaders({ traceparent })),
        withHeaders({ traceparent: `${TRACE}1`, tracestate: 'a=b' }),
      ])
      const { spans } = stage.overrides.spanRecorder as unknown as { spans: RequestSpan[] }
      return { replies, spans: spans.map((span) => withoutNewIds({ ...span, requestId: '' })) }
    },
  },
]

describe.each([
  ['the end of a connection', ENDS],
  ['times', TIMES],
  ['turns', SPREAD],
  ['who sent a push', ACCESS],
  ['what becomes of a push', OUTCOMES],
])('the fast way and the plain one agree on %s:', (_, cases) => {
  it.each(cases)('$fact', async ({ set = () => ({}), play }) => {
    const [fast, isFast] = await playOn(false, set, play)
    const [plain, isPlainFast] = await playOn(true, set, play)

    expect(fast).toEqual(plain)
    expect([isFast, isPlainFast]).toEqual([true, false])
  })
})

it.each([
  ['the fast way', false],
  ['the plain one', true],
])('an idle connection is closed without a word on %s', async (_, isPlain) => {
  const limits = { keepAliveTimeoutMs: 10, timeoutCheckIntervalMs: 10 }
  const { connect, fastRoute, metrics, log } = await serveEdge({}, limits, { isPlain })
  const client = connect().write(PUSH)
  await client.response()

  await client.closed()

  expect(metrics.dropped).toEqual([])
  expect(log.lines).toEqual([])
  expect(fastRoute.taken).toBe(isPlain ? 0 : 1)
})
