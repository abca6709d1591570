import { Socket } from 'node:net'
import type { Connection } from 'kafkajs/src/broker/index.js'
import { describe, expect, it } from 'vitest'
import { guardFraming } from '../../../src/producer/kafkajs/framing.ts'
import { FakeClock } from '../../support/fake-clock.ts'

/** Twelve bytes: a length of 8, and an answer. */
const ANSWER = Buffer.from('00000008' + '0000000100000000', 'hex')

/** A guarded connection that treats every twelve bytes as an answer. */
function guarded(): { connection: Connection; socket: Socket; clock: FakeClock } {
  const clock = new FakeClock()
  const socket = new Socket()
  socket.on('error', () => undefined)
  const connection = {
    socket,
    chunks: [] as Buffer[],
    bytesBuffered: 0,
    processData(data: Buffer) {
      const rest = Buffer.concat([...this.chunks, data])
      const whole = rest.length - (rest.length % ANSWER.length)
      this.chunks = [rest.subarray(whole)]
      this.bytesBuffered = rest.length - whole
    },
    connect: () => Promise.resolve(),
    requestQueue: { inflight: new Map(), fulfillRequest: () => undefined },
  }
  guardFraming(connection as never, { clock, maxAnswerBytes: 1_000 })
  return { connection: connection as never, socket, clock }
}

describe('half an answer', () => {
  it('ends its connection when nothing follows for two seconds', async () => {
    const { connection, socket, clock } = guarded()

    connection.processData(ANSWER.subarray(0, 6))
    await clock.advance(1_999)
    const before = socket.destroyed
    await clock.advance(1)

    expect(before).toBe(false)
    expect(socket.destroyed).toBe(true)
    expect(clock.timers).toBe(0)
  })

  it('may take longer as long as more of it comes', async () => {
    const { connection, socket, clock } = guarded()

    for (const byte of ANSWER.subarray(0, 11)) {
      connection.processData(Buffer.from([byte]))
      await clock.advance(1_500)
    }

    expect(socket.destroyed).toBe(false)
  })

  it('leaves no timer once it is whole', () => {
    const { connection, clock } = guarded()

    connection.processData(ANSWER.subarray(0, 6))
    connection.processData(ANSWER.subarray(6))

    expect(clock.timers).toBe(0)
  })

  it('leaves no timer when its connection ends', async () => {
    const { connection, socket, clock } = guarded()
    connection.processData(ANSWER.subarray(0, 6))

    socket.destroy()
    await new Promise(setImmediate)

    expect(clock.timers).toBe(0)
  })
})
