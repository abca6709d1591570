import { createServer, type RequestListener } from 'node:http'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { HttpServer } from '../../src/http/http-server.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { FakeHttpLog, parseReply, pushBody, rawPush, serveEdge } from '../support/http-edge.ts'
import { RawClient } from '../support/raw-client.ts'

const nothing: RequestListener = () => undefined

describe('HttpServer', () => {
  it('rejects listen with the reason when the port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    onTestFinished(() => void taken.close())
    const { port } = taken.address() as { port: number }
    const server = new HttpServer({ app: nothing, clock: systemClock, log: new FakeHttpLog() })

    await expect(server.listen(port, '127.0.0.1')).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })

  it('has nothing to stop before it listens', async () => {
    const server = new HttpServer({ app: nothing, clock: systemClock, log: new FakeHttpLog() })

    await server.stopAccepting()
    await server.close()

    expect(() => server.address).toThrow('listens')
  })

  it('gives a client it refused some time to read why, then cuts it off', async () => {
    const clock = new FakeClock()
    const { port } = await serveEdge({ clock }, { lingerMs: 1000 })
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    onTestFinished(() => void socket.destroy())
    socket.on('error', () => undefined).resume()

    socket.write('nonsense\r\n\r\n')
    await once(socket, 'end')
    await clock.advance(1000)
    // The first write causes a reset; the second write gets it.
    socket.write('more', () => socket.write('more'))
    const cut = once(socket, 'close')

    await expect(cut).rejects.toMatchObject({ code: expect.stringMatching(/EPIPE|ECONNRESET/) })
    expect(socket.bytesRead).toBeGreaterThan(100)
  })
})

describe('an HttpServer full of connections', () => {
  it('closes an idle one for a new one, and says so with its address', async () => {
    const { connect, log, metrics } = await serveEdge({}, { maxConnections: 1 })
    const idle = connect()
    await idle.write(rawPush(pushBody())).response()

    const { status } = await connect().write(rawPush(pushBody())).response()
    await idle.closed()

    expect(status).toBe(200)
    expect(metrics.dropped).toEqual(['idle_evicted'])
    expect(log.lines).toMatchObject([
      { level: 'warn', fields: { address: '127.0.0.1', reason: 'idle_evicted' } },
    ])
  })

  it('drops a new one when none is idle, and answers those that it has', async () => {
    const { connect, metrics, producer } = await serveEdge({}, { maxConnections: 1 })
    producer.holdDelivery()
    const busy = connect().write(rawPush(pushBody({}, { wait_for_send: true })))
    await producer.admitted(1)

    await connect().closed()
    producer.deliver()

    expect((await busy.response()).status).toBe(200)
    expect(metrics.dropped).toEqual(['limit'])
  })
})

describe('a connection that sends empty lines instead of requests', () => {
  it('is closed after the idle timeout', async () => {
    const clock = new FakeClock()
    const { connect, metrics } = await serveEdge({ clock })
    const client = connect()
    const pushed = client.write(rawPush(pushBody())).response()
    await clock.advance(0)
    while (metrics.pushes.length === 0) await clock.advance(0)
    await clock.advance(0)
    await pushed

    for (let second = 0; second < 70; second += 1) {
      client.write('\r\n')
      await clock.advance(1000)
    }

    expect(await client.closed()).toBe('')
    expect(metrics.dropped).toEqual(['idle_timeout'])
  })
})

describe('HttpServer.retire', () => {
  it('takes no new connections, and lets open ones end with the reply to their next request', async () => {
    const { connect, server, port } = await serveEdge()
    const idle = connect()
    const first = await idle.write(rawPush(pushBody())).response()

    const retired = server.retire()
    await expect(new RawClient(port).response()).rejects.toThrow('closed without a response')
    const next = await idle.write(rawPush(pushBody())).response()
    await idle.closed()
    await retired

    expect([first.status, next.status]).toEqual([200, 200])
    expect(first.headers.get('connection')).not.toBe('close')
    expect(next.headers.get('connection')).toBe('close')
  })

  it('lets a request that is under way end its connection', async () => {
    const { connect, producer, server } = await serveEdge()
    producer.holdDelivery()
    const client = connect().write(rawPush(pushBody({}, { wait_for_send: true })))
    await producer.admitted(1)

    const retired = server.retire()
    producer.deliver()
    const response = await client.response()
    await retired

    expect(response.status).toBe(200)
    expect(response.headers.get('connection')).toBe('close')
  })

  it('keeps an idle connection until the idle timeout', async () => {
    const { connect, server } = await serveEdge({}, { keepAliveTimeoutMs: 300 })
    const idle = connect()
    await idle.write(rawPush(pushBody())).response()

    const startedMs = performance.now()
    await server.retire()

    // Node closes a little later than it is told to, never before.
    expect(performance.now() - startedMs).toBeGreaterThan(200)
  })

  it('ends sooner with stopAccepting', async () => {
    const { connect, server } = await serveEdge()
    const idle = connect()
    await idle.write(rawPush(pushBody())).response()

    const retired = server.retire()
    await server.stopAccepting()
    await retired

    await idle.closed()
  })

  it('has nothing to do before the server listens', async () => {
    const server = new HttpServer({ app: nothing, clock: systemClock, log: new FakeHttpLog() })

    await server.retire()
  })
})

/** Connections end by events on them, not by time. */
const LONG_LAST_REQUEST = { lastRequestMs: 60_000 }

describe('HttpServer.closeAfterReplies', () => {
  it('makes the reply to the next request the last, and goes on accepting connections', async () => {
    const { connect, server } = await serveEdge()
    const client = connect().write(rawPush(pushBody()))
    await client.response()

    server.closeAfterReplies()
    const response = await client.write(rawPush(pushBody())).response()
    const ofNewcomer = await connect().write(rawPush(pushBody())).response()

    expect(response.headers.get('connection')).toBe('close')
    expect(await client.closed()).toBe('')
    expect([ofNewcomer.status, ofNewcomer.headers.get('connection')]).toEqual([200, 'close'])
  })
})

describe('HttpServer.stopAccepting', () => {
  it('refuses connections and closes idle ones', async () => {
    const { connect, server, port } = await serveEdge()
    const idle = connect()
    await idle.write(rawPush(pushBody())).response()

    await server.stopAccepting()

    await idle.closed()
    await expect(new RawClient(port).response()).rejects.toThrow('closed without a response')
  })

  it('answers what is in flight, tells the client to close, and is done after that', async () => {
    const { connect, producer, server } = await serveEdge()
    producer.holdDelivery()
    const client = connect().write(rawPush(pushBody({}, { wait_for_send: true })))
    await producer.admitted(1)
    let isStopped = false

    const stopped = server.stopAccepting().then(() => (isStopped = true))
    await setImmediatePromise()
    const isStoppedBefore = isStopped
    producer.deliver()
    const response = await client.response()
    await stopped

    expect(isStoppedBefore).toBe(false)
    expect(response.status).toBe(200)
    expect(response.headers.get('connection')).toBe('close')
  })

  it('serves a request that was on its way to an idle connection, and closes the connection', async () => {
    const { connect, server } = await serveEdge({}, LONG_LAST_REQUEST)
    const client = connect().write(rawPush(pushBody()))
    await client.response()

    const stopped = server.stopAccepting()
    const response = await client.write(rawPush(pushBody())).response()
    await stopped

    expect(response.status).toBe(200)
    expect(response.headers.get('connection')).toBe('close')
  })

  it('serves a request that was half sent, and closes its connection', async () => {
    const { connect, server } = await serveEdge({}, LONG_LAST_REQUEST)
    const request = rawPush(pushBody())
    const client = connect().write(rawPush(pushBody())).write(request.subarray(0, 20))
    await client.response()

    const stopped = server.stopAccepting()
    const response = await client.write(request.subarray(20)).response()
    await stopped

    expect(response.status).toBe(200)
    expect(response.headers.get('connection')).toBe('close')
  })

  it('serves no request after the last response of a connection', async () => {
    const { connect, producer, server } = await serveEdge({}, LONG_LAST_REQUEST)
    const request = rawPush(pushBody({ topic: 'other' }))
    const other = connect().write(request).write(request.subarray(0, 20))
    await other.response()
    producer.holdDelivery()
    const client = connect().write(rawPush(pushBody({}, { wait_for_send: true })))
    await producer.admitted(2)

    const stopped = server.stopAccepting()
    client.write(rawPush(pushBody({ data: 'late' })))
    await other.write(request.subarray(20)).response()
    producer.deliver()
    await stopped

    expect(producer.records.map(({ topic }) => topic)).toEqual(['other', 'orders', 'other'])
  })

  it('can be called again', async () => {
    const { server } = await serveEdge()

    await Promise.all([server.stopAccepting(), server.stopAccepting()])
    await server.stopAccepting()
  })
})

describe('HttpServer.close', () => {
  it('cuts connections whose request never ends', async () => {
    const { connect, server } = await serveEdge()
    const client = connect().write(rawPush(pushBody())).write('POST /push HTTP/1.1\r\n')
    await client.response()

    await server.close()

    expect(await client.closed()).toBe('')
  })

  it('cuts pushes that wait for delivery', async () => {
    const { connect, metrics, producer, server } = await serveEdge()
    producer.holdDelivery()
    const client = connect().write(rawPush(pushBody({}, { wait_for_send: true })))
    await producer.admitted(1)

    await server.close()
    producer.deliver()
    await metrics.observed(1)

    expect(await client.closed()).toBe('')
    expect(metrics.pushes).toMatchObject([{ mode: 'sync', status: 499 }])
  })
})

describe('pushes while draining', () => {
  it('are refused with Retry-After, and their connections closed', async () => {
    const { connect, producer } = await serveEdge({ isDraining: () => true })
    const client = connect().write(rawPush(pushBody()))

    const response = await client.response()
    await client.closed()

    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('1')
    expect(response.headers.get('connection')).toBe('close')
    expect(parseReply(response)).toMatchObject({ status: 'error', error_code: 50304 })
    expect(producer.calls).toBe(0)
  })
})

function setImmediatePromise(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
