/**
 * What a client and an operator can tell of a push, on the fast way and without it: the same. Each case is played on a
 * server of either kind; the fuzzer (`npm run fuzz:edge`) plays what needs no clock, no limit and no shutdown.
 */
import { describe, expect, it } from 'vitest'
import { Authenticator } from '../../../src/http/access/authenticator.ts'
import { TokenTable, tokenHash } from '../../../src/http/access/token-table.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import {
  pushBody,
  rawPush,
  serveEdge,
  type ServedEdge,
  type ServedEdgeOptions,
} from '../../support/http-edge.ts'
import type { RawClient, RawResponse } from '../../support/raw-client.ts'

const BODY = pushBody()
const PUSH = rawPush(BODY)
const HEAD = PUSH.subarray(0, -BODY.length)
const SYNC = rawPush(pushBody({}, { wait_for_send: true }))

type Overrides = NonNullable<Parameters<typeof serveEdge>[0]>
type Limits = NonNullable<Parameters<typeof serveEdge>[1]>

/** How one server is set up. The objects of one must not be those of the other. */
interface Setting {
  readonly overrides?: Overrides
  readonly limits?: Limits
  readonly origin?: Omit<ServedEdgeOptions, 'isPlain'>
}

/** What a case is played on. The time stands still unless it is advanced. */
interface Stage extends ServedEdge {
  /** That of the setting. */
  readonly overrides: Overrides
  readonly clock: FakeClock
  /** Waits for something that the server does without any more time. */
  readonly until: (isTrue: () => boolean) => Promise<void>
  /** Lets the server do all that it has to do at this time. */
  readonly quiet: () => Promise<void>
}

/** What is seen of a case: its own findings, and what the server tells an operator. */
interface Seen {
  readonly found: unknown
  readonly records: unknown
  readonly told: unknown
}

/** Plays a case on one server. @returns also whether a push was served on the fast way. */
async function playOn(
  isPlain: boolean,
  set: (clock: FakeClock) => Setting,
  play: (stage: Stage) => Promise<unknown>,
): Promise<readonly [seen: Seen, isFast: boolean]> {
  const clock = new FakeClock()
  const { overrides, limits, origin } = set(clock)
  const served = await serveEdge({ clock, ...overrides }, limits, { ...origin, isPlain })
  served.log.isDebug = true
  const until = async (isTrue: () => boolean): Promise<void> => {
    while (!isTrue()) await clock.advance(0)
  }
  const quiet = async (): Promise<void> => {
    for (let turn = 0; turn < 25; turn += 1) await clock.advance(0)
  }
  const found = await play({ ...served, overrides: overrides ?? {}, clock, until, quiet })
  await quiet()
  const { producer, metrics, log, fastRoute } = served
  const { answers, bodies, inFlight } = metrics.requests
  const records = producer.records.map(({ topic, key, value, headers }) => {
    const [keyText, valueText] = [key, value].map((bytes) => bytes?.toString())
    return [topic, keyText, valueText, headers]
  })
  const told = {
    ...{ pushes: metrics.pushes, clientErrors: metrics.clientErrors, dropped: metrics.dropped },
    ...{ received: metrics.received, invalid: metrics.invalid, limited: metrics.rateLimited },
    ...{ answers, bodies, inFlight, lines: log.lines.map(withoutId) },
  }
  return [{ found, records, told }, fastRoute.taken > 0]
}

/** Ids that kprf makes differ from one request to the next. */
function withoutId({ level, msg, fields }: ServedEdge['log']['lines'][number]): unknown {
  const { request_id: id, error, ...others } = fields ?? {}
  const isOwn = typeof id === 'string' && id.length < 20
  return { level, msg, ...others, error: String(error), ...(isOwn && { id }) }
}

const replyOf = ({ status, headers, body }: RawResponse): unknown => ({
  status,
  body: body.replace(UUID, 'ID'),
  headers: [...headers].map(([name, value]) =>
    name === 'date' ? [name] : [name, value.replace(UUID, 'ID')],
  ),
})
const UUID = /[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[\da-f]{4}-[\da-f]{12}/g

/** All that a client got, once the server has closed its side. */
async function all(client: RawClient): Promise<unknown> {
  const replies = await client.responses(Infinity)
  return { replies: replies.map(replyOf), rest: await client.closed(), code: client.errorCode }
}

interface Case {
  readonly fact: string
  readonly set?: (clock: FakeClock) => Setting
  readonly play: (stage: Stage) => Promise<unknown>
}

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
      return { counts, ...((await all(client)) as object) }
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
    fact: 'a client that ends its side in the middle of a body',
    play: async ({ connect, server, until, quiet }) => {
      const client = connect().write(Buffer.concat([PUSH, PUSH.subarray(0, -3)]))
      await until(() => server.connectionCounts.active === 1)
      client.end()
      await quiet()
      return all(client)
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
      return (await client.responses(2)).map(replyOf)
    },
  },
  {
    fact: 'a push in progress while its body comes',
    play: async ({ connect, server, metrics, until, quiet }) => {
      const client = connect().write(PUSH)
      await until(() => metrics.pushes.length === 1)
      client.write(HEAD)
      await until(() => server.connectionCounts.active === 1)
      const { inFlight } = metrics.requests
      client.write(BODY)
      await quiet()
      return { inFlight, after: metrics.requests.inFlight }
    },
  },
]

const CREDENTIALS: readonly Case[] = [
  {
    fact: 'tokens that are turned on while a connection is open, and taken away again',
    set: () => ({
      overrides: {
        authenticator: new Authenticator({
          tokens: new TokenTable([]),
          allowsAnonymous: true,
          onDenied: () => undefined,
        }),
      },
    }),
    play: async ({ connect, metrics, overrides, until, quiet }) => {
      const authenticator = overrides.authenticator as Authenticator
      const client = connect().write(PUSH)
      await until(() => metrics.pushes.length === 1)
      const tokens = new TokenTable([{ principal: 'shop', sha256: tokenHash('kprf_shop') }])
      authenticator.use({ tokens, allowsAnonymous: false })
      client.write(PUSH)
      await until(() => metrics.pushes.length === 2)
      await quiet()
      const other = connect().write(rawPush(BODY, { Authorization: 'Bearer kprf_shop' }))
      await until(() => metrics.pushes.length === 3)
      authenticator.use({ tokens: new TokenTable([]), allowsAnonymous: false })
      other.write(rawPush(BODY, { Authorization: 'Bearer kprf_shop' }))
      await until(() => metrics.pushes.length === 4)
      await quiet()
      return [await all(client), await all(other)]
    },
  },
]

describe.each([
  ['the end of a connection', ENDS],
  ['times', TIMES],
  ['who sent a push', CREDENTIALS],
])('the fast way and the plain one agree on %s:', (_, cases) => {
  it.each(cases)('$fact', async ({ set = () => ({}), play }) => {
    const [fast, isFast] = await playOn(false, set, play)
    const [plain, isPlainFast] = await playOn(true, set, play)

    expect(fast).toEqual(plain)
    expect([isFast, isPlainFast]).toEqual([true, false])
  })
})
