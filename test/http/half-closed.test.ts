import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { settle } from '../support/fake-clock.ts'
import { pushBody, rawPush, serveEdge } from '../support/http-edge.ts'

const sync = (record: object = {}): string => pushBody(record, { wait_for_send: true })

describe('a client that ends its side right after its requests', () => {
  it('gets the reply to a push that waits for delivery', async () => {
    const { connect, metrics, producer } = await serveEdge()
    producer.holdDelivery()
    const client = connect().write(rawPush(sync())).end()
    await producer.admitted(1)
    await connect().write(rawPush('{')).response()

    producer.deliver()
    const replies = await client.responses(Infinity)

    expect(replies.map(({ status }) => status)).toEqual([200])
    expect(metrics.clientErrors).toEqual([])
  })

  it('gets the reply to a compressed push', async () => {
    const { connect, producer } = await serveEdge()
    const body = gzipSync(pushBody())

    const replies = await connect()
      .write(rawPush(body, { 'Content-Encoding': 'gzip' }))
      .end()
      .responses(Infinity)

    expect(replies.map(({ status }) => status)).toEqual([200])
    expect(producer.records).toHaveLength(1)
  })

  it('gets the replies to all pipelined pushes, in order, and the connection ends', async () => {
    const { connect, producer } = await serveEdge()
    producer.holdDelivery()
    const client = connect()
      .write(Buffer.concat([rawPush(sync()), rawPush(sync()), rawPush(pushBody()), rawPush('{')]))
      .end()
    await producer.admitted(3)

    producer.deliver()
    const replies = await client.responses(Infinity)

    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 400])
    expect(await client.closed()).toBe('')
  })

  it('gets the replies to pushes behind an invalid one', async () => {
    const { connect, producer } = await serveEdge()
    producer.holdDelivery()
    const client = connect()
      .write(Buffer.concat([rawPush(sync()), rawPush('{'), rawPush(sync()), rawPush(pushBody())]))
      .end()
    await producer.admitted(1)

    producer.deliver()
    const replies = await client.responses(Infinity)

    expect(replies.map(({ status }) => status)).toEqual([200, 400, 200, 200])
    expect(await client.closed()).toBe('')
  })

  it('gets the reply to a request that is refused', async () => {
    const { connect } = await serveEdge()

    const replies = await connect()
      .write('GET /x HTTP/1.1\r\nHost: h\r\n\r\n')
      .end()
      .responses(Infinity)

    expect(replies.map(({ status }) => status)).toEqual([404])
  })
})

describe('a client that ends its side', () => {
  it('between two requests has its connection closed', async () => {
    const { connect, server } = await serveEdge()
    const client = connect().write(rawPush(pushBody()))
    await client.response()

    expect(await client.end().closed()).toBe('')
    expect(server.connectionCounts).toMatchObject({ active: 0 })
  })

  it('without a request has its connection closed', async () => {
    const { connect } = await serveEdge()

    expect(await connect().end().closed()).toBe('')
  })

  it.each([
    { fact: 'a head', half: 'POST /push HTTP/1.1\r\nHost:' },
    { fact: 'a body', half: rawPush(pushBody()).subarray(0, -5).toString() },
    {
      fact: 'a chunked body',
      half: 'POST /push HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"rec',
    },
  ])('in the middle of $fact is told so, and nothing is produced', async ({ half }) => {
    const { connect, metrics, producer } = await serveEdge()

    const replies = await connect().write(half).end().responses(Infinity)

    expect(replies.map(({ status }) => status)).toEqual([400])
    expect(metrics.clientErrors).toEqual(['invalid_http'])
    expect(producer.calls).toBe(0)
  })

  it('and resets the connection is noticed when its reply is written', async () => {
    const { connect, metrics, producer, server } = await serveEdge()
    producer.holdDelivery()
    const client = connect().write(rawPush(sync())).end()
    await producer.admitted(1)
    client.abort()
    await connect().write(rawPush('{')).response()

    producer.deliver()
    await metrics.observed(2)
    await server.stopAccepting()
    while (server.connectionCounts.active > 0) await settle()

    expect(server.connectionCounts.replyBytes).toBe(0)
  })

  it('has its connection ended once: Node makes an error of each further time', async () => {
    const { connect } = await serveEdge({}, { maxRequestsPerConnection: 1 })
    const accepted = nextAccepted()
    const end = vi.spyOn(Duplex.prototype, 'end')
    onTestFinished(() => {
      end.mockRestore()
    })
    const client = connect().write(rawPush(pushBody()))

    await client.response()
    client.end()
    const { socket, closed } = await accepted
    await closed

    expect(end.mock.contexts.filter((context) => context === socket)).toHaveLength(1)
  })

  it('gets the reply to a request of which it said that it is the last, although it sends more', async () => {
    const { connect, producer } = await serveEdge()
    const accepted = nextAccepted()
    const client = connect()
      .pause()
      .write(rawPush(pushBody(), { Connection: 'close' }))
    const { socket } = await accepted
    if (socket.writable) await once(socket, 'finish')

    client.write(rawPush(pushBody()))
    await once(socket, 'data')
    const replies = await client.resume().end().responses(Infinity)

    expect(replies.map(({ status }) => status)).toEqual([200])
    expect(client.errorCode).toBeUndefined()
    expect(producer.records).toHaveLength(1)
  })
})

/** The server's side of the connection that is accepted next, and its end. */
function nextAccepted(): Promise<{ readonly socket: Socket; readonly closed: Promise<unknown> }> {
  const { promise, resolve } = Promise.withResolvers<{ socket: Socket; closed: Promise<unknown> }>()
  const note = (message: unknown): void => {
    const { socket } = message as { readonly socket: Socket }
    resolve({ socket, closed: once(socket, 'close') })
  }
  subscribe('net.server.socket', note)
  onTestFinished(() => void unsubscribe('net.server.socket', note))
  return promise
}
