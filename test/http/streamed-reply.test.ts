import { once } from 'node:events'
import { Agent, type IncomingMessage, request as httpRequest } from 'node:http'
import { connect, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { PLAIN } from '../../src/http/edge/dialect.ts'
import type { BodilessRoute, NodeCall, StreamedBodyRoute } from '../../src/http/edge/route.ts'
import { ReplyRoom } from '../../src/http/reply-room.ts'
import { StreamedReply } from '../../src/http/streamed-reply.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import { serveRoutes } from '../support/http-edge.ts'

const MEBIBYTE = 1_048_576
const GET = 'GET /events HTTP/1.1\r\nHost: h\r\n\r\n'
/** Text in which every KiB has its position. */
const CHUNK_BYTES = 1024
const chunkOf = (n: number): string => `${String(n).padStart(CHUNK_BYTES - 1, '.')}\n`

type Talk = (reply: StreamedReply, call: NodeCall) => Promise<void>

function routeOf(talk: Talk, room = new ReplyRoom(MEBIBYTE, 0)): BodilessRoute {
  return {
    ...{
      name: 'test',
      method: 'GET',
      path: '/events',
      access: 'open',
      dialect: PLAIN,
      body: 'none',
    },
    answer: async (call) => {
      const { response, requestId } = call
      const reply = new StreamedReply(response, requestId, { contentType: 'text/plain', room })
      await talk(reply, call)
      reply.end()
      return 200
    },
  }
}

/** Writes until it is stopped. */
const untilAborted: Talk = ({ signal }) =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error)
    })
  })

async function get(port: number): Promise<[Agent, IncomingMessage]> {
  const agent = new Agent({ keepAlive: true })
  const request = httpRequest({ port, path: '/events', agent }).end()
  request.on('error', () => undefined)
  onTestFinished(() => {
    agent.destroy()
  })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  return [agent, response]
}

function slowReader(port: number, text = GET): Socket {
  const socket = connect(port, '127.0.0.1').pause()
  socket.on('error', () => undefined).write(text)
  onTestFinished(() => void socket.destroy())
  return socket
}

async function textOf(source: IncomingMessage): Promise<string> {
  let text = ''
  for await (const piece of source.setEncoding('utf8')) text += String(piece)
  return text
}

describe('a reply that streams', () => {
  it('brings each piece as it is written, with the headers of every reply, and keeps the connection', async () => {
    const pieces = [Promise.withResolvers<string>(), Promise.withResolvers<string>()]
    const { port, metrics } = await serveRoutes([
      routeOf(async (reply) => {
        for (const { promise } of pieces) await reply.write(await promise)
      }),
    ])
    const [, response] = await get(port)

    const read: string[] = []
    const ended = once(response, 'end')
    response.setEncoding('utf8').on('data', (text: string) => read.push(text))
    for (const [index, text] of ['{"a":1}\n', '{"b":2}\n'].entries()) {
      pieces[index]?.resolve(text)
      while (read.length === index) await settle()
    }
    await ended
    await metrics.observed(1)

    expect(read).toEqual(['{"a":1}\n', '{"b":2}\n'])
    expect(response.headers).toMatchObject({
      'content-type': 'text/plain',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-request-id': expect.stringMatching(/./) as string,
      connection: 'keep-alive',
    })
    expect(metrics.pushes).toMatchObject([{ status: 200 }])
  })

  it('is written no faster than its client reads, and comes whole', async () => {
    const CHUNKS = 20 * 1024
    let written = 0
    let mostUnread = 0
    const waiting = Promise.withResolvers<undefined>()
    const room = new ReplyRoom(MEBIBYTE, 0)
    const { port } = await serveRoutes([
      routeOf(async (reply, { response }) => {
        for (; written < CHUNKS; written += 1) {
          const drained = reply.write(chunkOf(written))
          mostUnread = Math.max(mostUnread, response.writableLength)
          if (drained !== undefined) waiting.resolve(undefined)
          await drained
        }
      }, room),
    ])
    const socket = slowReader(port)
    await waiting.promise

    const writtenUnread = written
    const heldBytes = room.heldBytes
    const read: string[] = []
    socket.setEncoding('latin1').on('data', (piece: string) => read.push(piece))
    socket.resume()
    while (!(read.at(-1) ?? '').endsWith('\r\n\r\n')) await settle()
    const text = read.join('')

    expect(writtenUnread).toBeLessThan(CHUNKS)
    expect(mostUnread).toBeLessThan(100_000)
    expect(heldBytes).toBe(65_536)
    expect(text.match(/\.\d+\n/g)?.map((line) => Number(line.slice(1)))).toEqual(
      Array.from({ length: CHUNKS }, (_, n) => n),
    )
    while (room.heldBytes > 0) await settle()
  })

  it('is cut off if its client does not read, and its writer is told', async () => {
    const clock = new FakeClock()
    const room = new ReplyRoom(MEBIBYTE, 0)
    let signal: AbortSignal | undefined
    const waiting = Promise.withResolvers<undefined>()
    const { port, metrics, log } = await serveRoutes(
      [
        routeOf(async (reply) => {
          signal = reply.signal
          while (!signal.aborted) {
            const drained = reply.write(Buffer.alloc(65_536))
            if (drained !== undefined) waiting.resolve(undefined)
            await drained
          }
          signal.throwIfAborted()
        }, room),
      ],
      { clock },
    )
    slowReader(port)
    await waiting.promise

    await clock.advance(29_000)
    const wasAborted = signal?.aborted
    await clock.advance(40_000)
    await metrics.observed(1)

    expect(wasAborted).toBe(false)
    expect(signal?.reason).toMatchObject({ name: 'ClientGone' })
    expect(metrics.clientErrors).toEqual(['stalled_reader'])
    expect(log.lines.filter(({ level }) => level === 'error')).toEqual([])
    expect(room.heldBytes).toBe(0)
  })

  it('is aborted when its client leaves, also while it waits for its turn', async () => {
    const signals: AbortSignal[] = []
    const room = new ReplyRoom(MEBIBYTE, 0)
    const { port, metrics, log } = await serveRoutes([
      routeOf(async (reply, call) => {
        signals.push(reply.signal)
        void reply.write('x')
        await untilAborted(reply, call)
      }, room),
    ])
    const socket = slowReader(port, GET + GET).resume()
    while (signals.length < 2) await settle()

    socket.resetAndDestroy()
    await metrics.observed(2)

    expect(signals.map(({ reason }: { reason: unknown }) => (reason as Error).name)).toEqual([
      'ClientGone',
      'ClientGone',
    ])
    expect(log.lines).toEqual([])
    expect(room.heldBytes).toBe(0)
  })

  it.each(['stopAccepting', 'retire'] as const)('ends on %s, and is whole', async (how) => {
    const { port, server, metrics } = await serveRoutes(
      [
        routeOf(async (reply, call) => {
          void reply.write('first\n')
          await untilAborted(reply, call).catch(() => reply.write('last\n'))
          reply.signal.throwIfAborted()
        }),
      ],
      { limits: { lastRequestMs: 0 } },
    )
    const [agent, response] = await get(port)
    const text = textOf(response)

    const stopped = server[how]()
    const whole = await text
    agent.destroy()
    await stopped
    await metrics.observed(1)

    expect(whole).toBe('first\nlast\n')
    expect(metrics.pushes).toMatchObject([{ status: 200 }])
  })

  it('ends within a second if it begins while the server retires', async () => {
    const clock = new FakeClock()
    const signals: AbortSignal[] = []
    const route = routeOf(async (reply, call) => {
      signals.push(reply.signal)
      if (signals.length > 1) await untilAborted(reply, call)
    })
    const { port, server } = await serveRoutes([route], { clock })
    const socket = slowReader(port).resume()
    while (signals.length === 0) await settle()

    const retired = server.retire()
    socket.write(GET)
    while (signals.length === 1) await settle()
    await clock.advance(1000)
    await once(socket, 'end')
    socket.end()
    await retired

    expect(signals.map(({ aborted }) => aborted)).toEqual([false, true])
  })

  it('is cut if its route fails, so that the client sees that it is incomplete', async () => {
    const { port, log, metrics } = await serveRoutes([
      routeOf((reply) => {
        void reply.write('first\n')
        throw new Error('a bug')
      }),
    ])
    const [, response] = await get(port)

    await expect(textOf(response)).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(metrics.pushes).toMatchObject([{ status: 500 }])
    expect(log.lines[0]).toMatchObject({ level: 'error' })
  })

  it('is refused if unread replies leave no room', async () => {
    const room = new ReplyRoom(131_072, 0)
    const { port, connect: open } = await serveRoutes([routeOf(untilAborted, room)])
    await get(port)

    const refused = await open().write(GET).response()

    expect(refused.status).toBe(503)
    expect(room.heldBytes).toBe(65_536)
  })

  it('ends with the connection for a client of HTTP/1.0', async () => {
    const { connect: open } = await serveRoutes([
      routeOf(async (reply) => {
        await reply.write('a line\n')
      }),
    ])

    const client = open().write('GET /events HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')

    expect(await client.closed()).toBe('a line\n')
  })

  it('can end with the error of a streamed body', async () => {
    const room = new ReplyRoom(MEBIBYTE, 0)
    const route: StreamedBodyRoute = {
      ...{
        name: 'test',
        method: 'POST',
        path: '/lines',
        access: 'produce',
        dialect: PLAIN,
        body: 'stream',
      },
      answer: async ({ response, requestId }, body) => {
        const reply = new StreamedReply(response, requestId, { contentType: 'text/plain', room })
        try {
          for await (const piece of body) await reply.write(`ok ${piece.toString()}\n`)
        } catch (error) {
          void reply.write(`${String(Reflect.get(error as Error, 'code'))}\n`)
        }
        reply.end()
        return 200
      },
    }
    const { port } = await serveRoutes([route])
    const head = 'POST /lines HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n'
    const socket = slowReader(port, `${head}1\r\nx\r\n`)
    const read: string[] = []
    socket.setEncoding('latin1').on('data', (piece: string) => read.push(piece))
    const ended = once(socket.resume(), 'end')
    while (!read.join('').includes('ok x')) await settle()

    socket.write('zz\r\n')
    await ended

    expect(read.join('').split('\r\n\r\n').slice(1)).toEqual([
      '5\r\nok x\n\r\nd\r\nINVALID_HTTP\n\r\n0',
      '',
    ])
  })
})
