import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import type { Reply } from '../../src/http/edge/dialect.ts'
import { ReplyBatch } from '../../src/http/reply-batch.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { FakeHttpLog } from '../support/http-edge.ts'

const replyOf = (status: number): Reply => ({ status, contentType: 'text/plain', body: '{}' })
const newResponse = (): ServerResponse => new ServerResponse(new IncomingMessage(new Socket()))

describe('ReplyBatch', () => {
  it('ends all replies of a turn at its end', async () => {
    const clock = new FakeClock()
    const replies = new ReplyBatch(clock, new FakeHttpLog())
    const responses = [newResponse(), newResponse()]

    for (const response of responses) replies.send(response, 'id', replyOf(200))
    const endedBefore = responses.map(({ writableEnded }) => writableEnded)
    await clock.advance(0)

    expect(endedBefore).toEqual([false, false])
    expect(responses.map(({ writableEnded }) => writableEnded)).toEqual([true, true])
  })

  it('begins a reply at once, so that nothing else replies', () => {
    const response = newResponse()

    new ReplyBatch(new FakeClock(), new FakeHttpLog()).send(response, 'id', replyOf(503), [
      'Retry-After',
      '1',
    ])

    expect(response.headersSent).toBe(true)
    expect(response.statusCode).toBe(503)
  })

  it('ends the replies of the next turn too', async () => {
    const clock = new FakeClock()
    const replies = new ReplyBatch(clock, new FakeHttpLog())
    replies.send(newResponse(), 'id', replyOf(200))
    await clock.advance(0)
    const later = newResponse()

    replies.send(later, 'id', replyOf(200))
    await clock.advance(0)

    expect(later.writableEnded).toBe(true)
  })

  it('sends the other replies of a turn when one cannot be written, and cuts its connection', async () => {
    const clock = new FakeClock()
    const log = new FakeHttpLog()
    const replies = new ReplyBatch(clock, log)
    const [first, broken, last] = [newResponse(), newResponse(), newResponse()]
    const bug = new Error('cannot write')
    broken.end = () => {
      throw bug
    }

    for (const response of [first, broken, last]) replies.send(response, 'id', replyOf(200))
    await clock.advance(0)

    expect([first, last].map(({ writableEnded }) => writableEnded)).toEqual([true, true])
    expect(broken.req.socket.destroyed).toBe(true)
    expect(log.lines).toMatchObject([{ level: 'error', fields: { error: bug } }])
  })
})
