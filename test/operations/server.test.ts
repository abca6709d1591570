import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { OPERATIONS_LIMITS, type ServerLimits } from '../../src/http/limits.ts'
import { CLOSE_GRACE_MS } from '../../src/operations/close-grace.ts'
import { OperationsServer } from '../../src/operations/server.ts'
import { ManualClock } from '../telemetry/logging/manual-clock.ts'
import { FakeHttpLog } from '../support/http-edge.ts'
import { RawClient } from '../support/raw-client.ts'

const HOST = '127.0.0.1'

const log = new FakeHttpLog()

const answerOk: http.RequestListener = (_request, response) => {
  response.end('ok')
}

describe('OperationsServer', () => {
  test('serves on the port it returns until it is closed', async () => {
    const server = new OperationsServer({ app: answerOk, clock: new ManualClock(), log })

    const port = await server.listen(HOST, 0)
    const response = await fetch(`http://${HOST}:${port}/`)
    await server.close()

    expect(await response.text()).toBe('ok')
    await expect(fetch(`http://${HOST}:${port}/`)).rejects.toThrow()
  })

  test('refuses a port that is taken, naming key and address', async () => {
    const first = new OperationsServer({ app: answerOk, clock: new ManualClock(), log })
    const second = new OperationsServer({ app: answerOk, clock: new ManualClock(), log })
    const port = await first.listen(HOST, 0)

    await expect(second.listen(HOST, port)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(
        `http.metrics_port: port ${port} is taken on ${HOST}`,
      ) as string,
    })

    await second.close()
    await first.close()
  })

  test('lets a reply under way finish when closed', async () => {
    const clock = new ManualClock()
    const arrived = Promise.withResolvers<http.ServerResponse>()
    const server = new OperationsServer({
      app: (_request, response) => {
        arrived.resolve(response)
      },
      clock,
      log,
    })
    const port = await server.listen(HOST, 0)

    const response = fetch(`http://${HOST}:${port}/`)
    const reply = await arrived.promise
    const closed = server.close()
    reply.end('late')

    expect(await (await response).text()).toBe('late')
    await closed
    expect(clock.pendingTimers).toBe(0)
  })

  test('cuts off a reply that does not finish in time', async () => {
    const clock = new ManualClock()
    const arrived = Promise.withResolvers<http.ServerResponse>()
    const server = new OperationsServer({
      app: (_request, response) => {
        arrived.resolve(response)
      },
      clock,
      log,
    })
    const port = await server.listen(HOST, 0)
    const socket = net.connect(port, HOST)
    socket.write(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`)
    await arrived.promise
    const disconnected = once(socket, 'close')

    const closed = server.close()
    clock.advance(CLOSE_GRACE_MS)
    await closed

    await disconnected
    expect(socket.bytesRead).toBe(0)
  })

  test('does not wait for idle keep-alive connections when closed', async () => {
    const clock = new ManualClock()
    const server = new OperationsServer({ app: answerOk, clock, log })
    const port = await server.listen(HOST, 0)
    const agent = new http.Agent({ keepAlive: true })
    const [response] = (await once(http.get({ host: HOST, port, agent }), 'response')) as [
      http.IncomingMessage,
    ]
    await once(response.resume(), 'end')

    await server.close()

    expect(clock.pendingTimers).toBe(0)
    agent.destroy()
  })
})

describe('the operations port', () => {
  const serve = async (limits: Partial<ServerLimits>) => {
    const server = new OperationsServer({
      ...{ app: answerOk, clock: systemClock, log },
      limits: { ...OPERATIONS_LIMITS, ...limits },
    })
    const port = await server.listen(HOST, 0)
    const strangers: RawClient[] = []
    onTestFinished(async () => {
      for (const stranger of strangers) stranger.destroy()
      await server.close()
    })
    return {
      port,
      connect: () => {
        const stranger = new RawClient(port)
        strangers.push(stranger)
        return stranger
      },
    }
  }

  test('answers probes while other clients hold all connections that the limit allows', async () => {
    const { port, connect } = await serve({ maxConnections: 8 })
    const strangers = Array.from({ length: 32 }, connect)

    const statuses = []
    for (let n = 0; n < 16; n += 1) statuses.push(await probe(port))

    expect(statuses).toEqual(Array.from({ length: 16 }, () => 200))
    await Promise.all(strangers.slice(0, 24).map((stranger) => stranger.closed()))
  })

  test('answers a client that ends its side right after its request', async () => {
    const { connect } = await serve({})

    const replies = await connect().write('GET / HTTP/1.0\r\n\r\n').end().responses(Infinity)

    expect(replies.map(({ status }) => status)).toEqual([200])
  })

  test('gives clients 4 s to send the head of a request', () => {
    const { headersTimeoutMs, timeoutCheckIntervalMs } = OPERATIONS_LIMITS

    expect(headersTimeoutMs + timeoutCheckIntervalMs).toBeLessThanOrEqual(4000)
  })
})

/** Asks on a connection of its own, as Kubernetes does. */
async function probe(port: number): Promise<number> {
  const client = new RawClient(port)
  const { status } = await client.write('GET /livez HTTP/1.1\r\nHost: h\r\n\r\n').response()
  client.destroy()
  return status
}
