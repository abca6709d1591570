import { connect } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { BodyStream } from '../../../src/http/body-stream.ts'
import { type Dialect, PLAIN } from '../../../src/http/edge/dialect.ts'
import type {
  BodilessRoute,
  Call,
  NodeCall,
  StreamedBodyRoute,
} from '../../../src/http/edge/route.ts'
import type { ServerLimits } from '../../../src/http/limits.ts'
import { beginJson } from '../../../src/http/reply.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import { serveRoutes, type ServedRoutes } from '../../support/http-edge.ts'

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
const HEAD = 'POST /lines HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n'
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`
const END = '0\r\n\r\n'

function lines(answer: (call: NodeCall, body: BodyStream) => Promise<number>): StreamedBodyRoute {
  return {
    ...{
      name: 'test',
      method: 'POST',
      path: '/lines',
      access: 'produce',
      dialect: SHOUTING,
      body: 'stream',
    },
    answer,
  }
}
const ping: BodilessRoute = {
  ...{ name: 'test', method: 'GET', path: '/ping', access: 'open', dialect: PLAIN, body: 'none' },
  answer: (call) => reply(call, 'pong'),
}
const PING = 'GET /ping HTTP/1.1\r\nHost: h\r\n\r\n'

const echo = lines(async (call, body) => {
  let text = ''
  for await (const piece of body) text += piece.toString()
  return reply(call, text)
})

interface Streaming extends ServedRoutes {
  readonly clock: FakeClock
  /** Resolves when so many bytes of bodies have come. */
  readonly received: (bytes: number) => Promise<void>
}

/** Serves {@link echo}, on a clock of the test. */
async function serveEcho(limits: Partial<ServerLimits> = {}): Promise<Streaming> {
  const clock = new FakeClock()
  let bytes = 0
  const route = lines(async (call, body) => {
    let text = ''
    for await (const piece of body) {
      text += piece.toString()
      bytes += piece.length
    }
    return reply(call, text)
  })
  const served = await serveRoutes([route, ping], { clock, limits })
  const received = async (count: number): Promise<void> => {
    while (bytes < count) await settle()
  }
  return { ...served, clock, received }
}

describe('a body that streams', () => {
  it('gets a reply, and so does the request pipelined after it', async () => {
    const { connect: open } = await serveRoutes([echo, ping])

    const replies = await open()
      .write(`${HEAD}\r\n${chunk('a')}${chunk('b')}${END}${PING}`)
      .responses(2)

    expect(replies.map(({ body }) => body)).toEqual(['"ab"', '"pong"'])
  })

  it('starts with 100 Continue if its client waits for that', async () => {
    const { connect: open } = await serveRoutes([echo])
    const client = open().write(`${HEAD}Expect: 100-continue\r\n\r\n`)

    const interim = await client.response()
    const answer = await client.write(chunk('a') + END).response()

    expect([interim.status, answer.body]).toEqual([100, '"a"'])
  })

  it('is read no faster than its route takes it', async () => {
    const TOTAL = 30_000_000
    let length = 0
    const goOn = Promise.withResolvers<undefined>()
    const slow = lines(async (call, body) => {
      for await (const piece of body) {
        length += piece.length
        await goOn.promise
      }
      return reply(call, length)
    })
    const { port, budget, metrics } = await serveRoutes([slow])
    const socket = connect(port, '127.0.0.1').resume()
    onTestFinished(() => void socket.destroy())
    socket.write(`POST /lines HTTP/1.1\r\nHost: h\r\nContent-Length: ${TOTAL}\r\n\r\n`)
    const flushed = new Promise((resolve) => socket.write(Buffer.alloc(TOTAL), resolve))
    while (budget.heldBytes === 0) await settle()
    for (let n = 0; n < 100; n += 1) await settle()

    const lengthBefore = length
    const unsent = socket.writableLength
    const heldBefore = budget.heldBytes
    goOn.resolve(undefined)
    await flushed
    await metrics.observed(1)

    expect(lengthBefore).toBeLessThanOrEqual(65_536)
    // The kernel takes some megabytes.
    expect(unsent).toBeGreaterThan(TOTAL / 2)
    expect(heldBefore).toBeLessThan(400_000)
    expect(length).toBe(TOTAL)
    expect(budget.heldBytes).toBe(0)
  })

  it('may take hours, as long as its client is never silent for 30 s', async () => {
    const { clock, connect: open, received } = await serveEcho()
    const client = open().write(`${HEAD}\r\n`)

    for (let n = 1; n <= 200; n += 1) {
      client.write(chunk('x'))
      await received(n)
      await clock.advance(28_000)
    }
    client.write(END)

    expect((await client.response()).body).toHaveLength(202)
  })

  it('is given up when its client is silent for 30 s, in the dialect of its path', async () => {
    const { clock, connect: open, metrics, received, budget } = await serveEcho()
    const client = open().write(`${HEAD}\r\n${chunk('x')}`)
    await received(1)

    await clock.advance(30_000)
    const refusedBefore = [...metrics.clientErrors]
    await clock.advance(2_000)
    const answer = await client.response()
    await client.closed()

    expect(refusedBefore).toEqual([])
    expect([answer.status, answer.body]).toEqual([408, 'THE REQUEST DID NOT ARRIVE IN TIME'])
    expect(answer.headers.get('connection')).toBe('close')
    expect(metrics.clientErrors).toEqual(['request_timeout'])
    expect(metrics.pushes).toMatchObject([{ status: 408 }])
    expect(budget.heldBytes).toBe(0)
  })

  it('is given up earlier where its route says so', async () => {
    const clock = new FakeClock()
    const impatient = { ...echo, streamLimits: { idleMs: 5000 } }
    const { connect: open, server } = await serveRoutes([impatient], { clock })
    const client = open().write(`${HEAD}\r\n`)
    while (server.connectionCounts.active === 0) await settle()

    await clock.advance(7_000)

    expect((await client.response()).status).toBe(408)
  })

  it('is not given up while its route does not read', async () => {
    const clock = new FakeClock()
    const goOn = Promise.withResolvers<undefined>()
    const { connect: open, budget } = await serveRoutes(
      [
        lines(async (call, body) => {
          await goOn.promise
          return await echo.answer(call, body)
        }),
      ],
      { clock },
    )
    const client = open().write(`${HEAD}\r\n${chunk('x')}`)
    while (budget.heldBytes === 0) await settle()

    await clock.advance(300_000)
    goOn.resolve(undefined)
    client.write(END)

    expect((await client.response()).body).toBe('"x"')
  })

  it.each([
    { fact: 'goes wrong', rest: 'zz\r\n', isEnded: false },
    { fact: 'ends too soon', rest: '5\r\nx', isEnded: true },
  ])('is refused in the dialect of its path when it $fact', async ({ rest, isEnded }) => {
    const { connect: open, metrics, received } = await serveEcho()
    const client = open().write(`${HEAD}\r\n${chunk('x')}`)
    await received(1)

    client.write(rest)
    if (isEnded) client.end()
    const answer = await client.response()
    await client.closed()

    expect([answer.status, answer.headers.get('connection')]).toEqual([400, 'close'])
    expect(answer.body).toMatch(/^THE REQUEST IS NOT WELL-FORMED HTTP/)
    expect(metrics.clientErrors).toEqual(['invalid_http'])
    expect(metrics.pushes).toMatchObject([{ status: 400 }])
  })

  it('lets its route reply to the pieces before an error', async () => {
    const route = lines(async (call, body) => {
      let text = ''
      try {
        for await (const piece of body) text += piece.toString()
      } catch (error) {
        text += ` and ${String(Reflect.get(error as Error, 'code'))}`
      }
      return reply(call, text)
    })
    const { connect: open } = await serveRoutes([route])
    const client = open().write(`${HEAD}\r\n${chunk('x')}zz\r\n${PING}`)

    const replies = await client.responses(2)
    await client.closed()

    expect(replies.map(({ body }) => body)).toEqual([
      expect.stringMatching(/^"x? and INVALID_HTTP"$/),
    ])
    expect(replies[0]?.headers.get('connection')).toBe('close')
  })

  it('whose client leaves counts as 499', async () => {
    const { connect: open, metrics, received, budget } = await serveEcho()
    const client = open().write(`${HEAD}\r\n${chunk('x')}`)
    await received(1)

    client.abort()
    await metrics.observed(1)

    expect(metrics.pushes).toMatchObject([{ status: 499 }])
    expect(budget.heldBytes).toBe(0)
  })

  it('that its route does not read to the end is discarded, and the next request is served', async () => {
    const route = lines((call) => Promise.resolve(reply(call, 'enough')))
    const { connect: open, budget } = await serveRoutes([route, ping])
    const client = open().write(`${HEAD}\r\n${chunk('x')}`)

    const first = await client.response()
    const second = await client.write(`${chunk('y'.repeat(200_000))}${END}${PING}`).response()

    expect([first.body, second.body]).toEqual(['"enough"', '"pong"'])
    expect(budget.heldBytes).toBe(0)
  })

  it('that its route no longer reads ends its connection after 30 s', async () => {
    const clock = new FakeClock()
    const route = lines((call) => Promise.resolve(reply(call, 'enough')))
    const { connect: open } = await serveRoutes([route], { clock })
    const client = open().write(`${HEAD}\r\n${chunk('x')}`)
    await client.response()

    for (let second = 0; second < 28; second += 1) {
      client.write(chunk('x'))
      await clock.advance(1000)
    }
    const wasOver = client.isOver
    await clock.advance(5000)
    await client.closed()

    expect(wasOver).toBe(false)
  })

  it('is refused for its size while it arrives, and its client reads why', async () => {
    const { connect: open } = await serveRoutes([{ ...echo, streamLimits: { maxBytes: 100 } }])
    const client = open().write(`${HEAD}\r\n${chunk('x'.repeat(101))}`)

    const answer = await client.write(chunk('x'.repeat(200_000)) + END).response()

    expect([answer.status, answer.body]).toEqual([
      413,
      'THE BODY HAS MORE THAN 100 BYTES, AND 100 ARE ALLOWED (ON THIS PATH)',
    ])
    expect(answer.headers.get('connection')).toBe('close')
  })

  it('ends when the server stops, and does not delay the stop', async () => {
    const { connect: open, server, received } = await serveEcho({ lastRequestMs: 0 })
    const client = open().write(`${HEAD}\r\n${chunk('x')}`)
    await received(1)

    const stopped = server.stopAccepting()
    const answer = await client.response()
    await client.closed()
    await stopped

    expect([answer.status, answer.body]).toEqual([503, 'KPRF IS SHUTTING DOWN'])
  })
})
