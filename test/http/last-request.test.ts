import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, expect, it, onTestFinished } from 'vitest'
import { FOR_NODE, pushBody, rawPush, serveEdge } from '../support/http-edge.ts'

const HOST = 'Host: h\r\n'
const JSON_TYPE = 'Content-Type: application/json\r\n'
const XML_TYPE = 'Content-Type: text/xml\r\n'
const BEHIND = 20
const LARGE = 'x'.repeat(100_000)
const CHUNKED = `Transfer-Encoding: chunked\r\n\r\n186a0\r\n${LARGE}\r\n0\r\n\r\n`
const behind = Buffer.concat(Array.from({ length: BEHIND }, () => rawPush(pushBody())))
const sized = (body: string): string => `Content-Length: ${body.length}\r\n\r\n${body}`

interface Case {
  readonly fact: string
  readonly request: string
  readonly status: number
  /** Records that the request itself has. */
  readonly records?: number
}

const REFUSED: readonly Case[] = [
  {
    fact: '404 with a large body',
    request: `POST /x HTTP/1.1\r\n${HOST}${sized(LARGE)}`,
    status: 404,
  },
  {
    fact: '404 with a chunked body',
    request: `POST /x HTTP/1.1\r\n${HOST}${CHUNKED}`,
    status: 404,
  },
  {
    fact: '405 with a large body',
    request: `PUT /push HTTP/1.1\r\n${HOST}${sized(LARGE)}`,
    status: 405,
  },
  { fact: '405 for CONNECT', request: `CONNECT h:80 HTTP/1.1\r\n${HOST}\r\n`, status: 405 },
  {
    fact: '413',
    request: `POST /push HTTP/1.1\r\n${HOST}${JSON_TYPE}${sized(LARGE)}`,
    status: 413,
  },
  {
    fact: '413 with a chunked body',
    request: `POST /push HTTP/1.1\r\n${HOST}${JSON_TYPE}${CHUNKED}`,
    status: 413,
  },
  {
    fact: '415 with a large body',
    request: `POST /push HTTP/1.1\r\n${HOST}${XML_TYPE}${sized(LARGE)}`,
    status: 415,
  },
  {
    fact: '415 with a chunked body',
    request: `POST /push HTTP/1.1\r\n${HOST}${XML_TYPE}${CHUNKED}`,
    status: 415,
  },
  {
    fact: '415 before 100 Continue',
    request: `POST /push HTTP/1.1\r\n${HOST}${XML_TYPE}Expect: 100-continue\r\nContent-Length: 0\r\n\r\n`,
    status: 415,
  },
  {
    fact: '417',
    request: `POST /push HTTP/1.1\r\n${HOST}Expect: x\r\n${sized('{}')}`,
    status: 417,
  },
  { fact: '421', request: `POST http://o/push HTTP/1.1\r\n${HOST}${sized('{}')}`, status: 421 },
  { fact: '431', request: `GET / HTTP/1.1\r\n${HOST}${'A: b\r\n'.repeat(120)}\r\n`, status: 431 },
  {
    fact: '501',
    request: `POST /push HTTP/1.1\r\n${HOST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    status: 501,
  },
  { fact: '505', request: `GET / HTTP/2.0\r\n${HOST}\r\n`, status: 505 },
  { fact: '400 for two Hosts', request: `GET / HTTP/1.1\r\n${HOST}${HOST}\r\n`, status: 400 },
  { fact: '400 for what is not HTTP', request: 'nonsense\r\n\r\n', status: 400 },
  {
    fact: '400 for a body that goes wrong',
    request: `POST /push HTTP/1.1\r\n${HOST}${JSON_TYPE}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
    status: 400,
  },
]

const SERVED: readonly Case[] = [
  {
    fact: 'a push that says Connection: close',
    request: rawPush(pushBody(), { Connection: 'close' }).toString(),
    status: 200,
    records: 1,
  },
  {
    fact: 'a push of HTTP/1.0',
    request: `POST /push HTTP/1.0\r\n${JSON_TYPE}${sized(pushBody())}`,
    status: 200,
    records: 1,
  },
  {
    fact: 'OPTIONS of HTTP/1.0, though it asks to keep the connection',
    request: 'OPTIONS /push HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
    status: 204,
  },
  {
    fact: 'a push that asks for WebSocket',
    request: rawPush(pushBody(), { Connection: 'Upgrade', Upgrade: 'websocket' }).toString(),
    status: 200,
    records: 1,
  },
  {
    fact: 'a chunked push that offers HTTP/2',
    request:
      `POST /push HTTP/1.1\r\n${HOST}${JSON_TYPE}Connection: Upgrade\r\nUpgrade: h2c\r\n` +
      `Transfer-Encoding: chunked\r\n\r\n${pushBody().length.toString(16)}\r\n${pushBody()}\r\n0\r\n\r\n`,
    status: 200,
    records: 1,
  },
]

describe('nothing is served after', () => {
  it.each([...REFUSED, ...SERVED])('$fact', async ({ request, status, records = 0 }) => {
    const { connect, producer } = await serveEdge()
    const client = connect().write(Buffer.concat([Buffer.from(request), behind]))

    const replies = await client.responses(Infinity)
    const rest = await client.closed()

    expect(replies.map((reply) => reply.status)).toEqual([status])
    expect(replies[0]?.headers.get('connection')).toBe('close')
    expect(rest).toBe('')
    expect(producer.records).toHaveLength(records)
  })

  it.each([...REFUSED, ...SERVED])(
    '$fact, when it comes later and byte for byte',
    async ({ request, status, records = 0 }) => {
      const { connect, producer } = await serveEdge()
      producer.holdDelivery()
      // On the fast way, the next request would wait for its reply.
      const first = rawPush(pushBody({}, { wait_for_send: true }), FOR_NODE)
      const client = connect().write(first)
      await producer.admitted(1)

      client.write(request)
      for (let n = 0; n < 3; n += 1) {
        await connect().write(rawPush('{')).response()
        client.write(behind)
      }
      await connect().write(rawPush('{')).response()
      producer.deliver()
      const replies = await client.responses(Infinity)

      expect(replies.map((reply) => reply.status)).toEqual([200, status])
      expect(producer.records).toHaveLength(1 + records)
    },
  )

  it("a draining server's refusal", async () => {
    const { connect, metrics } = await serveEdge({ isDraining: () => true })
    const client = connect().write(Buffer.concat([rawPush(pushBody()), behind]))

    const replies = await client.responses(Infinity)

    expect(replies.map(({ status }) => status)).toEqual([503])
    expect(metrics.pushes).toHaveLength(1)
  })
})

describe('a push that offers HTTP/2', () => {
  const offer = rawPush(pushBody(), { Connection: 'Upgrade', Upgrade: 'h2c' })

  it('keeps its connection, and so does the next one', async () => {
    const { connect, producer } = await serveEdge()
    const client = connect()

    const replies = []
    for (let n = 0; n < 3; n += 1) replies.push(await client.write(offer).response())

    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(replies.map(({ headers }) => headers.get('connection'))).toEqual(
      Array.from({ length: 3 }, () => 'keep-alive'),
    )
    expect(producer.records).toHaveLength(3)
  })

  it('is answered, and its connection closed, when anything comes with it', async () => {
    const { connect, producer } = await serveEdge()
    const client = connect().write(Buffer.concat([offer, behind]))

    const replies = await client.responses(Infinity)
    await client.closed()

    expect(replies.map(({ status }) => status)).toEqual([200])
    expect(producer.records).toHaveLength(1)
  })

  it('gets the only reply if other requests arrive before it', async () => {
    const { connect, producer } = await serveEdge()
    producer.holdDelivery()
    const sync = rawPush(pushBody({}, { wait_for_send: true }), {
      Upgrade: 'h2c',
      Connection: 'Upgrade',
    })
    const client = connect().write(sync)
    await producer.admitted(1)

    client.write(behind)
    await connect().write(rawPush('{')).response()
    producer.deliver()
    const replies = await client.responses(Infinity)

    expect(replies.map(({ status }) => status)).toEqual([200])
    expect(producer.records).toHaveLength(1)
  })
})

describe('bytes that are no HTTP, with an offer of HTTP/2', () => {
  const head = `POST /x HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: h2c\r\n${sized('{}')}`
  const lateReply = rawPush(pushBody({}, { wait_for_send: true }), {
    Upgrade: 'h2c',
    Connection: 'Upgrade',
  })

  it('get no reply, if that of the offer is sent at once', async () => {
    const { connect, metrics } = await serveEdge()
    const client = connect().write(`${head}POST / HTTP/1.1\r\n"X": a\r\n\r\n`)

    const replies = await client.responses(Infinity)
    await client.closed()

    expect(replies.map(({ status }) => status)).toEqual([404])
    expect(metrics.clientErrors).toEqual([])
  })

  it('get no reply, if that of the offer has to wait', async () => {
    const { connect, metrics, producer } = await serveEdge()
    producer.holdDelivery()
    const client = connect().write(`${String(lateReply)}POST / HTTP/1.1\r\n"X": a\r\n\r\n`)
    await producer.admitted(1)
    await connect().write(rawPush('{')).response()
    producer.deliver()

    const replies = await client.responses(Infinity)
    await client.closed()

    expect(replies.map(({ status }) => status)).toEqual([200])
    expect(metrics.clientErrors).toEqual([])
  })
})

describe('a client that sends more after its last request', () => {
  it('gets its reply, though it reads only after it has sent megabytes', async () => {
    const { connect, producer } = await serveEdge()
    const flood = Buffer.concat(Array.from({ length: 20_000 }, () => rawPush(pushBody())))
    const client = connect()
      .pause()
      .write(rawPush(pushBody(), { Connection: 'close' }))
      .write(flood)

    await producer.admitted(1)
    const replies = await client.resume().responses(1)

    expect(replies.map(({ status }) => status)).toEqual([200])
    expect(producer.records).toHaveLength(1)
  })

  it('has at most one of its further requests parsed', async () => {
    const { connect } = await serveEdge()
    const parsed = countRequests()
    const tiny = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'
    const client = connect().write(`POST /x HTTP/1.1\r\n${HOST}${CHUNKED}${tiny.repeat(2000)}`)

    await client.responses(Infinity)

    expect(parsed()).toBe(2)
  })
})

describe('a client that sends many requests at once', () => {
  it('gets replies up to the limit, and none beyond it', async () => {
    const { connect, metrics, producer, log } = await serveEdge({}, { maxPipelinedRequests: 8 })
    const client = connect().write(behind)

    const replies = await client.responses(Infinity)
    await client.closed()

    expect(replies.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200))
    expect(producer.records).toHaveLength(8)
    expect(metrics.clientErrors).toEqual(['pipelined'])
    expect(log.lines).toMatchObject([{ fields: { address: '127.0.0.1', code: 'pipelined' } }])
  })

  it('has one more request parsed (two by the parser of older Node.js)', async () => {
    const { connect } = await serveEdge({}, { maxPipelinedRequests: 8 })
    const parsed = countRequests()
    const tiny = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'

    await connect().write(tiny.repeat(2000)).responses(Infinity)

    const isOlder = Number(process.versions.node.split('.', 1)[0]) < 26
    expect(parsed()).toBeGreaterThanOrEqual(9)
    expect(parsed()).toBeLessThanOrEqual(isOlder ? 10 : 9)
  })

  it('has a lower limit in a busy turn of the event loop', async () => {
    const limits = { maxPipelinedRequestsWhenCrowded: 2, crowdedTurnRequests: 5 }
    const { connect, metrics } = await serveEdge({}, limits)

    const replies = await connect().write(behind).responses(Infinity)

    expect(replies.map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => 200))
    expect(metrics.clientErrors).toEqual(['pipelined'])
  })

  it('may continue while it reads the replies', async () => {
    const { connect, producer } = await serveEdge({}, { maxPipelinedRequests: 8 })
    const client = connect()

    for (let n = 0; n < 5; n += 1) {
      client.write(Buffer.concat(Array.from({ length: 8 }, () => rawPush(pushBody()))))
      for (let reply = 0; reply < 8; reply += 1) await client.response()
    }

    expect(producer.records).toHaveLength(40)
  })
})

/** Counts the requests that Node's parser makes of what comes. */
function countRequests(): () => number {
  let requests = 0
  const count = (): void => {
    requests += 1
  }
  subscribe('http.server.request.start', count)
  onTestFinished(() => void unsubscribe('http.server.request.start', count))
  return () => requests
}
