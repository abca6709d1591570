/** What clients of the Confluent REST Proxy (API v2), of Strimzi's bridge and of Karapace send, and what they are told. */
import { describe, expect, it } from 'vitest'
import { Permissions } from '../../../src/ingest/permissions.ts'
import { deliveryError, RDKAFKA } from '../../../src/producer/delivery-errors.ts'
import { DEFAULT_SETTINGS, type EdgeOverrides, serveEdge } from '../../support/http-edge.ts'

const JSON_TYPE = 'application/vnd.kafka.json.v2+json'
const BINARY_TYPE = 'application/vnd.kafka.binary.v2+json'
const TEXT_TYPE = 'application/vnd.kafka.text.v2+json'
const SCHEMAS = { key_schema_id: null, value_schema_id: null }

async function serve(overrides: EdgeOverrides = {}) {
  const edge = await serveEdge(overrides)
  const send = async (target: string, body: string, type: string | undefined = JSON_TYPE) => {
    const lines = [
      `POST ${target} HTTP/1.1`,
      ...['Host: h', 'Accept: application/vnd.kafka.v2+json, application/json'],
      ...(type === '' ? [] : [`Content-Type: ${type}`]),
      `Content-Length: ${Buffer.byteLength(body)}`,
    ]
    const client = edge.connect().write(`${lines.join('\r\n')}\r\n\r\n${body}`)
    const { status, headers, body: text } = await client.response()
    return {
      ...{ status, type: headers.get('content-type'), headers },
      reply: (text === '' ? undefined : JSON.parse(text)) as unknown,
    }
  }
  return { edge, send }
}

const bodyOf = (...records: readonly object[]): string => JSON.stringify({ records })

describe('a request', () => {
  it('in JSON has keys and values stored as they were written, and is told where they are', async () => {
    const { edge, send } = await serve()
    const body =
      '{"records": [{"value": {"n": 12345678901234567890, "n":1}}, {"key": "k", "value": "a", "partition": 2}]}'

    expect(await send('/topics/t', body)).toMatchObject({
      ...{ status: 200, type: 'application/vnd.kafka.v2+json' },
      reply: {
        offsets: [
          { partition: 0, offset: 0, error_code: null, error: null },
          { partition: 2, offset: 1, error_code: null, error: null },
        ],
        ...SCHEMAS,
      },
    })
    expect(edge.producer.records).toMatchObject([
      { topic: 't', key: null, value: '{"n": 12345678901234567890, "n":1}', headers: [] },
      { topic: 't', key: '"k"', value: '"a"', partition: 2 },
    ])
    expect(edge.metrics.received).toEqual([
      ['sync', 't'],
      ['sync', 't'],
    ])
  })

  it('in binary has them in base64', async () => {
    const { edge, send } = await serve()

    expect(
      await send('/topics/t', bodyOf({ key: 'AAE=', value: '/w==' }), BINARY_TYPE),
    ).toMatchObject({ status: 200 })
    expect(edge.producer.records).toMatchObject([
      { key: Buffer.from([0, 1]), value: Buffer.from([0xff]) },
    ])
  })

  it('as text has them as they are', async () => {
    const { edge, send } = await serve()

    await send('/topics/t', bodyOf({ key: 'k', value: 'é' }), TEXT_TYPE)

    expect(edge.producer.records).toMatchObject([{ key: 'k', value: 'é' }])
  })

  it('may have a null value, headers in base64, and a timestamp', async () => {
    const { edge, send } = await serve()
    const headers = [
      { key: 'b', value: 'dmFsdWUx' },
      { key: 'a', value: null },
      { key: 'b', value: '' },
    ]

    expect(
      await send('/topics/t', bodyOf({ value: null, headers, timestamp: 1_700_000_000_001 })),
    ).toMatchObject({ status: 200 })

    expect(edge.producer.records).toEqual([
      {
        ...{ topic: 't', partition: undefined, key: null, value: null },
        timestampMs: 1_700_000_000_001,
        headers: [
          { key: 'b', value: Buffer.from('value1') },
          { key: 'a', value: null },
          { key: 'b', value: Buffer.alloc(0) },
        ],
      },
    ])
  })

  it('to a partition is for that one', async () => {
    const { edge, send } = await serve()

    expect(await send('/topics/t/partitions/7', bodyOf({ value: 1 }))).toMatchObject({
      ...{ status: 200, reply: { offsets: [{ partition: 7, offset: 0 }] } },
    })
    expect(edge.producer.records).toMatchObject([{ partition: 7 }])
  })

  it('with async=true is answered 204 once its records are admitted', async () => {
    const { edge, send } = await serve()
    edge.producer.holdDelivery()

    const { status, reply, headers } = await send('/topics/t?async=true', bodyOf({ value: 1 }))

    expect([status, reply, headers.get('content-length')]).toEqual([204, undefined, undefined])
    expect(edge.producer.records).toHaveLength(1)
    expect(edge.metrics.received).toEqual([['async', 't']])
    await edge.metrics.observed(1)
    expect(edge.log.lines).toEqual([])
  })

  it.each([
    ['application/vnd.kafka.v2+json', bodyOf({ value: 'AA==' })],
    ['application/vnd.kafka+json', bodyOf({ value: 'AA==' })],
    ['application/vnd.kafka.json+json', bodyOf({ value: {} })],
    ['application/vnd.kafka.json.v1+json', bodyOf({ value: {} })],
    ['Application/Vnd.Kafka.JSON.v2+json; charset=utf-8', bodyOf({ value: {} })],
  ])('may have the type %s', async (type, body) => {
    const { send } = await serve()

    expect(await send('/topics/t', body, type)).toMatchObject({ status: 200 })
  })
})

describe('a refusal', () => {
  it.each([
    ['no type', '', 415],
    ['plain JSON', 'application/json', 415],
    ['another version', 'application/vnd.kafka.json.v3+json', 415],
    ['another form', 'application/vnd.kafka.binary.v2+foo', 415],
    ['no form', 'application/vnd.kafka', 415],
    ['what needs schemas', 'application/vnd.kafka.avro.v2+json', 415],
    ['a form', 'application/x-www-form-urlencoded', 415],
  ])('of %s', async (_, type, status) => {
    const { edge, send } = await serve()

    const answer = await send('/topics/t', bodyOf({ value: 1 }), type)

    expect(answer).toMatchObject({
      ...{ status, type: 'application/vnd.kafka.v2+json' },
      reply: { error_code: status, message: expect.any(String) as string },
    })
    expect(Object.keys(answer.reply as object)).toEqual(['error_code', 'message'])
    expect(edge.producer.calls).toBe(0)
  })

  const record = (fields: object): string => bodyOf({ value: 1 }, { value: 1, ...fields })
  it.each<[string, string, number, string, string?, string?]>([
    ['no JSON', '{', 400, 'the body is not JSON: line 1, column 2'],
    ['nothing', '', 400, 'the request has no body'],
    ['no object', '[]', 422, 'the body must be a JSON object'],
    ['no records', '{}', 422, 'records must be an array of at least one record'],
    ['an empty list', bodyOf(), 422, 'records must be an array of at least one record'],
    [
      'a name twice',
      '{"records":[{"value":1,"value":2}]}',
      422,
      'the object has the name "value" twice',
    ],
    [
      'two lists',
      '{"records":[{"value":1}],"records":[{"value":2}]}',
      422,
      'the name "records" twice',
    ],
    [
      'a misspelt value',
      bodyOf({ valur: 1 }),
      422,
      'records[0]: value is missing; unknown field "valur"',
    ],
    ['a record with a key only', bodyOf({ key: 'k' }), 422, 'records[0]: value is missing'],
    ['no record', bodyOf([]), 422, 'records[0]: a record must be a JSON object'],
    [
      'a wrong partition',
      record({ partition: 'x' }),
      422,
      'records[1]: partition must be an integer',
    ],
    ['a wrong timestamp', record({ timestamp: 'x' }), 422, 'records[1]: timestamp must be'],
    [
      'headers as an object',
      record({ headers: { a: 'b' } }),
      422,
      'records[1]: headers must be a list',
    ],
    [
      'a header that is not in base64',
      record({ headers: [{ key: 'a', value: '?' }] }),
      42205,
      'records[1]: headers[0].value must be padded base64',
    ],
    [
      'a value that is not in base64',
      bodyOf({ value: 'not base64' }),
      42205,
      'records[0]: value must be padded base64',
      BINARY_TYPE,
    ],
    [
      'a number as text',
      bodyOf({ value: 1 }),
      422,
      'records[0]: value must be a string',
      TEXT_TYPE,
    ],
    [
      'two partitions',
      bodyOf({ value: 1, partition: 0 }),
      422,
      'the path has a partition, and so has the record',
      JSON_TYPE,
      '/topics/t/partitions/0',
    ],
    [
      'a partition that is no number',
      bodyOf({ value: 1 }),
      422,
      'partition must be an integer',
      JSON_TYPE,
      '/topics/t/partitions/karel',
    ],
    [
      'a topic that is none',
      bodyOf({ value: 1 }),
      422,
      'topic must be',
      JSON_TYPE,
      '/topics/a%20b',
    ],
    [
      'a wrong parameter',
      bodyOf({ value: 1 }),
      422,
      'async must be true or false',
      JSON_TYPE,
      '/topics/t?async=1',
    ],
    [
      'too many records',
      bodyOf(...Array.from({ length: 101 }, () => ({ value: 1 }))),
      413,
      'the request has 101 records',
    ],
  ])('of %s says what is wrong', async (_, body, code, message, type, target = '/topics/t') => {
    // prettier-ignore
    const { edge, send } = await serve()

    expect(await send(target, body, type)).toMatchObject({
      status: code > 999 ? Math.floor(code / 100) : code,
      reply: { error_code: code, message: expect.stringContaining(message) as string },
    })
    expect(edge.producer.calls).toBe(0)
  })

  it('of one record leaves the others with http.invalid_records: refuse_record', async () => {
    const { send } = await serve({
      settings: { ...DEFAULT_SETTINGS, invalidRecords: 'refuse_record' },
    })

    expect(await send('/topics/t', bodyOf({ value: 1 }, { key: 1 }, { value: 2 }))).toMatchObject({
      status: 200,
      reply: {
        offsets: [
          { offset: 0, error_code: null },
          { partition: null, offset: null, error_code: 50_002 },
          { offset: 1, error_code: null },
        ],
      },
    })
  })

  it('while kprf stops is 503', async () => {
    const { send } = await serve({ isDraining: () => true })

    expect(await send('/topics/t', bodyOf({ value: 1 }))).toMatchObject({
      ...{ status: 503, reply: { error_code: 503 } },
    })
  })
})

describe('a record that fails', () => {
  it.each([
    ['of an unknown topic', RDKAFKA.unknownTopic, 40_401],
    ['of an unknown partition', RDKAFKA.unknownPartition, 40_402],
    ['that is too large', RDKAFKA.messageSizeTooLarge, 413],
    ['that found no room', RDKAFKA.queueFull, 50_003],
    ['that timed out', RDKAFKA.messageTimedOut, 50_003],
  ])('%s has its number, and the status is 200', async (_, number, code) => {
    const { edge, send } = await serve()
    edge.producer.refuseNth(1, deliveryError(number))

    const { status, reply } = await send('/topics/t', bodyOf({ value: 1 }, { value: 2 }))

    const text = expect.stringContaining('Message production error') as string
    expect(status).toBe(200)
    expect(reply).toEqual({
      offsets: [
        { partition: 0, offset: 0, error_code: null, error: null },
        { partition: null, offset: null, error_code: code, error: text, message: text },
      ],
      ...SCHEMAS,
    })
    expect(edge.log.lines).toMatchObject([
      { level: 'warn', msg: 'records failed, and the reply has the error of each' },
    ])
  })

  it('because its client may not write to the topic is 40301, and the status 403', async () => {
    const permissions = new Permissions({
      ...{ acl: [{ principals: ['nobody'], topics: ['*'], allow: ['produce'] }], topics: [] },
    })
    const { send } = await serve({ permissions })

    expect(await send('/topics/t', bodyOf({ value: 1 }))).toMatchObject({
      ...{ status: 403, reply: { offsets: [{ error_code: 40_301 }], error_code: 40_301 } },
    })
  })

  it('of a client that does not wait sets the status', async () => {
    const { edge, send } = await serve()
    edge.producer.refuseNth(0, deliveryError(RDKAFKA.queueFull))

    const { status, headers, reply } = await send(
      '/topics/t?async=true',
      bodyOf({ value: 1 }, { value: 2 }),
    )

    expect([status, headers.get('retry-after')]).toEqual([503, '1'])
    expect(reply).toMatchObject({
      offsets: [{ error_code: 50_003 }, { partition: null, offset: null, error_code: null }],
      error_code: 503,
    })
  })

  it('sets the status with all others, if http.rest.fail_request_when_all_fail is set', async () => {
    const rest = { failRequestWhenAllFail: true }
    const { edge, send } = await serve({ settings: { ...DEFAULT_SETTINGS, rest } })
    edge.producer.refuseNext(3, deliveryError(RDKAFKA.queueFull))

    const two = bodyOf({ value: 1 }, { value: 2 })
    expect(await send('/topics/t', two)).toMatchObject({ status: 503 })
    expect(await send('/topics/t', two)).toMatchObject({ status: 200 })
  })
})
