import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { boundAuthentication } from '../../../src/producer/kafkajs/authentication.ts'
import { FakeClock } from '../../support/fake-clock.ts'

/** A connection whose authentication waits for its broker, as kafkajs's does with brokers before Kafka 1.0. */
class FakeConnection {
  socket: Socket | undefined
  authHandlers: { readonly onError: () => void } | null = null

  isConnected(): boolean {
    return this.socket?.destroyed === false
  }

  connect = (): Promise<unknown> => {
    this.socket ??= new Socket().on('error', () => undefined)
    return Promise.resolve(true)
  }

  authenticate = (): Promise<void> =>
    new Promise((_, reject) => {
      this.authHandlers = {
        onError: () => {
          this.authHandlers = null
          reject(new Error('Connection closed by the server'))
        },
      }
    })
}

async function connected(): Promise<{ connection: FakeConnection; clock: FakeClock }> {
  const connection = new FakeConnection()
  const clock = new FakeClock()
  boundAuthentication(connection, clock, 5_000)
  await connection.connect()
  return { connection, clock }
}

describe('authentication', () => {
  it('ends when its connection breaks, and does not affect the next connection', async () => {
    const { connection, clock } = await connected()
    const authenticated = connection.authenticate()

    connection.socket?.destroy(new Error('reset'))

    await expect(authenticated).rejects.toThrow('closed')
    expect(connection.authHandlers).toBeNull()
    expect(clock.timers).toBe(0)
  })

  it('ends with its connection when the broker says nothing', async () => {
    const { connection, clock } = await connected()
    const authenticated = connection.authenticate()
    const failed = expect(authenticated).rejects.toThrow('closed')

    await clock.advance(4_999)
    const before = connection.socket?.destroyed
    await clock.advance(1)

    await failed
    expect(before).toBe(false)
    expect(connection.socket?.destroyed).toBe(true)
  })

  it('is watched once, however often the connection is asked to connect', async () => {
    const { connection } = await connected()

    await connection.connect()

    expect(connection.socket?.listenerCount('close')).toBe(1)
  })
})
