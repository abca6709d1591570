import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { ReplyBatch } from '../../src/http/reply-batch.ts'
import { FakeClock } from '../support/fake-clock.ts'

const newResponse = (): ServerResponse => new ServerResponse(new IncomingMessage(new Socket()))

describe('ReplyBatch', () => {
  it('ends all replies of a turn at its end', async () => {
    const clock = new FakeClock()
    const replies = new ReplyBatch(clock)
    const responses = [newResponse(), newResponse()]

    for (const response of responses) replies.send(response, 'id', 200, '{}')
    const endedBefore = responses.map(({ writableEnded }) => writableEnded)
    await clock.advance(0)

    expect(endedBefore).toEqual([false, false])
    expect(responses.map(({ writableEnded }) => writableEnded)).toEqual([true, true])
  })

  it('begins a reply at once, so that nothing else replies', () => {
    const response = newResponse()

    new ReplyBatch(new FakeClock()).send(response, 'id', 503, '{}', ['Retry-After', '1'])

    expect(response.headersSent).toBe(true)
    expect(response.statusCode).toBe(503)
  })

  it('ends the replies of the next turn too', async () => {
    const clock = new FakeClock()
    const replies = new ReplyBatch(clock)
    replies.send(newResponse(), 'id', 200, '{}')
    await clock.advance(0)
    const later = newResponse()

    replies.send(later, 'id', 200, '{}')
    await clock.advance(0)

    expect(later.writableEnded).toBe(true)
  })
})
