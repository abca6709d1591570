import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { ProduceCall } from '../../../src/producer/kafkajs/produce-call.ts'

describe('ProduceCall', () => {
  it('is not sent on a closed connection, which kafkajs notices later', () => {
    const call = new ProduceCall({ leader: 1, batches: [] })
    const socket = new Socket().destroy()

    expect(() => {
      call.sendOn(socket)
    }).toThrow('the connection was lost before the request was sent')
    expect(call.wasSent).toBe(false)
  })
})
