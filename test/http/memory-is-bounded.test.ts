import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { HeldBody } from '../../src/http/body.ts'
import { createBodyBudget } from '../../src/http/body-budget.ts'
import type { ByteBudget } from '../../src/http/byte-budget.ts'
import { UNCOUNTED_REPLY_BYTES } from '../../src/http/reply-room.ts'
import { largestReplyBytes } from '../../src/http/push/record-elements.ts'
import { deliveryError, RDKAFKA } from '../../src/producer/delivery-errors.ts'
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

  it('does not include the text once the records are made, however long they wait for room', async () => {
    const { connect, producer } = await serveEdge(inFlight())
    const drop = vi.spyOn(HeldBody.prototype, 'drop')
    onTestFinished(() => {
      drop.mockRestore()
    })
    const release = producer.holdAdmission()
    const client = connect().write(rawPush(LARGE))
    await producer.called(1)

    const [body] = drop.mock.contexts as HeldBody[]
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

describe('the memory for replies', () => {
  const RECORDS = 1_000
  const settings = {
    maxBodyBytes: MAX_BODY_BYTES,
    maxRecordsPerRequest: RECORDS,
    maxCompressionRatio: 100,
    maxTopicsPerRequest: RECORDS,
    unknownFields: 'ignore',
    allowOldTimestamps: false,
    invalidRecords: 'refuse_request',
    replies: 'readme',
  } as const
  const pushOf = (count: number, record: object, push: object = {}): Buffer =>
    rawPush(JSON.stringify({ records: new Array(count).fill(record), ...push }))
  const valid = { topic: 'orders', data: '' }
  const sync = { wait_for_send: true }
  /** Room for the replies of three pushes of 1,000 records of one address, and hardly more. */
  const roomForThree = {
    settings,
    replyBytesInFlight: 6 * largestReplyBytes(RECORDS) + UNCOUNTED_REPLY_BYTES,
  }
  const OVERLOADED = {
    error_code: 50305,
    message: expect.stringContaining('unread replies of this client address fill') as string,
    errors: [{ outcome: 'not_persisted' }],
  }

  it('is taken before anything is produced: a push whose reply has no room is refused with 503', async () => {
    const { connect, producer } = await serveEdge(roomForThree)
    producer.holdDelivery()
    const waiting = [1, 2, 3].map(() => connect().write(pushOf(RECORDS, valid, sync)))
    await producer.admitted(3 * RECORDS)

    const client = connect().write(pushOf(RECORDS, valid, sync))
    const refused = await client.response()
    const small = await connect().write(pushOf(1, valid)).response()
    const producedMeanwhile = producer.records.length
    producer.deliver()
    await Promise.all(waiting.map((other) => other.response()))
    const retried = await client.write(pushOf(RECORDS, valid, sync)).response()

    expect(refused.status).toBe(503)
    expect(refused.headers.get('retry-after')).toBe('1')
    expect(parseReply(refused)).toMatchObject(OVERLOADED)
    expect(small.status).toBe(200)
    expect(producedMeanwhile).toBe(3 * RECORDS + 1)
    expect(retried.status).toBe(200)
  })

  it('is taken for offsets too: there is no room for three pushes that ask for them', async () => {
    const { connect, producer } = await serveEdge(roomForThree)
    producer.holdDelivery()
    const body = pushOf(RECORDS, valid, { ...sync, return_offsets: true })
    const waiting = [1, 2].map(() => connect().write(body))
    await producer.admitted(2 * RECORDS)

    const refused = await connect().write(body).response()
    producer.deliver()
    const replies = await Promise.all(waiting.map((other) => other.response()))

    expect(parseReply(refused)).toMatchObject(OVERLOADED)
    for (const reply of replies) expect(parseReply(reply).offsets).toHaveLength(RECORDS)
  })

  it.each([
    ['delivered', {}, 200],
    ['admitted', { wait_for_send: false }, 200],
    ['refused by the producer', {}, 503],
    ['invalid', {}, 422],
  ] as const)('is free again after replies to pushes that were %s', async (what, push, status) => {
    const { connect, producer } = await serveEdge(roomForThree)
    const client = connect()
    const record = what === 'invalid' ? {} : valid
    const replies: number[] = []

    for (let round = 0; round < 10; round += 1) {
      if (what === 'refused by the producer') {
        producer.refuseNext(RECORDS, deliveryError(RDKAFKA.queueFull))
      }
      const reply = await client.write(pushOf(RECORDS, record, { ...sync, ...push })).response()
      expect(reply.body).not.toContain('50305')
      replies.push(reply.status)
    }

    expect(replies).toEqual(new Array(10).fill(status))
  })

  it('is free again once clients have left that waited for delivery', async () => {
    const { connect, producer, metrics } = await serveEdge(roomForThree)
    producer.holdDelivery()
    const gone = [1, 2, 3].map(() => connect().write(pushOf(RECORDS, valid, sync)))
    await producer.admitted(3 * RECORDS)

    for (const client of gone) client.abort()
    let answered
    do {
      answered = await connect().write(pushOf(RECORDS, valid)).response()
    } while (answered.status === 503)
    const observedBefore = metrics.pushes.filter(({ status }) => status === 499).length
    producer.deliver()

    expect(answered.status).toBe(200)
    expect(observedBefore).toBe(0)
  })

  it('is free again after a bug in the producer, with an unknown outcome', async () => {
    const { connect, producer } = await serveEdge(roomForThree)
    const replies: number[] = []

    for (let round = 0; round < 3; round += 1) {
      producer.failNextCall(new Error('a bug'))
      const reply = await connect()
        .write(pushOf(RECORDS, valid, sync))
        .response()
      expect(parseReply(reply).errors).toMatchObject([{ error_code: 50000, outcome: 'unknown' }])
      replies.push(reply.status)
    }

    expect(replies).toEqual([500, 500, 500])
  })

  it('is bounded for replies to invalid pushes, too, which are refused when there is no room', async () => {
    const { connect, producer } = await serveEdge(roomForThree)
    producer.holdDelivery()
    const waiting = [1, 2, 3].map(() => connect().write(pushOf(RECORDS, valid, sync)))
    await producer.admitted(3 * RECORDS)

    const refused = await connect().write(pushOf(RECORDS, {})).response()
    producer.deliver()
    await Promise.all(waiting.map((other) => other.response()))

    expect(parseReply(refused)).toMatchObject(OVERLOADED)
  })
})
