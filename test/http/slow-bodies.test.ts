import { describe, expect, it } from 'vitest'
import { FakeClock } from '../support/fake-clock.ts'
import { parseReply, pushBody, rawPush, serveEdge, type ServedEdge } from '../support/http-edge.ts'
import type { RawClient } from '../support/raw-client.ts'

const HEAD = 'Host: h\r\nContent-Type: application/json\r\n'
const CHUNKED = 'Transfer-Encoding: chunked\r\n\r\n'
/** Requests that get a reply after their head, before their body. */
const REFUSED = [
  { fact: 'for its path', request: `POST /x HTTP/1.1\r\n${HEAD}${CHUNKED}1\r\nx\r\n`, status: 404 },
  {
    fact: 'for its method',
    request: `PUT /push HTTP/1.1\r\n${HEAD}Content-Length: 100000\r\n\r\nx`,
    status: 405,
  },
  {
    fact: 'for its type',
    request: `POST /push HTTP/1.1\r\nHost: h\r\nContent-Type: text/xml\r\n${CHUNKED}1\r\nx\r\n`,
    status: 415,
  },
  {
    fact: 'for its head',
    request: `POST /push HTTP/1.1\r\nHost: i\r\n${HEAD}${CHUNKED}1\r\nx\r\n`,
    status: 400,
  },
  {
    fact: 'with a body so small that the connection was to be kept',
    request: `POST /x HTTP/1.1\r\n${HEAD}Content-Length: 9\r\n\r\nx`,
    status: 404,
  },
]
const SLOW = `POST /push HTTP/1.1\r\n${HEAD}Content-Length: 100\r\n\r\n{`

interface Served extends ServedEdge {
  readonly clock: FakeClock
  /** Sends the beginnings of requests; resolves when the server has them. */
  readonly begin: (request: string, count?: number) => Promise<readonly RawClient[]>
}

async function serve(): Promise<Served> {
  const clock = new FakeClock()
  const edge = await serveEdge({ clock })
  const begin = async (request: string, count = 1): Promise<readonly RawClient[]> => {
    const clients = Array.from({ length: count }, () => edge.connect().write(request))
    const isThere = (): boolean => edge.server.connectionCounts.active === count
    while (!isThere()) await clock.advance(0)
    return clients
  }
  return { ...edge, clock, begin }
}

describe('a body', () => {
  it('is given up 30 s after its head, and not earlier, however often a byte of it comes', async () => {
    const { begin, clock, metrics } = await serve()
    const [client] = await begin(SLOW)

    for (let second = 0; second < 29; second += 1) {
      client?.write(' ')
      await clock.advance(1000)
    }
    const refusedBefore = metrics.clientErrors.length
    await clock.advance(2000)
    const reply = await client?.response()
    await client?.closed()
    await metrics.observed(1)

    expect(refusedBefore).toBe(0)
    expect(reply?.status).toBe(408)
    expect(parseReply(reply ?? { body: '' })).toMatchObject({ status: 'error', error_code: 40800 })
    expect(metrics.clientErrors).toEqual(['request_timeout'])
    expect(metrics.pushes).toMatchObject([{ mode: 'async', status: 408 }])
  })

  it('takes no timer of its own, and a thousand late ones are given up together', async () => {
    const { begin, clock } = await serve()
    const timersBefore = clock.timers

    const clients = await begin(SLOW, 1000)
    const timers = clock.timers
    await clock.advance(31_000)
    const replies = await Promise.all(clients.map((client) => client.response()))

    expect(timers - timersBefore).toBeLessThanOrEqual(1)
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([408]))
  })

  it('has 30 s of its own after an earlier push that waited for long', async () => {
    const { clock, connect, producer, metrics } = await serve()
    producer.holdDelivery()
    const client = connect().write(rawPush(pushBody({}, { wait_for_send: true })))
    while (producer.calls === 0) await clock.advance(0)
    await clock.advance(60_000)

    client.write(SLOW)
    await clock.advance(29_000)
    const refusedBefore = [...metrics.clientErrors]
    await clock.advance(2_000)
    producer.deliver()
    while (metrics.pushes.length < 2) await clock.advance(1000)
    await clock.advance(0)
    const replies = await client.responses(2)

    expect(refusedBefore).toEqual([])
    expect(replies.map(({ status }) => status)).toEqual([200, 408])
  })
})

describe('the connection of a refused request', () => {
  it.each(REFUSED)(
    '$fact: ends 30 s later if the body does not end',
    async ({ request, status }) => {
      const { clock, connect } = await serve()
      const client = connect().write(request)
      // The reply may be there before its end is.
      const reply = await client.response()

      for (let second = 0; second < 28; second += 1) {
        client.write(
          request.includes('chunked') ? '1\r\nx\r\n' : 'x'.repeat(second % 4 === 0 ? 1 : 0),
        )
        await clock.advance(1000)
      }
      const wasOver = client.isOver
      await clock.advance(3000)
      await client.closed()

      expect(reply.status).toBe(status)
      expect(wasOver).toBe(false)
    },
  )
})
