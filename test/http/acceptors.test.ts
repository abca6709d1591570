import { describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { CAN_SHARE_PORT } from '../../src/http/acceptors.ts'
import { HttpServer } from '../../src/http/http-server.ts'
import { settle } from '../support/fake-clock.ts'
import { FakeHttpLog, pushBody, rawPush, serveEdge, type ServedEdge } from '../support/http-edge.ts'

const NEWCOMERS = 64

/** Opens many connections at once; returns the most that were accepted in one turn of the event loop. */
async function mostAcceptedInATurn({ connect, server }: ServedEdge): Promise<number> {
  let most = 0
  let accepted = 0
  for (let n = 0; n < NEWCOMERS; n += 1) connect()
  while (accepted < NEWCOMERS) {
    await settle()
    const { idle } = server.connectionCounts
    most = Math.max(most, idle - accepted)
    accepted = idle
  }
  return most
}

describe.runIf(CAN_SHARE_PORT)('a server that many come to at once', () => {
  it('accepts several connections in one turn of the event loop', async () => {
    const most = await mostAcceptedInATurn(await serveEdge({}, { acceptsPerTurn: 8 }))

    expect(most).toBeGreaterThan(1)
    expect(most).toBeLessThanOrEqual(8)
  })

  it('accepts one in each turn where it has one socket, as Node does', async () => {
    const most = await mostAcceptedInATurn(await serveEdge({}, { acceptsPerTurn: 1 }))

    expect(most).toBe(1)
  })
})

describe('a server whose port has several sockets', () => {
  it('shares its port with no other server', async () => {
    const { port } = await serveEdge({}, { acceptsPerTurn: 8 })
    const other = new HttpServer({
      app: () => undefined,
      clock: systemClock,
      log: new FakeHttpLog(),
    })
    onTestFinished(() => other.close())

    await expect(other.listen(port, '127.0.0.1')).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })

  it('has stopped once the connections of all of them are closed', async () => {
    const { connect, server } = await serveEdge({}, { acceptsPerTurn: 8 })
    const clients = Array.from({ length: 20 }, connect)
    const replies = clients.map((client) => client.write(rawPush(pushBody())).response())
    await Promise.all(replies)

    await server.stopAccepting()
    const received = await Promise.all(clients.map((client) => client.closed()))

    expect(received).toEqual(clients.map(() => ''))
  })

  it('accepts connections on none of them after retire', async () => {
    const { connect, server } = await serveEdge({}, { acceptsPerTurn: 8 })
    const retired = server.retire()
    const clients = Array.from({ length: 20 }, connect)

    const received = await Promise.all(clients.map((client) => client.closed()))
    await retired

    expect(received).toEqual(clients.map(() => ''))
    expect(server.connectionCounts).toMatchObject({ active: 0, idle: 0 })
  })
})
