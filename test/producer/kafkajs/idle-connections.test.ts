import { describe, expect, it } from 'vitest'
import { IdleConnections } from '../../../src/producer/kafkajs/idle-connections.ts'
import { SocketEnd } from '../../../src/producer/kafkajs/sockets.ts'
import { FakeClock } from '../../support/fake-clock.ts'

/** The part of a connection that is checked. */
class FakeConnection {
  readonly socket = {
    bytesRead: 0,
    bytesWritten: 0,
    destroyed: false,
    end: undefined as unknown,
    destroy(reason: unknown): void {
      this.destroyed = true
      this.end = reason
    },
  }
  readonly requestQueue = { inflight: new Map<number, unknown>(), pending: [] as unknown[] }
}

function watch(maxIdleMs: number): {
  clock: FakeClock
  connection: FakeConnection
  idle: IdleConnections
} {
  const clock = new FakeClock()
  const connection = new FakeConnection()
  const idle = new IdleConnections(maxIdleMs, { clock, connections: () => [connection as never] })
  idle.start()
  return { clock, connection, idle }
}

describe('IdleConnections', () => {
  it('closes an idle connection at most a quarter of the time late', async () => {
    const { clock, connection } = watch(1_000)

    await clock.advance(999)
    const before = connection.socket.destroyed
    await clock.advance(251)

    expect(before).toBe(false)
    expect(connection.socket.destroyed).toBe(true)
    expect(connection.socket.end).toMatchObject({ reason: 'intended' } satisfies Partial<SocketEnd>)
  })

  it.each([['bytesRead'], ['bytesWritten']] as const)('keeps one whose %s grows', async (name) => {
    const { clock, connection } = watch(1_000)

    for (let n = 0; n < 10; n += 1) {
      connection.socket[name] += 1
      await clock.advance(900)
    }

    expect(connection.socket.destroyed).toBe(false)
  })

  it('keeps a connection that waits for an answer, and for the whole time after it', async () => {
    const { clock, connection } = watch(1_000)
    connection.requestQueue.inflight.set(1, {})
    await clock.advance(5_000)
    connection.requestQueue.inflight.clear()

    await clock.advance(999)
    const before = connection.socket.destroyed
    await clock.advance(251)

    expect(before).toBe(false)
    expect(connection.socket.destroyed).toBe(true)
  })

  it('keeps one on which a request is held back', async () => {
    const { clock, connection } = watch(1_000)
    connection.requestQueue.pending.push({})

    await clock.advance(5_000)

    expect(connection.socket.destroyed).toBe(false)
  })

  it('does not check when connections may be idle for ever', () => {
    expect(watch(0).clock.timers).toBe(0)
  })

  it('checks no more than ten times a second, however short the time is', async () => {
    const { clock, connection } = watch(1)

    await clock.advance(199)
    const before = connection.socket.destroyed
    await clock.advance(1)

    expect(before).toBe(false)
    expect(connection.socket.destroyed).toBe(true)
  })

  it('leaves no timer', async () => {
    const { clock, idle } = watch(1_000)
    await clock.advance(300)

    idle.close()

    expect(clock.timers).toBe(0)
  })
})
