import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { largestReplyBytes } from '../../src/http/push/record-elements.ts'
import { RateLimiter } from '../../src/ingest/rate-limiter.ts'
import { deliveryError, RDKAFKA } from '../../src/producer/delivery-errors.ts'
import { LIBRDKAFKA_ERRORS } from '../../src/producer/librdkafka-errors.ts'
import { rateLimitsOf } from '../support/rate-limits.ts'
import {
  createEdge,
  DEFAULT_SETTINGS,
  type Edge,
  type EdgeOverrides,
} from '../support/http-edge.ts'

const createRustEdge = (
  overrides: EdgeOverrides = {},
  settings: Partial<EdgeOverrides['settings']> = {},
): Edge =>
  createEdge({ settings: { ...DEFAULT_SETTINGS, ...settings, replies: 'rust' }, ...overrides })

const OK = '{"status":"ok","errors":[]}'
const QUEUE_FULL = deliveryError(RDKAFKA.queueFull)
const record = (data: unknown): object => ({ topic: 'orders', data })
const BAD_TOPIC = { topic: 'a b', data: 'x' }
const PLAIN = 'text/plain; charset=utf-8'

async function push(
  { app }: Edge,
  body: object | string,
): Promise<{ status: number; text: string; type: string | undefined }> {
  const sent = request(app).post('/push').set('Content-Type', 'application/json')
  const { status, text, headers } = await sent.send(body)
  return { status, text, type: headers['content-type'] }
}

describe('http.replies: rust', () => {
  it('answers a synchronous push of which a record failed 500, byte for byte as the release', async () => {
    const edge = createRustEdge()
    edge.producer.refuseNth(1, QUEUE_FULL)

    const reply = await push(edge, {
      records: [record('a'), record('b'), record('c')],
      wait_for_send: true,
    })

    expect(reply).toEqual({
      status: 500,
      type: 'application/json',
      text: '{"status":"err","errors":[{"error":false,"message":null},{"error":true,"message":"Message production error: QueueFull (Local: Queue full)"},{"error":false,"message":null}]}',
    })
    expect(edge.metrics.pushes).toMatchObject([{ mode: 'sync', status: 500 }])
  })

  it('answers an asynchronous push of which a record failed 200, and logs that', async () => {
    const edge = createRustEdge()
    edge.producer.refuseNext(2, QUEUE_FULL)

    const { status, text } = await push(edge, { records: [record('a'), record('b'), record('c')] })

    expect([status, text]).toEqual([200, OK])
    expect(edge.producer.records).toHaveLength(1)
    expect(edge.log.lines).toMatchObject([
      {
        level: 'warn',
        msg: 'records failed, and their client was told ok',
        fields: {
          error_code: 50302,
          reason: 'records[0]: Message production error: QueueFull (Local: Queue full)',
          topic: 'orders',
          failed_records: 2,
        },
      },
    ])
  })

  it('says ratelimit for each record over the limit', async () => {
    const limiter = new RateLimiter([{ topicName: 'orders', maxRequestsPerMinute: 1 }])
    const edge = createRustEdge({ rateLimits: rateLimitsOf(limiter, systemClock) })

    const { status, text } = await push(edge, {
      records: [record('a'), record('b')],
      wait_for_send: true,
    })

    expect(status).toBe(500)
    expect(text).toBe(
      '{"status":"err","errors":[{"error":false,"message":null},{"error":true,"message":"ratelimit"}]}',
    )
  })

  it('answers 500 whether a record may be in Kafka or not', async () => {
    const edge = createRustEdge()
    const error = deliveryError(RDKAFKA.messageTimedOut)
    edge.producer.reportNth(0, { status: 'possiblyPersisted', error })

    const { status, text } = await push(edge, { records: [record('a')], wait_for_send: true })

    expect(status).toBe(500)
    expect(text).toBe(
      JSON.stringify({ status: 'err', errors: [{ error: true, message: error.text }] }),
    )
  })

  it('answers a synchronous push with an invalid record 500, and says of the others that they were not sent', async () => {
    const edge = createRustEdge()

    const { status, text } = await push(edge, {
      records: [record('a'), BAD_TOPIC],
      wait_for_send: true,
    })

    expect(status).toBe(500)
    expect(JSON.parse(text)).toEqual({
      status: 'err',
      errors: [
        { error: true, message: 'not sent: another record of this request is invalid' },
        { error: true, message: expect.stringContaining('topic must be') as string },
      ],
    })
    expect(edge.producer.calls).toBe(0)
  })

  it('adds offsets if they are asked for', async () => {
    const edge = createRustEdge()
    edge.producer.refuseNth(0, QUEUE_FULL)

    const { text } = await push(edge, {
      records: [record('a'), record('b')],
      wait_for_send: true,
      return_offsets: true,
    })

    expect(JSON.parse(text)).toMatchObject({
      status: 'err',
      offsets: [null, { topic: 'orders', offset: '0' }],
    })
  })

  it.each([
    ['not JSON', 'records=1', /^Request body deserialize error: the body is not JSON: line 1, /],
    ['no push', {}, /^Request body deserialize error: records is missing$/],
    [
      'a push with an invalid record',
      { records: [record('a'), record(5)], wait_for_send: true },
      /^Request body deserialize error: records\[1\]: data must be /,
    ],
    [
      'an asynchronous push with an invalid record',
      { records: [record('a'), BAD_TOPIC] },
      /^Request body deserialize error: records\[1\]: topic must be /,
    ],
  ])('answers a body that is %s 400 in plain text, and produces nothing', async (_, body, text) => {
    const edge = createRustEdge()

    const reply = await push(edge, body)

    expect(reply).toEqual({ status: 400, type: PLAIN, text: expect.stringMatching(text) as string })
    expect(edge.producer.calls).toBe(0)
  })

  it('answers another method and another content type with the sentences of the release', async () => {
    const { app } = createRustEdge()

    const method = await request(app).put('/push')
    const type = await request(app).post('/push').set('Content-Type', 'text/plain').send('x')

    expect([method.status, method.text]).toEqual([405, 'HTTP method not allowed'])
    expect(method.headers).toMatchObject({ allow: 'POST, OPTIONS', 'content-type': PLAIN })
    expect([type.status, type.text]).toEqual([415, "The request's content-type is not supported"])
  })

  it('keeps the status of what the release did not know, and Retry-After', async () => {
    const draining = createRustEdge({ isDraining: () => true })
    const large = createRustEdge({}, { maxRecordsPerRequest: 1 })

    const refused = await request(draining.app).post('/push').send({ records: [] })
    const { status, text } = await push(large, { records: [record('a'), record('b')] })

    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1'])
    expect(refused.text).toBe('kprf is shutting down and accepts no more records')
    expect(status).toBe(413)
    expect(text).toContain('http.max_records_per_request')
  })

  it('answers 500 in JSON when the producer has a bug', async () => {
    const edge = createRustEdge()
    edge.producer.failNextCall(new Error('bug'))

    const { status, text } = await push(edge, { records: [record('a')] })

    expect(status).toBe(500)
    expect(JSON.parse(text)).toMatchObject({ status: 'err', errors: [{ error: true }] })
  })

  it('has a reply within the reserved room, however many records fail', async () => {
    const longest = [...LIBRDKAFKA_ERRORS.keys()]
      .map((number) => deliveryError(number))
      .reduce((one, other) => (other.text.length > one.text.length ? other : one))
    const edge = createRustEdge({}, { maxRecordsPerRequest: 1_100 })
    edge.producer.refuseNext(1_100, longest)

    const records = new Array(1_100).fill(record('a'))
    const { text } = await push(edge, { records, wait_for_send: true })

    const { errors } = JSON.parse(text) as { errors: { message: string }[] }
    expect(errors[999]).toEqual({ error: true, message: longest.text })
    expect(errors[1_000]).toEqual({ error: true, message: `error ${longest.number}` })
    expect(largestReplyBytes(1_100)).toBeGreaterThan(text.length)
  })
})

describe('http.replies: rust with http.invalid_records: refuse_record', () => {
  const invalidRecords = 'refuse_record'
  const records = [record('a'), BAD_TOPIC, record('b')]

  it('answers a synchronous push 500, with the error in its place, and produces the others', async () => {
    const edge = createRustEdge({}, { invalidRecords })

    const { status, text } = await push(edge, { records, wait_for_send: true })

    expect(status).toBe(500)
    expect(JSON.parse(text)).toEqual({
      status: 'err',
      errors: [
        { error: false, message: null },
        { error: true, message: expect.stringContaining('topic must be') as string },
        { error: false, message: null },
      ],
    })
    expect(edge.producer.records.map(({ value }) => value)).toEqual(['a', 'b'])
  })

  it.each([
    ['data', 5],
    ['data', null],
    ['data', '\ud83d'],
    ['topic', 7],
    ['topic', undefined],
    ['key', false],
    ['partition', '1'],
    ['partition', 2 ** 31],
  ])(
    'still refuses the whole push where %s is %j, so that its client learns of it',
    async (field, value) => {
      const edge = createRustEdge({}, { invalidRecords })

      const { status } = await push(edge, {
        records: [...records, { ...record('x'), [field]: value }],
      })

      expect(status).toBe(400)
      expect(edge.producer.calls).toBe(0)
    },
  )

  it('answers an asynchronous push 200, and produces the others', async () => {
    const edge = createRustEdge({}, { invalidRecords })

    const { status, text } = await push(edge, { records })

    expect([status, text]).toEqual([200, OK])
    expect(edge.producer.records.map(({ value }) => value)).toEqual(['a', 'b'])
    expect(edge.metrics.invalid).toEqual([['async', 'INVALID_TOPIC']])
    expect(edge.log.lines).toMatchObject([{ fields: { error_code: 42206, failed_records: 1 } }])
  })
})
