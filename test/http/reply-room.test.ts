import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { Socket, type AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { REPLY_BYTES_IN_FLIGHT } from '../../src/http/limits.ts'
import { replyBytesInFlight, ReplyRoom, UNCOUNTED_REPLY_BYTES } from '../../src/http/reply-room.ts'
import { RawClient } from '../support/raw-client.ts'

const REQUEST = 'GET / HTTP/1.1\r\nHost: kprf.test\r\n\r\n'
const LARGE = 'x'.repeat(UNCOUNTED_REPLY_BYTES + 1)
/** More than the buffers of both ends of a connection on this machine take. */
const MORE_THAN_BUFFERS = 'x'.repeat(32_000_000)

/** A server whose responses the test gets to write. */
async function serve(): Promise<{
  readonly connect: () => RawClient
  readonly response: () => Promise<ServerResponse>
}> {
  const server = createServer()
  const waiting: ServerResponse[] = []
  let wake = (): void => undefined
  server.on('request', (_request, response: ServerResponse) => {
    waiting.push(response)
    wake()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const clients: RawClient[] = []
  onTestFinished(() => {
    for (const client of clients) client.destroy()
    server.close()
    server.closeAllConnections()
  })
  return {
    connect: () => {
      const client = new RawClient((server.address() as AddressInfo).port)
      clients.push(client)
      return client
    },
    response: async () => {
      while (waiting.length === 0) await new Promise<void>((resolve) => (wake = resolve))
      const response = waiting.shift()
      if (response === undefined) throw new Error('no request came')
      return response
    },
  }
}

/** Resolves when the connection of a response is gone, be it by an error. */
function closing({ req: { socket } }: ServerResponse): Promise<unknown> {
  return new Promise((resolve) => socket.once('close', resolve))
}

/** The part of a connection that the room uses. */
function from(remoteAddress: string): { readonly socket: Socket } {
  return { socket: Object.defineProperty(new Socket(), 'remoteAddress', { value: remoteAddress }) }
}

describe('ReplyRoom', () => {
  it('counts no reply that is small', () => {
    const room = new ReplyRoom(0, 0)

    expect(room.reserve(from('10.0.0.1'), UNCOUNTED_REPLY_BYTES)).toBeUndefined()
    expect(room.heldBytes).toBe(0)
  })

  it('refuses a reply that does not fit with OVERLOADED, and reserves nothing', () => {
    const room = new ReplyRoom(40_000, 0)
    room.reserve(from('10.0.0.1'), 15_000)
    room.reserve(from('10.0.0.2'), 15_000)

    expect(() => room.reserve(from('10.0.0.3'), 10_001)).toThrow(
      expect.objectContaining({
        code: 'OVERLOADED',
        message: expect.stringContaining('unread replies fill the memory') as string,
      }),
    )
    expect(room.heldBytes).toBe(30_000)
    expect(room.reserve(from('10.0.0.3'), 10_000)).toBeDefined()
  })

  it('gives one address half of all, and the others the rest', () => {
    const room = new ReplyRoom(40_000, 0)
    const first = room.reserve(from('10.0.0.1'), 20_000)

    expect(() => room.reserve(from('10.0.0.1'), 10_000)).toThrow(
      'unread replies of this client address fill its share',
    )
    expect(room.reserve(from('10.0.0.2'), 20_000)).toBeDefined()
    first?.release()
    expect(room.reserve(from('10.0.0.1'), 20_000)).toBeDefined()
  })

  it('always has room for the largest reply', () => {
    const room = new ReplyRoom(1, 50_000)

    expect(room.reserve(from('10.0.0.1'), 50_000)).toBeDefined()
  })

  it('gives back what a reply does not need at once, and the rest when the system has taken it', async () => {
    const room = new ReplyRoom(0, 100_000)
    const { connect, response: next } = await serve()
    const client = connect().write(REQUEST)
    const response = await next()
    const held = room.reserve(response.req, 100_000)

    held?.sending(response, LARGE.length)
    const heldWhileSending = room.heldBytes
    const finished = once(response, 'finish')
    response.setHeader('Content-Length', LARGE.length).end(LARGE)
    held?.releaseUnlessSending()
    const heldBeforeFinish = room.heldBytes
    await finished

    expect(heldWhileSending).toBe(LARGE.length)
    expect(heldBeforeFinish).toBe(LARGE.length)
    expect(room.heldBytes).toBe(0)
    expect((await client.response()).body).toHaveLength(LARGE.length)
  })

  it('releases everything if the reply is small, or if there is none', async () => {
    const room = new ReplyRoom(0, 100_000)
    const { connect, response: next } = await serve()
    connect().write(REQUEST)
    const response = await next()
    const held = room.reserve(response.req, 100_000)

    held?.sending(response, UNCOUNTED_REPLY_BYTES)
    held?.releaseUnlessSending()
    held?.releaseUnlessSending()

    expect(room.heldBytes).toBe(0)
  })

  it('keeps the bytes while the client reads nothing, and gives them back when it resets the connection', async () => {
    const room = new ReplyRoom(0, MORE_THAN_BUFFERS.length)
    const { connect, response: next } = await serve()
    const client = connect().pause().write(REQUEST)
    const response = await next()
    const { socket } = response.req
    const closed = closing(response)

    room.reserve({ socket }, MORE_THAN_BUFFERS.length)?.sending(response, MORE_THAN_BUFFERS.length)
    response.end(MORE_THAN_BUFFERS)
    await new Promise((resolve) => setImmediate(resolve))
    const heldWhileUnread = room.heldBytes
    client.abort()
    await closed

    expect(heldWhileUnread).toBe(MORE_THAN_BUFFERS.length)
    expect(room.heldBytes).toBe(0)
  })

  it('gives the bytes of replies back that wait behind another when the connection is cut', async () => {
    const room = new ReplyRoom(0, 10 * LARGE.length)
    const { connect, response: next } = await serve()
    const client = connect().write(REQUEST.repeat(3))
    const [first, ...others] = [await next(), await next(), await next()]
    const closed = closing(first)

    for (const other of others) {
      room.reserve(other.req, LARGE.length)?.sending(other, LARGE.length)
      other.end(LARGE)
    }
    const heldWhileWaiting = room.heldBytes
    client.abort()
    await closed

    expect(heldWhileWaiting).toBe(2 * LARGE.length)
    expect(room.heldBytes).toBe(0)
  })

  it('gives the bytes of a reply that is still to come back when the connection is cut', async () => {
    const room = new ReplyRoom(0, 100_000)
    const { connect, response: next } = await serve()
    const client = connect().write(REQUEST)
    const response = await next()
    const { socket } = response.req
    const closed = closing(response)
    const held = room.reserve({ socket }, 100_000)

    held?.releaseWithConnection()
    client.abort()
    await closed
    const heldAfterClose = room.heldBytes
    held?.releaseUnlessSending()
    room.reserve({ socket }, 50_000)?.releaseWithConnection()

    expect(heldAfterClose).toBe(0)
    expect(room.heldBytes).toBe(0)
  })

  it('listens once on a connection, however many large replies it gets', async () => {
    const room = new ReplyRoom(0, 100 * LARGE.length)
    const { connect, response: next } = await serve()
    const client = connect().write(REQUEST)
    let response = await next()
    const { socket } = response.req
    const listeners = socket.listenerCount('close')

    for (let count = 0; count < 20; count += 1) {
      room.reserve({ socket }, LARGE.length)?.sending(response, LARGE.length)
      response.setHeader('Content-Length', LARGE.length).end(LARGE)
      client.write(REQUEST)
      response = await next()
    }

    expect(socket.listenerCount('close')).toBe(listeners + 1)
  })
})

describe('replyBytesInFlight', () => {
  it('shares the bytes among workers, and takes at most an eighth of the heap', () => {
    expect(replyBytesInFlight(1, 4_000_000_000)).toBe(REPLY_BYTES_IN_FLIGHT)
    expect(replyBytesInFlight(4, 4_000_000_000)).toBe(REPLY_BYTES_IN_FLIGHT / 4)
    expect(replyBytesInFlight(1, 256_000_000)).toBe(32_000_000)
  })
})
