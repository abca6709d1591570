import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import { HeldBody } from '../../src/http/body.ts'
import { createBodyBudget } from '../../src/http/body-budget.ts'
import type { ByteBudget } from '../../src/http/byte-budget.ts'
import { MAX_BODY_BYTES, parseReply, pushBody, rawPush, serveEdge } from '../support/http-edge.ts'

/** Room for two bodies of this size, and not for three. */
const LARGE = pushBody({ data: 'x'.repeat(MAX_BODY_BYTES - 100) }, { wait_for_send: true })
const inFlight = (): { bodyBudget: ByteBudget } => ({
  bodyBudget: createBodyBudget({
    ...{ maxBodyBytes: MAX_BODY_BYTES, bytesInFlight: 2 * MAX_BODY_BYTES, clock: systemClock },
  }),
})

describe('the memory for request bodies', () => {
  it('is taken until the records are admitted, and beyond it pushes are refused', async () => {
    const { connect, producer } = await serveEdge(inFlight())
    const release = producer.holdAdmission()
    const waiting = [connect().write(rawPush(LARGE)), connect().write(rawPush(LARGE))]
    await producer.called(2)

    const client = connect().write(rawPush(LARGE))
    const refused = await client.response()
    release()
    const admitted = await Promise.all(waiting.map((other) => other.response()))
    const retried = await client.write(rawPush(LARGE)).response()

    expect(refused.status).toBe(503)
    expect(refused.headers.get('retry-after')).toBe('1')
    expect(parseReply(refused).error_code).toBe(50305)
    expect(admitted.map(({ status }) => status)).toEqual([200, 200])
    expect(retried.status).toBe(200)
  })

  it('is that of no text once the records are made, however long they wait for room', async () => {
    const { connect, producer } = await serveEdge(inFlight())
    const drop = vi.spyOn(HeldBody.prototype, 'drop')
    onTestFinished(() => {
      drop.mockRestore()
    })
    const release = producer.holdAdmission()
    const client = connect().write(rawPush(LARGE))
    await producer.called(1)

    const body = drop.mock.contexts[0] as HeldBody | undefined
    const bytesWhileWaiting = body?.bytes.length
    release()
    const reply = await client.response()

    expect(bytesWhileWaiting).toBe(0)
    expect(reply.status).toBe(200)
  })

  it('is free again while pushes wait for delivery', async () => {
    const { connect, producer } = await serveEdge(inFlight())
    producer.holdDelivery()
    const clients = [1, 2, 3, 4].map(() => connect().write(rawPush(LARGE)))

    await producer.admitted(4)
    producer.deliver()
    const replies = await Promise.all(clients.map((client) => client.response()))

    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200])
  })

  it('is free again after whatever was refused', async () => {
    const { connect } = await serveEdge(inFlight())
    const refused = ['{', '[]', pushBody({ topic: '' }), '\u00ff'].map((text) =>
      text.padEnd(60_000),
    )

    for (const body of [...refused, ...refused]) await connect().write(rawPush(body)).response()
    const reply = await connect()
      .write(rawPush(pushBody().padEnd(MAX_BODY_BYTES)))
      .response()

    expect(reply.status).toBe(200)
  })
})
