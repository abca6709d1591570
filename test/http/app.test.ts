import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { loadConfig } from '../../src/config/load.ts'
import { RateLimiter, type RateLimits } from '../../src/ingest/rate-limiter.ts'
import { deliveryError, RDKAFKA, recordTooLargeError } from '../../src/producer/delivery-errors.ts'
import type { DeliveryReport } from '../../src/producer/types.ts'
import { rateLimitsOf } from '../support/rate-limits.ts'
import { createEdge, DEFAULT_SETTINGS, type Edge, type PushReply } from '../support/http-edge.ts'

const OK = '{"status":"ok","errors":[]}'
const QUEUE_FULL = deliveryError(RDKAFKA.queueFull)
const record = (data: string): object => ({ topic: 'orders', data })

async function push(
  { app }: Edge,
  body: object,
): Promise<{ status: number; reply: PushReply; headers: Record<string, string>; text: string }> {
  const { status, headers, text } = await request(app).post('/push').send(body)
  return { status, headers, text, reply: JSON.parse(text) as PushReply }
}

describe('POST /push', () => {
  it('answers ok, byte for byte, once the records are admitted', async () => {
    const edge = createEdge()
    edge.producer.holdDelivery()

    const { status, headers, text } = await push(edge, { records: [record('a'), record('b')] })

    expect(status).toBe(200)
    expect(text).toBe(OK)
    expect(headers['content-type']).toBe('application/json')
    expect(headers['content-length']).toBe('27')
    expect(edge.producer.records.map(({ value }) => value)).toEqual(['a', 'b'])
  })

  it('hands all records of a request to the producer at once', async () => {
    const edge = createEdge()

    await push(edge, { records: [record('a'), record('b'), record('c')] })

    expect(edge.producer.calls).toBe(1)
  })

  it('makes a record of each field', async () => {
    const edge = createEdge()

    await push(edge, {
      records: [
        {
          topic: 'orders',
          data: 'dmFsdWU=',
          key: 'a2V5',
          encoding: 'base64',
          partition: 3,
          headers: { b: '1', a: '2' },
          timestamp: 1_700_000_000_000,
        },
        { topic: 'orders', data: null, key: 'k\u00e9y' },
      ],
    })

    expect(edge.producer.records).toEqual([
      {
        topic: 'orders',
        value: Buffer.from('value'),
        key: Buffer.from('key'),
        partition: 3,
        headers: [
          { key: 'b', value: '1' },
          { key: 'a', value: '2' },
        ],
        timestampMs: 1_700_000_000_000,
      },
      {
        topic: 'orders',
        value: null,
        key: 'k\u00e9y',
        partition: undefined,
        headers: [],
        timestampMs: undefined,
      },
    ])
  })

  it('keeps names, order and bytes of a list of headers, whatever the encoding of the record', async () => {
    const edge = createEdge()
    const headers = [
      { key: 'sig', value: 'AP8Q', encoding: 'base64' },
      { key: 'tag', value: '1' },
      { key: 'tag', value: '2', encoding: 'utf8' },
      { key: '10', value: 'x', encoding: null },
      { key: '2', value: null },
    ]

    await push(edge, { records: [{ topic: 'orders', data: 'YQ==', encoding: 'base64', headers }] })

    expect(edge.producer.records[0]?.headers).toEqual([
      { key: 'sig', value: Buffer.from([0, 255, 16]) },
      { key: 'tag', value: '1' },
      { key: 'tag', value: '2' },
      { key: '10', value: 'x' },
      { key: '2', value: null },
    ])
  })

  it('takes the values of an object of headers as text, also in a record in base64', async () => {
    const edge = createEdge()

    await push(edge, {
      records: [{ topic: 't', data: 'YQ==', encoding: 'base64', headers: { sig: 'AP8Q' } }],
    })

    expect(edge.producer.records[0]?.headers).toEqual([{ key: 'sig', value: 'AP8Q' }])
  })

  it.each([
    '{ "b": [1, "\\u00e9", null],  "a": {} }',
    'null',
    '""',
    'false',
    '"\\ud800"',
    '{"b":1.0,"1":1e2}',
    '12345678901234567890',
  ])('produces json of %s as it is written, whatever the encoding', async (json) => {
    const edge = createEdge()

    const { status } = await request(edge.app)
      .post('/push')
      .set('Content-Type', 'application/json')
      .send(`{"records":[{"topic":"t","json":${json},"key":"YQ==","encoding":"base64"}]}`)

    expect(status).toBe(200)
    expect(edge.producer.records).toMatchObject([{ value: json, key: Buffer.from('a') }])
  })

  it.each(['utf8', 'UTF-8', 'utf-8', null])('takes text where encoding is %j', async (encoding) => {
    const edge = createEdge()
    const headers = [{ key: 'a', value: 'b', encoding }]

    const { status } = await push(edge, { records: [{ ...record('SGk='), encoding, headers }] })

    expect(status).toBe(200)
    expect(edge.producer.records).toMatchObject([
      { value: 'SGk=', headers: [{ key: 'a', value: 'b' }] },
    ])
  })

  it('keeps timestamps of before 2000 where http.allow_old_timestamps is set', async () => {
    const edge = createEdge({ settings: { ...DEFAULT_SETTINGS, allowOldTimestamps: true } })

    await push(edge, { records: [{ ...record('a'), timestamp: 0 }] })

    expect(edge.producer.records).toMatchObject([{ timestampMs: 0 }])
  })

  it('takes partition -1 for any, and an empty list of headers for none', async () => {
    const edge = createEdge()

    await push(edge, { records: [{ ...record('a'), partition: -1, headers: [] }] })

    expect(edge.producer.records).toMatchObject([{ partition: undefined, headers: [] }])
  })

  it.each([true, false])(
    'answers ok to no records, with wait_for_send %s',
    async (wait_for_send) => {
      const edge = createEdge()

      const { status, text } = await push(edge, { records: [], wait_for_send })

      expect(status).toBe(200)
      expect(text).toBe(OK)
      expect(edge.producer.calls).toBe(0)
    },
  )

  it('waits for every delivery report with wait_for_send', async () => {
    const edge = createEdge()
    edge.producer.holdDelivery()
    let isAnswered = false

    const answer = push(edge, { records: [record('a'), record('b')], wait_for_send: true }).then(
      (reply) => {
        isAnswered = true
        return reply
      },
    )
    await edge.producer.admitted(2)
    const isAnsweredBeforeDelivery = isAnswered
    edge.producer.deliver()
    const { status, text } = await answer

    expect(isAnsweredBeforeDelivery).toBe(false)
    expect(status).toBe(200)
    expect(text).toBe(OK)
  })

  it('answers a push that waits for room only when that is over', async () => {
    const edge = createEdge()
    const release = edge.producer.holdAdmission()
    edge.producer.refuseNext(1, QUEUE_FULL)

    const answer = push(edge, { records: [record('a')] })
    release()
    const { status } = await answer

    expect(status).toBe(503)
  })
})

describe('return_offsets', () => {
  it('tells where each record went, in request order', async () => {
    const edge = createEdge()

    const { text } = await push(edge, {
      records: [
        record('a'),
        { ...record('b'), topic: 'visits', partition: 7, timestamp: 1_700_000_000_005 },
      ],
      wait_for_send: true,
      return_offsets: true,
    })

    expect(text).toBe(
      '{"status":"ok","errors":[],"offsets":[' +
        '{"topic":"orders","partition":0,"offset":"0","timestamp":1700000000000},' +
        '{"topic":"visits","partition":7,"offset":"1","timestamp":1700000000005}]}',
    )
  })

  it('has null where Kafka tells no offset', async () => {
    const edge = createEdge()
    const report: DeliveryReport = {
      status: 'persisted',
      topic: 'orders',
      partition: 1,
      offset: undefined,
      timestampMs: 5,
    }
    edge.producer.reportNth(0, report)

    const { reply } = await push(edge, {
      records: [record('a')],
      wait_for_send: true,
      return_offsets: true,
    })

    expect(reply.offsets).toEqual([{ topic: 'orders', partition: 1, offset: null, timestamp: 5 }])
  })

  it('writes offsets beyond 2^53 exactly', async () => {
    const edge = createEdge()
    const offset = 9_223_372_036_854_775_807n
    edge.producer.reportNth(0, {
      status: 'persisted',
      topic: 't',
      partition: 0,
      offset,
      timestampMs: 0,
    })

    const { text } = await push(edge, {
      records: [record('a')],
      wait_for_send: true,
      return_offsets: true,
    })

    expect(text).toContain('"offset":"9223372036854775807"')
  })

  it('tells the offsets of the delivered records when others failed, and null for those', async () => {
    const edge = createEdge()
    edge.producer.refuseNth(0, QUEUE_FULL)

    const { reply } = await push(edge, {
      records: [record('a'), record('b')],
      wait_for_send: true,
      return_offsets: true,
    })

    expect(reply.offsets).toEqual([null, expect.objectContaining({ offset: '0' })])
  })

  it('is without effect when delivery is not waited for', async () => {
    const { text } = await push(createEdge(), { records: [record('a')], return_offsets: true })

    expect(text).toBe(OK)
  })
})

describe('a push of which records fail', () => {
  it.each([true, false])(
    'has one element per record in request order, with wait_for_send %s',
    async (wait_for_send) => {
      const edge = createEdge()
      edge.producer.refuseNth(1, QUEUE_FULL)

      const { status, headers, text } = await push(edge, {
        records: [record('a'), record('b'), record('c')],
        wait_for_send,
      })

      const why = '"Message production error: QueueFull (Local: Queue full)"'
      expect(status).toBe(503)
      expect(headers['retry-after']).toBe('1')
      expect(text).toBe(
        '{"status":"error","errors":[{"status":"ok","error":""},' +
          `{"status":"error","error":${why},"message":${why},"error_code":-184,"outcome":"not_persisted"},` +
          '{"status":"ok","error":""}],"error_code":50302,' +
          '"message":"records[1]: Message production error: QueueFull (Local: Queue full)",' +
          `"request_id":"${headers['x-request-id'] ?? ''}"}`,
      )
      expect(edge.producer.records.map(({ value }) => value)).toEqual(['a', 'c'])
    },
  )

  it.each([
    { number: RDKAFKA.queueFull, status: 503, code: 50302, text: 'QueueFull (Local: Queue full)' },
    {
      number: RDKAFKA.allBrokersDown,
      status: 503,
      code: 50301,
      text: 'AllBrokersDown (Local: All broker connections are down)',
    },
    {
      number: RDKAFKA.authentication,
      status: 503,
      code: 50303,
      text: 'Authentication (Local: Authentication failure)',
    },
    {
      number: RDKAFKA.purgeQueue,
      status: 503,
      code: 50304,
      text: 'PurgeQueue (Local: Purged in queue)',
    },
    {
      number: RDKAFKA.messageTimedOut,
      status: 503,
      code: 50307,
      text: 'MessageTimedOut (Local: Message timed out)',
    },
    {
      number: RDKAFKA.messageSizeTooLarge,
      status: 413,
      code: 41302,
      text: 'MessageSizeTooLarge (Broker: Message size too large)',
    },
    {
      number: RDKAFKA.unknownTopicOrPartition,
      status: 404,
      code: 40401,
      text: 'UnknownTopicOrPartition (Broker: Unknown topic or partition)',
    },
    {
      number: RDKAFKA.unknownPartition,
      status: 404,
      code: 40402,
      text: 'UnknownPartition (Local: Unknown partition)',
    },
    {
      number: RDKAFKA.topicAuthorizationFailed,
      status: 403,
      code: 40301,
      text: 'TopicAuthorizationFailed (Broker: Topic authorization failed)',
    },
    {
      number: RDKAFKA.invalidRecord,
      status: 422,
      code: 42213,
      text: 'InvalidRecord (Broker: Broker failed to validate record)',
    },
    {
      number: RDKAFKA.invalidRequiredAcks,
      status: 502,
      code: 50201,
      text: 'InvalidRequiredAcks (Broker: Invalid required acks value)',
    },
  ])('answers $status to $text', async ({ number, status, code, text }) => {
    const edge = createEdge()
    edge.producer.reportNth(0, { status: 'notPersisted', error: deliveryError(number) })

    const answer = await push(edge, { records: [record('a')], wait_for_send: true })

    const why = `Message production error: ${text}`
    expect(answer.status).toBe(status)
    expect(answer.headers['retry-after']).toBe(status === 503 ? '1' : undefined)
    expect(answer.reply.error_code).toBe(code)
    expect(answer.reply.errors).toEqual([
      {
        ...{ status: 'error', error: why, message: why, error_code: number },
        outcome: 'not_persisted',
      },
    ])
  })

  it('gets the status that comes first in the table, and the message of that record', async () => {
    const edge = createEdge()
    edge.producer.refuseNth(0, deliveryError(RDKAFKA.messageSizeTooLarge))
    edge.producer.reportNth(1, {
      status: 'possiblyPersisted',
      error: deliveryError(RDKAFKA.messageTimedOut),
    })

    const { status, reply } = await push(edge, {
      records: [record('a'), record('b')],
      wait_for_send: true,
    })

    expect(status).toBe(504)
    expect(reply.message).toMatch(/^records\[1\]: Message production error: MessageTimedOut/)
    expect(reply.errors.map(({ error_code }) => error_code)).toEqual([10, -192])
  })

  it('says how large a record is and how large it may be, beside the text of librdkafka', async () => {
    const edge = createEdge()
    const error = recordTooLargeError(1_001, 1_000)
    edge.producer.refuseNth(0, error)

    const { status, reply } = await push(edge, { records: [record('a')] })

    const message = `${error.text}: the record has 1001 bytes, and 1000 are allowed (kafka.message_max_bytes)`
    expect(status).toBe(413)
    expect(reply.message).toBe(`records[0]: ${message}`)
    expect(reply.errors).toMatchObject([{ error: error.text, message, error_code: 10 }])
  })

  it('says of a record that timed out without being sent that Kafka does not have it', async () => {
    const edge = createEdge()
    const error = deliveryError(RDKAFKA.messageTimedOut)
    edge.producer.reportNth(0, { status: 'notPersisted', error })

    const { status, reply } = await push(edge, { records: [record('a')], wait_for_send: true })

    expect(status).toBe(503)
    expect(reply.message).toBe(
      `records[0]: not delivered, and certainly not in Kafka: ${error.text}`,
    )
  })

  it('gets the message of the first record in doubt, though another timed out before it for certain', async () => {
    const edge = createEdge()
    const error = deliveryError(RDKAFKA.messageTimedOut)
    edge.producer.reportNth(0, { status: 'notPersisted', error })
    edge.producer.reportNth(1, { status: 'possiblyPersisted', error })

    const { status, reply } = await push(edge, {
      records: [record('a'), record('b')],
      wait_for_send: true,
    })

    expect(status).toBe(504)
    expect(reply.message).toMatch(/^records\[1\]: /)
    expect(reply.errors.map(({ outcome }) => outcome)).toEqual(['not_persisted', 'unknown'])
  })

  it('is answered ok when only delivery fails and it did not wait for that', async () => {
    const edge = createEdge()
    edge.producer.reportNth(0, { status: 'notPersisted', error: deliveryError(87) })

    const { status } = await push(edge, { records: [record('a')] })

    expect(status).toBe(200)
  })

  it('is answered 500 without a detail when the producer has a bug, which is logged', async () => {
    const edge = createEdge()
    edge.producer.failNextCall(new Error('secret detail'))

    const { status, text, reply } = await push(edge, { records: [record('a')] })

    expect(status).toBe(500)
    expect(reply.error_code).toBe(50000)
    expect(text).not.toContain('secret')
    expect(edge.log.lines).toContainEqual(
      expect.objectContaining({ level: 'error', msg: 'push failed because of a bug in kprf' }),
    )
  })
})

describe('an unknown field', () => {
  const warned = async (edge: Edge, body: object): Promise<string | undefined> => {
    const { status, headers } = await push(edge, body)
    expect(status).toBe(200)
    return headers['kprf-warning']
  }

  it.each([
    ['wait_for_sent', 'wait_for_send', { records: [], wait_for_sent: true }],
    ['sync', 'wait_for_send', { records: [], sync: true }],
    ['ts', 'timestamp', { records: [{ topic: 't', data: 'd', ts: 1 }] }],
    ['waitForSend', 'wait_for_send', { records: [], waitForSend: true }],
    ['timestamp_ms', 'timestamp', { records: [{ ...record('a'), timestamp_ms: 1 }] }],
    [
      'enconding',
      'encoding',
      { records: [{ ...record('a'), headers: [{ key: 'a', value: '', enconding: 'base64' }] }] },
    ],
  ])(
    'named %s is told in a header of the reply, and once in the log',
    async (name, meant, body) => {
      const edge = createEdge()

      const warnings = [await warned(edge, body), await warned(edge, body)]

      const warning = `unknown field "${name}" is ignored: did you mean "${meant}"?`
      expect(warnings).toEqual([warning, warning])
      expect(edge.log.lines).toMatchObject([
        {
          ...{ level: 'warn', msg: 'an unknown field of a push is ignored' },
          fields: { field: name, did_you_mean: meant, request_id: expect.any(String) as string },
        },
      ])
    },
  )

  it('is told in the reply to a push that fails, and three of them at most', async () => {
    const edge = createEdge()
    edge.producer.refuseNth(0, QUEUE_FULL)
    const more = { kee: 1, heders: {}, partitions: 1, encodin: '' }

    const { status, headers } = await push(edge, { records: [{ ...record('a'), ...more }] })

    expect(status).toBe(503)
    expect(headers['retry-after']).toBe('1')
    expect(headers['kprf-warning']?.match(/did you mean/g)).toHaveLength(3)
  })

  it.each([
    ['is like no known one', { id: 1, metadata: {} }],
    ['is like one that is there', { date: '2026-01-01' }],
    ['has characters that a header or the log may not have', { 'key\n': 1, 'key"': 1 }],
  ])('is not told where it %s', async (_, more) => {
    const edge = createEdge()

    expect(await warned(edge, { records: [{ ...record('a'), ...more }] })).toBeUndefined()
    expect(edge.log.lines).toEqual([])
  })
})

describe('a rate-limited push', () => {
  const rateLimits = (): RateLimits => {
    const limiter = new RateLimiter([
      { topicName: 'orders', maxRequestsPerMinute: 2 },
      { topicName: 'visits', maxRequestsPerMinute: 1 },
    ])
    limiter.tryAdmit('visits', systemClock.nowMs())
    return rateLimitsOf(limiter, systemClock)
  }

  it('has the records over the limit refused, and the others produced', async () => {
    const edge = createEdge({ rateLimits: rateLimits() })

    const { status, headers, reply } = await push(edge, {
      records: [{ topic: 'visits', data: 'v' }, ...['a', 'b', 'c'].map(record)],
    })

    const refused = {
      ...{ status: 'error', error: 'ratelimit', message: 'ratelimit', error_code: 42901 },
      outcome: 'not_persisted',
    }
    const taken = { status: 'ok', error: '' }
    expect(status).toBe(429)
    expect(Number(headers['retry-after'])).toBeOneOf([59, 60])
    expect(reply.errors).toEqual([refused, taken, taken, refused])
    expect(reply.error_code).toBe(42901)
    expect(edge.producer.records.map(({ value }) => value)).toEqual(['a', 'b'])
    expect(edge.metrics.rateLimited).toEqual([
      ['visits', 1],
      ['orders', 1],
    ])
  })

  it('tells the fate of each record when some are refused, some fail and some are delivered', async () => {
    const edge = createEdge({ rateLimits: rateLimits() })
    edge.producer.refuseNth(1, QUEUE_FULL)

    const { status, headers, reply } = await push(edge, {
      records: [{ topic: 'visits', data: 'v' }, record('a'), record('b')],
      wait_for_send: true,
      return_offsets: true,
    })

    expect(status).toBe(503)
    expect(headers['retry-after']).toBe('1')
    expect(reply.errors.map(({ error_code }) => error_code)).toEqual([42901, undefined, -184])
    expect(reply.offsets).toEqual([null, expect.objectContaining({ offset: '0' }), null])
  })

  it('is 504 when the outcome of one record is unknown, and tells that one apart', async () => {
    const edge = createEdge({ rateLimits: rateLimits() })
    edge.producer.refuseNth(0, QUEUE_FULL)
    // Whatever the error means by itself.
    const error = deliveryError(RDKAFKA.allBrokersDown)
    edge.producer.reportNth(1, { status: 'possiblyPersisted', error })

    const { status, headers, reply } = await push(edge, {
      records: [{ topic: 'visits', data: 'v' }, record('a'), record('b'), record('c')],
      wait_for_send: true,
      return_offsets: true,
    })

    expect(status).toBe(504)
    expect(headers['retry-after']).toBeUndefined()
    expect(reply.error_code).toBe(50401)
    expect(reply.message).toBe(`records[2]: ${error.text}`)
    expect(reply.errors.map(({ error_code, outcome }) => [error_code, outcome])).toEqual([
      [42901, 'not_persisted'],
      [-184, 'not_persisted'],
      [-187, 'unknown'],
      [42901, 'not_persisted'],
    ])
    expect(reply.offsets).toEqual([null, null, null, null])
  })

  it('reaches no producer when every record is over the limit', async () => {
    const edge = createEdge({ rateLimits: rateLimits() })

    const { status } = await push(edge, { records: [{ topic: 'visits', data: 'v' }] })

    expect(status).toBe(429)
    expect(edge.producer.calls).toBe(0)
  })

  it('does not occur for topics without a rule', async () => {
    const edge = createEdge({ rateLimits: rateLimits() })

    const { status } = await push(edge, { records: [{ topic: 'other', data: '' }] })

    expect(status).toBe(200)
  })
})

describe('every reply', () => {
  it.each([
    ['POST', '/push', 200],
    ['PUT', '/push', 405],
    ['OPTIONS', '/push', 204],
    ['HEAD', '/push', 405],
    ['GET', '/', 404],
  ] as const)('to %s %s has the request id of the client', async (method, path, status) => {
    const { app } = createEdge()
    const verb = method.toLowerCase() as 'post'

    const response = await request(app)
      [verb](path)
      .set('X-Request-Id', 'my-id_1')
      .send(method === 'POST' ? { records: [] } : undefined)

    expect(response.status).toBe(status)
    expect(response.headers['x-request-id']).toBe('my-id_1')
  })

  it('has a new request id where the client sent none', async () => {
    const { headers } = await push(createEdge(), { records: [] })

    expect(headers['x-request-id']).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/)
  })

  it('forbids type sniffing and caching, and names no software', async () => {
    const { headers } = await push(createEdge(), { records: [] })

    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    })
    expect(headers).not.toHaveProperty('x-powered-by')
    expect(headers).not.toHaveProperty('etag')
  })

  it.each(['HEAD', 'GET', 'PUT'] as const)('to %s /push names what is allowed', async (method) => {
    const { app } = createEdge()

    const response = await request(app)[method.toLowerCase() as 'get']('/push')

    expect(response.headers['allow']).toBe('POST, OPTIONS')
  })

  it.each(['/', '/metrics'])('to the unknown path %s says what is where', async (path) => {
    const { app } = createEdge()

    const response = await request(app).get(path).set('X-Request-Id', 'x')

    expect(response.text).toBe(
      '{"error_code":40400,"message":"no such path: this port takes POST /push, POST /topics/:topic/raw, PUT /topics/:topic/raw, POST /topics/:topic/ndjson, ' +
        'POST /topics/:topic/events, POST /topics/:topic, POST /topics/:topic/partitions/:partition, ' +
        'POST /v3/clusters/:cluster/topics/:topic/records, POST /v3/clusters/:cluster/topics/:topic/records:batch, ' +
        'GET /topics, GET /brokers, GET /v3/clusters, GET /openapi.json, GET /docs; ' +
        'metrics and probes are on http.metrics_port","request_id":"x"}',
    )
  })

  it('does not quote what the client sent', async () => {
    const edge = createEdge()
    const canary = 'c4n4ry'
    const bodies = [
      `{"records":[${canary}`,
      `{"records":[{"topic":"${canary}!","data":"${canary}"}]}`,
      `{"records":[{"topic":"t","data":"","${canary}":"${canary}","partition":"${canary}"}]}`,
      `{"records":[{"topic":"t","data":"${canary}","encoding":"${canary}"}]}`,
    ]

    const replies = await Promise.all(
      bodies.map((body) =>
        request(edge.app).post('/push').set('Content-Type', 'application/json').send(body),
      ),
    )

    expect(replies.map(({ text }) => text).join()).not.toContain(canary)
    expect(JSON.stringify(edge.log.lines)).not.toContain(canary)
  })
})

describe('a bug before or after the reply', () => {
  const failingAt = (call: number): Clock => {
    let calls = 0
    return {
      ...systemClock,
      nowMs: () => {
        calls += 1
        if (calls === call) throw new Error('secret detail')
        return 0
      },
    }
  }

  it.each([
    { call: 1, status: 500, says: 'a bug in kprf' },
    { call: 2, status: 200, says: '"ok"' },
  ])('is logged, and answered $status without a detail', async ({ call, status, says }) => {
    const edge = createEdge({ clock: failingAt(call) })

    const answer = await push(edge, { records: [] })

    expect(answer.status).toBe(status)
    expect(answer.text).toContain(says)
    expect(answer.text).not.toContain('secret')
    expect(edge.log.lines).toMatchObject([
      { level: 'error', msg: 'request failed because of a bug in kprf' },
    ])
  })
})

describe('the defaults', () => {
  const { http } = loadConfig({ argv: ['--kafka.brokers=k'], env: {}, readFile: () => '' })

  it.each([
    ['a body of 9 MB', [record('x'.repeat(9_000_000))]],
    ['10,001 records', Array.from({ length: 10_001 }, () => record('x'))],
  ])('take %s, as the Rust kprf does', async (_what, records) => {
    const edge = createEdge({ settings: http })

    expect((await push(edge, { records })).text).toBe(OK)
  })

  it.each([
    ['bytes', [record('x'.repeat(http.maxBodyBytes))], 'http.max_body_bytes'],
    [
      'records',
      new Array<object>(http.maxRecordsPerRequest + 1).fill(record('x')),
      'http.max_records_per_request',
    ],
  ])(
    'name in the refusal of more %s the key that raises the limit',
    async (_what, records, key) => {
      const { status, reply } = await push(createEdge({ settings: http }), { records })

      expect([status, reply]).toEqual([
        413,
        expect.objectContaining({ message: expect.stringContaining(`(${key})`) as string }),
      ])
    },
  )
})

describe('metrics and log', () => {
  it('have one observation for each push, with mode, status and duration', async () => {
    const edge = createEdge()
    edge.producer.refuseNth(1, QUEUE_FULL)

    await push(edge, { records: [record('a')], wait_for_send: true })
    await push(edge, { records: [record('b')] })
    await push(edge, { records: [{}], wait_for_send: true })
    await push(edge, {})
    await request(edge.app).get('/push')

    expect(edge.metrics.pushes).toMatchObject([
      { mode: 'sync', status: 200 },
      { mode: 'async', status: 503 },
      { mode: 'sync', status: 422 },
      { mode: 'async', status: 422 },
    ])
    expect(edge.metrics.pushes.every(({ durationMs }) => durationMs >= 0)).toBe(true)
  })

  it('have a line for each push that failed, at a higher level if kprf or Kafka is at fault', async () => {
    const edge = createEdge()
    edge.producer.refuseNth(0, QUEUE_FULL)

    await push(edge, { records: [record('a')] })
    await push(edge, {})
    await push(edge, { records: [] })

    expect(edge.log.lines).toMatchObject([
      { level: 'warn', msg: 'push failed', fields: { status: 503 } },
      { level: 'info', msg: 'push refused', fields: { status: 422 } },
    ])
  })

  it.for([
    ['a record', '{"records":[{"topic":"a","data":"x"},{"topic":"b"}]}', 422, 42_207, 'b'],
    ['a record whose topic is none', '{"records":[{"topic":"a b","data":"x"}]}', 422, 42_206],
    ['its fields', '{}', 422, 42_203],
    ['its JSON', '{"records":', 400, 40_001],
    ['the producer', '{"records":[{"topic":"a","data":"x"}]}', 404, 40_401, 'a'],
    ['its bytes', ' '.repeat(DEFAULT_SETTINGS.maxBodyBytes + 1), 413, 41_301],
  ] as const)(
    'say why a push was refused for %s, under the request id of the reply',
    async ([, body, status, errorCode, topic]) => {
      const edge = createEdge()
      edge.producer.refuseNth(0, deliveryError(RDKAFKA.unknownTopic))

      const reply = await request(edge.app)
        .post('/push')
        .set('Content-Type', 'application/json')
        .send(body)

      const { message, request_id: requestId } = JSON.parse(reply.text) as {
        message: string
        request_id: string
      }
      expect(reply.status).toBe(status)
      expect(edge.log.lines).toEqual([
        {
          level: 'info',
          msg: 'push refused',
          fields: {
            ...{ status, error_code: errorCode, reason: message, topic, address: '127.0.0.1' },
            ...{ request_id: requestId, duration_ms: expect.any(Number) as number },
          },
        },
      ])
      expect(edge.log.lines[0]?.fields?.['duration_ms']).toSatisfy(Number.isInteger)
    },
  )

  it('name the topic of the record that decided the status, whenever it failed', async () => {
    const edge = createEdge()
    edge.producer.reportNth(1, {
      ...{ status: 'notPersisted', error: deliveryError(RDKAFKA.unknownTopic), topic: 'gone' },
    })

    await push(edge, {
      records: [record('a'), { topic: 'gone', data: 'b' }],
      wait_for_send: true,
    })

    expect(edge.log.lines).toMatchObject([
      { msg: 'push refused', fields: { status: 404, topic: 'gone' } },
    ])
  })

  it.for([
    ['no such path', 'post', '/produce', 404, 40_400],
    ['no such method', 'get', '/push', 405, 40_500],
  ] as const)('have a line for a request with %s', async ([, method, path, status, errorCode]) => {
    const edge = createEdge()

    const { headers } = await request(edge.app)[method](path)

    expect(edge.log.lines).toMatchObject([
      {
        level: 'info',
        msg: 'request refused',
        fields: { status, error_code: errorCode, request_id: headers['x-request-id'] },
      },
    ])
  })
})
