/** What clients of the API v3 of the Confluent REST Proxy send, and the receipts that they get. */
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Permissions } from '../../../../src/ingest/permissions.ts'
import { deliveryError, RDKAFKA } from '../../../../src/producer/delivery-errors.ts'
import {
  DEFAULT_SETTINGS,
  type EdgeOverrides,
  MAX_BODY_BYTES,
  serveEdge,
} from '../../../support/http-edge.ts'

const PATH = '/v3/clusters/c-1/topics/t/records'

async function serve(overrides: EdgeOverrides = {}) {
  const edge = await serveEdge(overrides)
  const send = async (body: string, target = PATH, type = 'application/json') => {
    const url = `http://127.0.0.1:${edge.port}${target}`
    const response = await fetch(url, { method: 'POST', headers: { 'Content-Type': type }, body })
    const text = await response.text()
    return { status: response.status, text, receipts: receiptsOf(text) }
  }
  return { edge, send }
}

function receiptsOf(text: string): readonly unknown[] {
  return text.split('\r\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as unknown]))
}

const value = (data: unknown, type = 'JSON'): object => ({ value: { type, data } })

describe('a record', () => {
  it('gets a receipt that says where it is', async () => {
    const { edge, send } = await serve()
    const record = {
      ...{ partition_id: 2, timestamp: '2026-01-31T12:00:00.123+01:00' },
      headers: [
        { name: 'h', value: 'AAE=' },
        { name: 'h', value: null },
      ],
      key: { type: 'BINARY', data: 'a2V5' },
      value: { type: 'STRING', data: 'é' },
    }

    expect(await send(JSON.stringify(record))).toEqual({
      status: 200,
      text: expect.stringMatching(/^\{.*\}\r\n$/) as string,
      receipts: [
        {
          ...{ error_code: 200, cluster_id: 'c-1', topic_name: 't', partition_id: 2, offset: 0 },
          timestamp: '2026-01-31T11:00:00.123Z',
          key: { type: 'BINARY', size: 3 },
          value: { type: 'STRING', size: 2 },
        },
      ],
    })
    expect(edge.producer.records).toEqual([
      {
        ...{ topic: 't', partition: 2, key: Buffer.from('key'), value: 'é' },
        timestampMs: Date.parse('2026-01-31T11:00:00.123Z'),
        headers: [
          { key: 'h', value: Buffer.from([0, 1]) },
          { key: 'h', value: null },
        ],
      },
    ])
  })

  it('in JSON is stored as it was written', async () => {
    const { edge, send } = await serve()

    await send('{"value": {"type":"JSON", "data": {"n": 12345678901234567890, "n": 1} }}')

    expect(edge.producer.records).toMatchObject([
      { value: '{"n": 12345678901234567890, "n": 1}', key: null },
    ])
  })

  it('of nothing but a key deletes that', async () => {
    const { edge, send } = await serve()
    const key = { key: { type: 'STRING', data: 'k' } }

    const { receipts } = await send(
      JSON.stringify(key) + JSON.stringify({ ...key, ...value(null) }),
    )

    expect(receipts).toMatchObject([{ error_code: 200 }, { error_code: 200 }])
    expect(receipts[0]).not.toHaveProperty('value')
    expect(edge.producer.records).toMatchObject([
      { key: 'k', value: null },
      { key: 'k', value: null },
    ])
  })

  it('gets the trace context of its request', async () => {
    const { edge } = await serve({ settings: { ...DEFAULT_SETTINGS, propagateTrace: true } })
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

    await fetch(`http://127.0.0.1:${edge.port}${PATH}`, {
      ...{ method: 'POST', body: JSON.stringify(value(1)) },
      headers: { 'Content-Type': 'application/json', traceparent },
    })

    expect(edge.producer.records).toMatchObject([
      { headers: [{ key: 'traceparent', value: traceparent }] },
    ])
  })
})

describe('several records', () => {
  it('get their receipts in order, also those that failed', async () => {
    const { edge, send } = await serve()
    edge.producer.refuseNth(1, deliveryError(RDKAFKA.unknownTopic))
    const records = [value(1), value(2), { valeu: 1 }, value(3)]

    const { status, receipts } = await send(records.map((one) => JSON.stringify(one)).join('\r\n'))

    expect(status).toBe(200)
    expect(receipts).toMatchObject([
      { error_code: 200, offset: 0 },
      { error_code: 40_403, message: expect.stringContaining('UnknownTopic') as string },
      { error_code: 400, message: 'value is missing; unknown field "valeu"' },
      { error_code: 200, offset: 1 },
    ])
    expect(edge.log.lines).toMatchObject([
      {
        msg: 'records failed, and the receipt of each has its error',
        fields: { failed_records: 2 },
      },
    ])
  })

  it('are produced while the body arrives, and each gets its receipt at once', async () => {
    const { edge } = await serve()
    const sending = request({
      ...{ host: '127.0.0.1', port: edge.port, path: PATH, method: 'POST' },
      headers: { 'Content-Type': 'application/json' },
    })
    const responded = once(sending, 'response')
    sending.write(JSON.stringify(value(1)))
    const [response] = (await responded) as [IncomingMessage]
    const pieces = response[Symbol.asyncIterator]()

    expect(String((await pieces.next()).value)).toContain('"offset":0')
    sending.write(JSON.stringify(value(2)).slice(0, 9))
    sending.write(JSON.stringify(value(2)).slice(9))
    expect(String((await pieces.next()).value)).toContain('"offset":1')
    sending.end()
    expect(await pieces.next()).toMatchObject({ done: true })

    expect(response.statusCode).toBe(200)
    expect(edge.producer.records).toHaveLength(2)
  })

  it('before something that is none keep their receipts', async () => {
    const { edge, send } = await serve()

    const { status, receipts } = await send(`${JSON.stringify(value(1))}oops`)

    expect(status).toBe(200)
    expect(receipts).toMatchObject([
      { error_code: 200 },
      { error_code: 400, message: 'each record must be a JSON object, one after the other' },
    ])
    expect(edge.producer.records).toHaveLength(1)
  })

  it('of a client that leaves are produced all the same', async () => {
    const { edge } = await serve()
    edge.producer.holdDelivery()
    const client = edge.connect()
    client.write(
      `POST ${PATH} HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n${JSON.stringify(value(1))}`,
    )
    await edge.producer.admitted(1)
    client.abort()
    await edge.metrics.observed(1)

    expect(edge.metrics.pushes).toMatchObject([{ status: 499 }])
    edge.producer.deliver()
  })
})

describe('a client that never reads its receipts', () => {
  it('is read no further, and its connection is cut', async () => {
    const edge = await serveEdge(
      {},
      { stalledReaderTimeoutMs: 300, timeoutCheckIntervalMs: 50, minReadBytesPerSecond: 1 },
    )
    const socket = connect(edge.port, '127.0.0.1').pause()
    onTestFinished(() => {
      socket.destroy()
    })
    socket.on('error', () => undefined)
    const closed = new Promise((resolve) => socket.once('close', resolve))
    const records = JSON.stringify(value(1)).repeat(500)
    const chunk = `${records.length.toString(16)}\r\n${records}\r\n`
    socket.write(
      `POST ${PATH} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n`,
    )
    let written = 0
    while (!socket.destroyed) {
      written += chunk.length
      if (socket.write(chunk)) continue
      await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), closed])
    }

    // What the buffers of both sides hold.
    expect(written).toBeLessThan(32 * 1_048_576)
  }, 60_000)
})

describe('a receipt says what is wrong', () => {
  const record = (fields: object): string => JSON.stringify({ ...value(1), ...fields })
  it.each([
    ['with no JSON', '{"value":}', 400, 'the record is not JSON: line 1, column 10'],
    [
      'with a name twice',
      '{"value":{"type":"JSON","type":"JSON","data":1}}',
      400,
      'the name "type" twice',
    ],
    [
      'with an unknown type',
      JSON.stringify(value(1, 'AVRO')),
      400,
      'value.type must be BINARY, JSON or STRING',
    ],
    ['without a type', '{"value":{"data":1}}', 400, 'value.type must be BINARY, JSON or STRING'],
    ['without data', '{"value":{"type":"JSON"}}', 400, 'value.data is missing'],
    [
      'with a value that is no object',
      '{"value":1}',
      400,
      'value must be an object with type and data',
    ],
    [
      'with no base64',
      JSON.stringify(value('?', 'BINARY')),
      400,
      'value.data must be padded base64',
    ],
    [
      'with a number as text',
      JSON.stringify(value(1, 'STRING')),
      400,
      'value.data must be a string',
    ],
    [
      'with a wrong partition',
      record({ partition_id: 'x' }),
      400,
      'partition_id must be an integer',
    ],
    [
      'with a wrong time',
      record({ timestamp: 1_700_000_000_000 }),
      400,
      'timestamp must be a time as in RFC 3339',
    ],
    [
      'with a time that does not exist',
      record({ timestamp: '2026-02-31T99:00:00Z' }),
      400,
      'timestamp must be a time',
    ],
    [
      'with a day that does not exist',
      record({ timestamp: '2026-02-30T00:00:00Z' }),
      400,
      'timestamp must be a time',
    ],
    [
      'with a time long ago',
      record({ timestamp: '1999-01-01T00:00:00Z' }),
      400,
      'timestamp is before 2000-01-01',
    ],
    [
      'with a partition below 0',
      record({ partition_id: -1 }),
      400,
      'partition_id must be an integer',
    ],
    ['with headers that are no list', record({ headers: {} }), 400, 'headers must be a list'],
    [
      'with a header without a name',
      record({ headers: [{ value: 'AA==' }] }),
      400,
      'a header’s name is missing',
    ],
    ['without anything', '{}', 400, 'value is missing'],
    ['that is too long', record({ x: 'x'.repeat(MAX_BODY_BYTES) }), 413, 'http.max_body_bytes'],
  ])('%s', async (_, body, code, message) => {
    // prettier-ignore
    const { edge, send } = await serve()

    const { status, receipts } = await send(body + JSON.stringify(value(2)))

    expect(status).toBe(200)
    expect(receipts).toMatchObject([
      { error_code: code, message: expect.stringContaining(message) as string },
      { error_code: 200 },
    ])
    expect(edge.producer.records).toHaveLength(1)
  })
})

describe('a request', () => {
  it.each([
    ['of another type', '{}', PATH, 'text/plain', 415],
    ['without a record', ' ', PATH, 'application/json', 400],
    ['that is no object', '[]', PATH, 'application/json', 400],
    ['that ends too early', '{"value"', PATH, 'application/json', 400],
    ['to what is no topic', '{}', PATH.replace('/t/', '/a%20b/'), 'application/json', 400],
  ])('%s is refused as a whole', async (_, body, target, type, status) => {
    const { edge, send } = await serve()

    const { status: got, receipts } = await send(body, target, type)

    expect(got).toBe(status)
    expect(receipts).toMatchObject([{ error_code: status, message: expect.any(String) as string }])
    expect(edge.producer.calls).toBe(0)
  })

  it('for a topic that its client may not write to gets 403 in each receipt', async () => {
    const acl = [{ principals: ['nobody'], topics: ['*'], allow: ['produce' as const] }]
    const { send } = await serve({ permissions: new Permissions({ acl, topics: [] }) })

    expect(await send(JSON.stringify(value(1)))).toMatchObject({
      ...{ status: 200, receipts: [{ error_code: 403 }] },
    })
  })
})

describe('a batch', () => {
  const entry = (id: string, fields: object = value(1)): object => ({ id, ...fields })
  const batch = (...entries: readonly object[]): string => JSON.stringify({ entries })

  it('is answered 207, with those that failed beside the others', async () => {
    const { edge, send } = await serve()
    edge.producer.refuseNth(1, deliveryError(RDKAFKA.messageSizeTooLarge))
    const body = batch(entry('a'), entry('b', value('x', 'STRING')), entry('c', {}), entry('d'))

    const { status, receipts } = await send(body, `${PATH}:batch`)

    expect(status).toBe(207)
    expect(receipts).toMatchObject([
      {
        successes: [
          { id: 'a', error_code: 200, offset: 0, value: { type: 'JSON', size: 1 } },
          { id: 'd', error_code: 200, offset: 1 },
        ],
        failures: [
          { id: 'b', error_code: 413 },
          {
            id: 'c',
            error_code: 400,
            message: expect.stringContaining('value is missing') as string,
          },
        ],
      },
    ])
  })

  it('keeps the bytes of JSON', async () => {
    const { edge, send } = await serve()

    await send(
      '{"entries":[{"id":"1","value":{"type":"JSON","data":{"a": 1e400}}},{"id":"2","value":{"type":"JSON","data":[ ]}}]}',
      `${PATH}:batch`,
    )

    expect(edge.producer.records).toMatchObject([{ value: '{"a": 1e400}' }, { value: '[ ]' }])
  })

  it.each([
    ['no JSON', '{', 400],
    ['no entries', '{}', 400],
    ['an empty list', batch(), 400],
    ['an entry without an id', batch(value(1)), 400],
    ['a wrong id', batch(entry('a b')), 400],
    ['an id twice', batch(entry('a'), entry('a')), 400],
    ['a list twice', '{"entries":[],"entries":[]}', 400],
    ['too many', batch(...Array.from({ length: 101 }, (_, n) => entry(String(n)))), 413],
  ])('of %s is refused as a whole', async (_, body, status) => {
    const { edge, send } = await serve()

    expect(await send(body, `${PATH}:batch`)).toMatchObject({
      ...{ status, receipts: [{ error_code: status }] },
    })
    expect(edge.producer.calls).toBe(0)
  })
})
