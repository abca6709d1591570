/** `/topics/{topic}/ndjson`: each line is a record, and the reply says what became of each. */
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { Cors } from '../../../src/http/access/cors.ts'
import { Permissions } from '../../../src/ingest/permissions.ts'
import { idempotencyKeysOf, IdempotencyTable } from '../../../src/ingest/idempotency-table.ts'
import { deliveryError, RDKAFKA } from '../../../src/producer/delivery-errors.ts'
import { type EdgeOverrides, MAX_BODY_BYTES, serveEdge } from '../../support/http-edge.ts'
import { RateLimiter } from '../../../src/ingest/rate-limiter.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { rateLimitsOf } from '../../support/rate-limits.ts'

const PAGE = 'https://app.example.com'
const OK = { status: 'ok', errors: [], failed: 0, complete: true }

function twoOfAMinute() {
  const clock = new FakeClock()
  const limiter = new RateLimiter([{ topicName: 't', maxRequestsPerMinute: 2 }])
  return rateLimitsOf(limiter, clock)
}

async function serve(overrides: EdgeOverrides = {}) {
  const cors = new Cors({ origins: [PAGE], allowHeaders: [], maxAgeS: 1 })
  const edge = await serveEdge({ cors, ...overrides })
  const send = async (
    query: string,
    body: Buffer | string,
    headers: readonly string[] = [],
    topic = 't',
  ) => {
    const target = `/topics/${topic}/ndjson${query}`
    const lines = [`POST ${target} HTTP/1.1`, 'Host: h', ...headers]
    const bytes = Buffer.from(body)
    const head = [...lines, `Content-Length: ${bytes.length}`, '', ''].join('\r\n')
    const client = edge.connect().write(Buffer.concat([Buffer.from(head), bytes]))
    const { status, headers: replied, body: text } = await client.response()
    return { status, headers: replied, reply: JSON.parse(text) as object }
  }
  const values = () => edge.producer.records.map(({ value }) => String(value))
  return { edge, send, values }
}

describe('each line', () => {
  it('is the value of a record, as it was written', async () => {
    const { edge, send, values } = await serve()
    const lines = [
      '{"n":12345678901234567890}',
      '[1, 2]',
      '"\\u00e9"',
      ' {"a":1,"a":2} ',
      'null',
      '1e400',
    ]

    const { status, reply } = await send('', lines.join('\n') + '\n')

    expect({ status, reply }).toEqual({ status: 200, reply: { ...OK, lines: 6, produced: 6 } })
    expect(values()).toEqual(lines)
    expect(edge.producer.records[0]).toMatchObject({ topic: 't', key: null, headers: [] })
    expect(edge.metrics.received).toEqual(lines.map(() => ['sync', 't']))
  })

  it('may be empty, and is counted', async () => {
    const { send, values } = await serve()

    expect(await send('', '1\n\n\r\n2\r\n')).toMatchObject({ reply: { lines: 4, produced: 2 } })
    expect(values()).toEqual(['1', '2'])
  })

  it('that is not JSON is refused with its number, and the others are produced', async () => {
    const { edge, send, values } = await serve()

    const { status, reply } = await send('', '{"a":1}\n{"a":\n{"b":2}\noops\n')

    expect(status).toBe(400)
    expect(reply).toMatchObject({
      ...{ status: 'error', lines: 4, produced: 2, failed: 2, complete: true },
      ...{ error_code: 40_001 },
      message: 'line 2: the line is not JSON: column 6: expected a value, but the line ends there',
      errors: [
        { from_line: 2, to_line: 2, error_code: 40_001, outcome: 'not_persisted' },
        { from_line: 4, error: 'the line is not JSON: column 1: expected a value' },
      ],
    })
    expect(values()).toEqual(['{"a":1}', '{"b":2}'])
    expect(edge.metrics.invalid).toHaveLength(2)
  })

  it.each([
    ['bytes that are no UTF-8', Buffer.from([0x22, 0xff, 0x22]), 40_002],
    ['too many levels', '['.repeat(65), 42_202],
    ['a line above http.max_body_bytes', `"${'x'.repeat(MAX_BODY_BYTES)}"`, 41_302],
  ])('of %s is refused alone', async (_, line, code) => {
    const { send, values } = await serve()
    const body = Buffer.concat([Buffer.from('1\n'), Buffer.from(line), Buffer.from('\n2')])

    expect(await send('', body)).toMatchObject({
      reply: { produced: 2, failed: 1, errors: [{ from_line: 2, to_line: 2, error_code: code }] },
    })
    expect(values()).toEqual(['1', '2'])
  })

  it('is any text with text=true', async () => {
    const { send, values } = await serve()

    expect(await send('?text=true', 'a b\n{"c":\n')).toMatchObject({ status: 200 })
    expect(values()).toEqual(['a b', '{"c":'])
  })

  it('is an object as in records with envelope=true', async () => {
    const { edge, send } = await serve()
    const lines = [
      '{"data":"a","key":"k","partition":3,"headers":{"h":"1"},"timestamp":1700000000000}',
      '{"json": {"n": 12345678901234567890 }, "topic":"t"}',
      '{"data":null,"key":"gone"}',
      '{"data":"AAE=","encoding":"base64"}',
    ]

    expect(await send('?envelope=true', lines.join('\n'))).toMatchObject({ status: 200 })

    expect(edge.producer.records).toMatchObject([
      {
        ...{ topic: 't', value: 'a', key: 'k', partition: 3, timestampMs: 1_700_000_000_000 },
        headers: [{ key: 'h', value: '1' }],
      },
      { topic: 't', value: '{"n": 12345678901234567890 }' },
      { value: null, key: 'gone' },
      { value: Buffer.from([0, 1]) },
    ])
  })

  it.each([
    ['{"data":"a","topic":"other"}', 42_206],
    ['["a"]', 42_207],
    ['{"dato":"a"}', 42_207],
    ['{"data":"a","data":"b"}', 42_212],
  ])('of envelope=true is refused alone: %s', async (line, code) => {
    const { send } = await serve()

    expect(await send('?envelope=true', `${line}\n{"data":"b"}`)).toMatchObject({
      reply: { produced: 1, errors: [{ from_line: 1, error_code: code }] },
    })
  })
})

describe('the head', () => {
  it.each([
    ['?wait=yes', [], 422, 'wait must be true or false'],
    ['?wait=true&wait=true', [], 422, 'the query has wait more than once'],
    ['?text=true&envelope=true', [], 422, 'envelope and text must not both be true'],
    ['?a=%ff', [], 400, 'the query has a % that does not encode UTF-8'],
    ['', ['Origin: https://other.example'], 403, 'http.cors.origins does not list that origin'],
  ])('%s %j is refused before anything is produced', async (query, headers, status, message) => {
    const { edge, send } = await serve()

    expect(await send(query, '1\n2\n', headers)).toMatchObject({
      ...{ status, reply: { message: expect.stringContaining(message) as string } },
    })
    expect(edge.producer.calls).toBe(0)
  })

  it('with a name that is no topic is refused', async () => {
    const { send } = await serve()

    expect(await send('', '1', [], 'a%20b')).toMatchObject({ status: 422 })
  })

  it('is warned of a parameter that looks misspelt', async () => {
    const { send } = await serve()

    const { headers } = await send('?envelop=true', '1')

    expect(headers.get('kprf-warning')).toContain('did you mean "envelope"')
  })

  it('of a listed origin is let in', async () => {
    const { send } = await serve()

    expect(await send('', '1', [`Origin: ${PAGE}`])).toMatchObject({ status: 200 })
  })
})

describe('the reply', () => {
  it('comes once Kafka has the records, or with wait=false once they are admitted', async () => {
    const { edge, send } = await serve()
    edge.producer.holdDelivery()

    expect(await send('?wait=false', '1')).toMatchObject({ status: 200, reply: { produced: 1 } })
    const waiting = send('', '2')
    await edge.producer.admitted(2)
    expect(edge.metrics.pushes).toHaveLength(1)
    edge.producer.deliver()
    expect(await waiting).toMatchObject({ status: 200 })
  })

  it('names the lines that Kafka did not take, and counts those whose outcome is unknown', async () => {
    const { edge, send } = await serve()
    edge.producer.refuseNth(1, deliveryError(RDKAFKA.messageSizeTooLarge))
    edge.producer.reportNth(3, {
      ...{ status: 'possiblyPersisted', topic: 't' },
      error: deliveryError(RDKAFKA.messageTimedOut),
    })

    const { status, reply } = await send('', '1\n2\n3\n4\n5')

    expect(status).toBe(504)
    expect(reply).toMatchObject({
      ...{ lines: 5, produced: 3, failed: 2 },
      errors: [
        { from_line: 2, to_line: 2, outcome: 'not_persisted' },
        { from_line: 4, to_line: 4, outcome: 'unknown' },
      ],
    })
  })

  it('says when refused lines may be sent again', async () => {
    const { send } = await serve({ rateLimits: twoOfAMinute() })

    const { status, headers, reply } = await send('', '1\n2\n3\n4')

    expect(status).toBe(429)
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(1)
    expect(reply).toMatchObject({ produced: 2, errors: [{ from_line: 3, to_line: 4 }] })
  })

  it('is 403 for a topic that the client may not write to, and the body is not read to its end', async () => {
    const acl = [{ principals: ['nobody'], topics: ['*'], allow: ['produce' as const] }]
    const { edge, send } = await serve({ permissions: new Permissions({ acl, topics: [] }) })

    const { status, reply } = await send('', '1\n'.repeat(200_000))

    expect(status).toBe(403)
    expect(reply).toMatchObject({ produced: 0, complete: false, errors: { length: 1 } })
    expect(edge.producer.records).toEqual([])
  })

  it('tells how many lines were produced before a body broke', async () => {
    const { edge } = await serve()
    const client = edge.connect()
    client.write(
      'POST /topics/t/ndjson HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n1\n2\n3\r\n',
    )
    await edge.producer.admitted(2)

    const { status, body } = await client.write('nonsense\r\n').response()

    expect(status).toBe(400)
    expect(JSON.parse(body)).toMatchObject({
      ...{ lines: 2, produced: 2, failed: 0, complete: false, error_code: 40_000 },
      message: expect.stringMatching(/^after line 2: /) as string,
    })
    expect(edge.producer.records).toHaveLength(2)
  })

  it('is that of any refusal if the body breaks before a line ends', async () => {
    const { edge, send } = await serve()

    const { status, reply } = await send('', Buffer.from('nonsense'), ['Content-Encoding: gzip'])

    expect(status).toBe(400)
    expect(reply).toMatchObject({ status: 'error', error_code: 40_004, errors: { length: 1 } })
    expect(edge.producer.calls).toBe(0)
  })
})

describe('a body', () => {
  it('must be announced: a client that means to send until it closes is refused', async () => {
    const { edge } = await serve()
    const client = edge.connect().write('POST /topics/t/ndjson HTTP/1.0\r\n\r\n1\n2\n')

    expect(await client.response()).toMatchObject({ status: 400 })
    expect(edge.producer.calls).toBe(0)
  })

  it('in chunks of one byte is produced whole after it was held back', async () => {
    const { edge } = await serve()
    const admit = edge.producer.holdAdmission()
    const client = edge.connect()
    client.write('POST /topics/t/ndjson HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n')
    client.write('2\r\n1\n\r\n')
    await edge.producer.called(1)
    const lines = 40_000
    client.write('1\r\n1\r\n1\r\n\n\r\n'.repeat(lines) + '0\r\n\r\n')
    await new Promise((resolve) => setImmediate(resolve))
    admit()

    expect(await client.response()).toMatchObject({ status: 200 })
    expect(edge.producer.records).toHaveLength(lines + 1)
  })

  it.each([
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
  ])('may be compressed with %s, also in several parts', async (encoding, compress) => {
    const { send, values } = await serve()
    const body = Buffer.concat([compress('1\n2'), compress('3\n4\n')])

    expect(await send('', body, [`Content-Encoding: ${encoding}`])).toMatchObject({
      ...{ status: 200, reply: { produced: 3 } },
    })
    expect(values()).toEqual(['1', '23', '4'])
  })

  it('that is cut within a zstd frame is not complete', async () => {
    const { send, values } = await serve()
    const body = Buffer.concat([zstdCompressSync('1\n2\n'), zstdCompressSync('3\n')])

    expect(await send('', body.subarray(0, -1), ['Content-Encoding: zstd'])).toMatchObject({
      ...{ status: 400, reply: { produced: 2, complete: false, error_code: 40004 } },
    })
    expect(values()).toEqual(['1', '2'])
  })

  it('may be larger than http.max_body_bytes', async () => {
    const { edge, send } = await serve()
    const line = `"${'x'.repeat(999)}"\n`

    expect(await send('', line.repeat(500))).toMatchObject({ reply: { produced: 500 } })
    expect(edge.producer.records).toHaveLength(500)
  })

  it('is produced while it arrives', async () => {
    const { edge } = await serve()
    const client = edge.connect()
    client.write('POST /topics/t/ndjson HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n1\n')
    await edge.producer.admitted(1)

    const { status } = await client.write('2\n3').response()

    expect(status).toBe(200)
    expect(edge.producer.records).toHaveLength(3)
  })

  it('is not read on while the queue is full', async () => {
    const { edge } = await serve()
    const admit = edge.producer.holdAdmission()
    const client = edge.connect()
    client.write('POST /topics/t/ndjson HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n1\n')
    await edge.producer.called(1)
    client.write('2\n')
    await new Promise((resolve) => setImmediate(resolve))
    expect(edge.producer.calls).toBe(1)
    admit()

    expect(await client.response()).toMatchObject({ status: 200 })
    expect(edge.producer.records).toHaveLength(2)
  })

  it('whose client leaves produces the lines that arrived whole', async () => {
    const { edge } = await serve()
    const client = edge.connect()
    client.write('POST /topics/t/ndjson HTTP/1.1\r\nHost: h\r\nContent-Length: 90\r\n\r\n1\n{"a')
    await edge.producer.admitted(1)
    client.abort()
    await edge.metrics.observed(1)

    expect(edge.metrics.pushes).toMatchObject([{ status: 499 }])
    expect(edge.producer.records).toHaveLength(1)
  })

  it('takes no Idempotency-Key where one would mean something', async () => {
    const table = new IdempotencyTable({
      ...{ windowMs: 1_000, maxKeys: 10, unknownOutcome: 'replay', onForgotten: () => undefined },
    })
    const idempotency = {
      keys: idempotencyKeysOf(table, new FakeClock()),
      observer: { replayed: () => undefined, conflicted: () => undefined },
    }
    const { edge, send } = await serve({ idempotency })

    expect(await send('', '1', ['Idempotency-Key: a'])).toMatchObject({
      ...{ status: 400, reply: { error_code: 40_006 } },
    })
    expect(edge.producer.calls).toBe(0)
  })

  it('ends with a bug of kprf as any request does', async () => {
    const { edge, send } = await serve()
    edge.producer.failNextCall(new Error('a bug'))

    expect(await send('', '1\n2\n')).toMatchObject({ status: 500, reply: { error_code: 50_000 } })
    expect(edge.log.lines).toMatchObject([{ level: 'error' }, {}])
  })
})
