import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { DISCARD_MAX_BYTES } from '../../src/http/limits.ts'
import { MAX_BODY_BYTES, parseReply, pushBody, rawPush, serveEdge } from '../support/http-edge.ts'

interface Case {
  /** The refused feature; the rest of the request is valid. */
  readonly fact: string
  readonly body: string | Buffer
  readonly headers?: Readonly<Record<string, string>>
  readonly status: number
  readonly code: number
  /** Part of the message. */
  readonly says?: string
  readonly rejectsUnknownFields?: boolean
}

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
const records = (count: number): string =>
  JSON.stringify({ records: Array.from({ length: count }, () => ({ topic: 't', data: '' })) })
const topics = (count: number): string =>
  JSON.stringify({
    records: Array.from({ length: count }, (_, n) => ({ topic: `t${n}`, data: '' })),
  })
const manyHeaders = Object.fromEntries(Array.from({ length: 1_001 }, (_, n) => [`h${n}`, 'v']))
const manyKeys = JSON.stringify(
  Object.fromEntries(Array.from({ length: 200_000 }, (_, n) => [`k${n}`, n])),
)
const BOMB = Buffer.alloc(16 * 1024 * 1024)

const CASES: readonly Case[] = [
  // 1, 2: JSON
  {
    fact: 'malformed JSON',
    body: '{"records":]',
    status: 400,
    code: 40001,
    says: 'line 1, column 12',
  },
  {
    fact: 'truncated JSON',
    body: '{"records":[{"topic":"t"',
    status: 400,
    code: 40001,
    says: 'the body ends there',
  },
  {
    fact: 'JSON put into a string unescaped',
    body: '{"records": [{"topic": "SOME_TOPIC", "data": "{"\\a"\\: "\\b"\\}"}],\n"wait_for_send": false}',
    status: 400,
    code: 40001,
    says: "line 1, column 49: expected ',' or '}' after the value (a double quote inside a string",
  },
  // 3
  {
    fact: 'invalid UTF-8 inside a string',
    body: Buffer.from(pushBody({ data: '\u00ff' }), 'latin1'),
    status: 400,
    code: 40002,
  },
  {
    fact: 'an overlong UTF-8 form',
    body: Buffer.from(pushBody({ data: '\u00c0\u0080' }), 'latin1'),
    status: 400,
    code: 40002,
  },
  {
    fact: 'a surrogate written as UTF-8',
    body: Buffer.from(pushBody({ data: '\u00ed\u00a0\u0080' }), 'latin1'),
    status: 400,
    code: 40002,
  },
  { fact: 'one byte that is not UTF-8', body: Buffer.from([0xff]), status: 400, code: 40002 },
  {
    fact: 'UTF-16 with a byte order mark',
    body: Buffer.from(`\ufeff${pushBody()}`, 'utf16le'),
    status: 400,
    code: 40002,
    says: 'the body is UTF-16 or UTF-32: encode it as UTF-8',
  },
  {
    fact: 'UTF-16 without a byte order mark',
    body: Buffer.from(pushBody(), 'utf16le'),
    status: 400,
    code: 40002,
    says: 'the body is UTF-16 or UTF-32: encode it as UTF-8',
  },
  {
    fact: 'UTF-16 in the other byte order',
    body: Buffer.from(`\ufeff${pushBody()}`, 'utf16le').swap16(),
    status: 400,
    code: 40002,
    says: 'the body is UTF-16 or UTF-32: encode it as UTF-8',
  },
  {
    fact: 'gzip without its Content-Encoding',
    body: gzipSync(pushBody()),
    status: 400,
    code: 40002,
    says: 'the body is compressed with gzip: say so in the header Content-Encoding',
  },
  {
    fact: 'much gzip without its Content-Encoding, whose bytes look deeply nested',
    body: Buffer.concat([gzipSync(''), Buffer.alloc(1_000, '[')]),
    status: 400,
    code: 40002,
    says: 'the body is compressed with gzip',
  },
  {
    fact: 'gzip in gzip, with one Content-Encoding',
    body: gzipSync(gzipSync(pushBody())),
    headers: { 'Content-Encoding': 'gzip' },
    status: 400,
    code: 40002,
    says: 'compress it only once',
  },
  {
    fact: 'deflate without its Content-Encoding',
    body: deflateSync(pushBody()),
    status: 400,
    code: 40002,
    says: 'the body is compressed with deflate',
  },
  {
    fact: 'zstd without a Content-Encoding',
    body: zstdCompressSync(pushBody()),
    status: 400,
    code: 40002,
    says: 'the body is compressed with zstd: say so in the header Content-Encoding',
  },
  // 4
  { fact: 'a top-level number', body: '1', status: 422, code: 42201 },
  { fact: 'a top-level string', body: '"records"', status: 422, code: 42201 },
  { fact: 'a top-level array', body: '[]', status: 422, code: 42201 },
  { fact: 'a top-level null', body: 'null', status: 422, code: 42201 },
  // 5
  { fact: 'an empty body', body: '', status: 400, code: 40003 },
  {
    fact: 'an empty compressed body',
    body: '',
    headers: { 'Content-Encoding': 'gzip' },
    status: 400,
    code: 40003,
  },
  {
    fact: 'a body that decompresses to nothing',
    body: gzipSync(''),
    headers: { 'Content-Encoding': 'gzip' },
    status: 400,
    code: 40003,
  },
  // 7, 8
  ...['text/plain', 'multipart/form-data; boundary=x', 'application/jsonp', 'nonsense'].map(
    (type) => ({
      fact: `Content-Type ${type}`,
      body: pushBody(),
      headers: { 'Content-Type': type },
      status: 415,
      code: 41501,
    }),
  ),
  {
    fact: 'the Content-Type of a form, which curl sends by itself',
    body: pushBody(),
    headers: { 'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8' },
    status: 415,
    code: 41501,
    says: 'not that of a form, which curl -d sends by default',
  },
  // 9, 12
  ...['zstandard', 'compress', 'gzip, br', 'gzip, gzip', 'constructor'].map((encoding) => ({
    fact: `Content-Encoding ${encoding}`,
    body: pushBody(),
    headers: { 'Content-Encoding': encoding },
    status: 415,
    code: 41502,
  })),
  // 10
  {
    fact: 'gzip that is none',
    body: 'no gzip',
    headers: { 'Content-Encoding': 'gzip' },
    status: 400,
    code: 40004,
  },
  {
    fact: 'gzip cut short',
    body: gzipSync(pushBody()).subarray(0, -9),
    headers: { 'Content-Encoding': 'gzip' },
    status: 400,
    code: 40004,
  },
  {
    fact: 'gzip with a wrong checksum',
    body: Buffer.concat([gzipSync(pushBody()).subarray(0, -8), Buffer.alloc(8)]),
    headers: { 'Content-Encoding': 'gzip' },
    status: 400,
    code: 40004,
  },
  {
    fact: 'deflate that is none',
    body: 'no deflate',
    headers: { 'Content-Encoding': 'deflate' },
    status: 400,
    code: 40004,
  },
  {
    fact: 'brotli that is none',
    body: 'no brotli',
    headers: { 'Content-Encoding': 'br' },
    status: 400,
    code: 40004,
  },
  // 11
  {
    fact: 'a gzip bomb',
    body: gzipSync(BOMB),
    headers: { 'Content-Encoding': 'gzip' },
    status: 413,
    code: 41301,
    says: 'bytes decompresses to more than the 65536 allowed (http.max_body_bytes)',
  },
  {
    fact: 'a deflate bomb',
    body: deflateSync(BOMB),
    headers: { 'Content-Encoding': 'deflate' },
    status: 413,
    code: 41301,
  },
  {
    fact: 'a brotli bomb',
    body: brotliCompressSync(BOMB),
    headers: { 'Content-Encoding': 'br' },
    status: 413,
    code: 41301,
  },
  // 13, 17
  {
    fact: 'a body one byte too large',
    body: pushBody().padEnd(MAX_BODY_BYTES + 1),
    status: 413,
    code: 41301,
  },
  {
    fact: '200,000 keys',
    body: manyKeys,
    status: 413,
    code: 41301,
    says: `the body has ${manyKeys.length} bytes, and 65536 are allowed (http.max_body_bytes)`,
  },
  // 15
  { fact: 'JSON nested 65 deep', body: nested(65), status: 422, code: 42202 },
  { fact: 'JSON nested 30,000 deep', body: nested(30_000), status: 422, code: 42202 },
  {
    fact: 'an unknown field nested too deep',
    body: `{"records":[],"x":${nested(64)}}`,
    status: 422,
    code: 42202,
  },
  {
    fact: "a record's unknown field nested too deep",
    body: `{"records":[{"topic":"t","data":"","x":${nested(62)}}]}`,
    status: 422,
    code: 42202,
  },
  // 16
  {
    fact: 'too many records',
    body: records(101),
    status: 413,
    code: 41303,
    says: '101 records, and 100 are allowed (http.max_records_per_request)',
  },
  {
    fact: 'too many topics',
    body: topics(51),
    status: 413,
    code: 41305,
    says: 'more than 50 topics',
  },
  // 19
  ...['__proto__', 'constructor', 'prototype'].flatMap((name) => [
    {
      fact: `${name} in the request`,
      body: `{"records":[],"${name}":{"x":1}}`,
      status: 422,
      code: 42210,
    },
    {
      fact: `${name} in a record`,
      body: `{"records":[{"topic":"t","data":"","${name}":1}]}`,
      status: 422,
      code: 42210,
    },
  ]),
  // 20
  {
    fact: 'a partition of 1e999',
    body: '{"records":[{"topic":"t","data":"","partition":1e999}]}',
    status: 422,
    code: 42204,
  },
  {
    fact: 'a timestamp of 1e999',
    body: '{"records":[{"topic":"t","data":"","timestamp":1e999}]}',
    status: 422,
    code: 42209,
  },
  ...[
    { timestamp: 1_700_000_000, says: 'before 2000-01-01: send milliseconds, not seconds' },
    { timestamp: 946_684_799_999, says: 'before 2000-01-01' },
    { timestamp: 0, says: 'before 2000-01-01' },
    { timestamp: 1_700_000_000_000_000, says: 'integer of milliseconds since 1970' },
    { timestamp: 253_402_300_800_000, says: 'year 9999' },
    { timestamp: -1, says: 'integer of milliseconds' },
    { timestamp: 1_700_000_000_000.5, says: 'integer of milliseconds' },
  ].map(({ timestamp, says }) => ({
    fact: `a timestamp of ${timestamp}`,
    body: pushBody({ timestamp }),
    ...{ status: 422, code: 42209, says },
  })),
  {
    fact: 'a timestamp that is a string',
    body: pushBody({ timestamp: '1700000000000' }),
    status: 422,
    code: 42209,
  },
  // 21
  {
    fact: 'a lone surrogate in data',
    body: '{"records":[{"topic":"t","data":"\\ud800"}]}',
    status: 400,
    code: 40005,
  },
  {
    fact: 'a lone surrogate in a key',
    body: '{"records":[{"topic":"t","data":"","key":"\\udc00x"}]}',
    status: 400,
    code: 40005,
  },
  {
    fact: 'a lone surrogate in a header name',
    body: '{"records":[{"topic":"t","data":"","headers":{"\\ud800":""}}]}',
    status: 400,
    code: 40005,
  },
  {
    fact: 'a lone surrogate in a header value',
    body: '{"records":[{"topic":"t","data":"","headers":{"h":"\\ud800"}}]}',
    status: 400,
    code: 40005,
  },
  // 22
  { fact: 'records missing', body: '{}', status: 422, code: 42203, says: 'records is missing' },
  {
    fact: 'records misspelt',
    body: '{"record":[]}',
    status: 422,
    code: 42203,
    says: 'records is missing; unknown field "record"',
  },
  ...['{}', '"x"', 'null', '1'].map((value) => ({
    fact: `records of ${value}`,
    body: `{"records":${value}}`,
    status: 422,
    code: 42203,
  })),
  {
    fact: 'wait_for_send of 1',
    body: pushBody({}, { wait_for_send: 1 }),
    status: 422,
    code: 42201,
  },
  {
    fact: 'return_offsets of "true"',
    body: pushBody({}, { return_offsets: 'true' }),
    status: 422,
    code: 42201,
  },
  // 23
  ...['1', 'null', '"x"', '[]'].map((value) => ({
    fact: `a record of ${value}`,
    body: `{"records":[{"topic":"t","data":""},${value}]}`,
    status: 422,
    code: 42207,
    says: 'records[1]: ',
  })),
  // 24
  {
    fact: 'an unknown field of the request, if so configured',
    body: pushBody({}, { x: 1 }),
    status: 422,
    code: 42210,
    says: 'unknown field "x"; the allowed fields are records, wait_for_send',
    rejectsUnknownFields: true,
  },
  {
    fact: 'an unknown field of a record, if so configured',
    body: pushBody({ '\n': 1 }),
    status: 422,
    code: 42210,
    says: 'unknown field of 1 characters; the allowed fields are topic, data',
    rejectsUnknownFields: true,
  },
  // 25
  ...[-2, 0.5, '0', '-1', true, 2 ** 31, [0]].map((partition) => ({
    fact: `a partition of ${JSON.stringify(partition)}`,
    body: pushBody({ partition }),
    status: 422,
    code: 42204,
  })),
  // 26
  ...['a%b$c=', 'YQ', 'YQ=', 'YQ==\n', 'Y Q==', 'YR==', '-_-_', '='].map((data) => ({
    fact: `base64 of ${JSON.stringify(data)}`,
    body: pushBody({ data, encoding: 'base64' }),
    status: 422,
    code: 42205,
  })),
  {
    fact: 'a key that is not base64',
    body: pushBody({ data: '', key: 'x', encoding: 'base64' }),
    status: 422,
    code: 42205,
  },
  { fact: 'an unknown encoding', body: pushBody({ encoding: 'hex' }), status: 422, code: 42207 },
  // 27
  {
    fact: 'a header without a name',
    body: pushBody({ headers: { '': 'v' } }),
    status: 422,
    code: 42208,
  },
  ...[1, null, ['v'], {}].map((value) => ({
    fact: `a header of ${JSON.stringify(value)}`,
    body: pushBody({ headers: { h: value } }),
    status: 422,
    code: 42208,
  })),
  {
    fact: 'headers that are an array',
    body: pushBody({ headers: ['h'] }),
    status: 422,
    code: 42208,
  },
  { fact: '1,001 headers', body: pushBody({ headers: manyHeaders }), status: 422, code: 42208 },
  ...[
    { headers: [null], says: 'a list of {"key"' },
    { headers: [{ value: '' }], says: 'headers[0].key is missing' },
    { headers: [{ key: 1, value: '' }], says: 'headers[0].key must be a string' },
    { headers: [{ name: 'a', value: '' }], says: 'key is missing; unknown field "name"' },
    { headers: [{ key: '', value: '' }], says: 'must not be empty' },
    { headers: [{ key: 'a', value: '' }, { key: 'a' }], says: 'headers[1].value is missing' },
    { headers: [{ key: 'a', value: 1 }], says: 'headers[0].value must be a string or null' },
    { headers: [{ key: 'a', value: '', encoding: 'hex' }], says: 'headers[0].encoding must be' },
    {
      headers: [{ key: 'a', value: 'YQ', encoding: 'base64' }],
      code: 42205,
      says: 'headers[0].value must be padded base64',
    },
    { headers: [{ key: '\ud800', value: '' }], status: 400, code: 40005, says: 'headers[0].key' },
    {
      headers: [{ key: 'a', value: '\ud800' }],
      status: 400,
      code: 40005,
      says: 'headers[0].value',
    },
    {
      headers: new Array(1_001).fill({ key: 'a', value: '' }) as object[],
      says: 'a record has 1001 headers, and 1000 are allowed',
    },
  ].map(({ headers, status = 422, code = 42208, says }) => ({
    fact: `a list of headers: ${JSON.stringify(headers).slice(0, 50)}`,
    body: pushBody({ headers }),
    ...{ status, code, says },
  })),
  {
    fact: 'an unknown field of a header, if so configured',
    body: pushBody({ headers: [{ key: 'a', value: '', x: 1 }] }),
    status: 422,
    code: 42210,
    rejectsUnknownFields: true,
  },
  // 29
  { fact: 'a tombstone without a key', body: pushBody({ data: null }), status: 422, code: 42207 },
  {
    fact: 'data missing',
    body: '{"records":[{"topic":"t"}]}',
    status: 422,
    code: 42207,
    says: 'records[0]: data is missing',
  },
  {
    fact: 'data under another name',
    body: '{"records":[{"topic":"t","value":"x"}]}',
    status: 422,
    code: 42207,
    says: 'data is missing; unknown field "value"',
  },
  {
    fact: 'data under a long name',
    body: `{"records":[{"topic":"t","${'x'.repeat(65)}":""}]}`,
    status: 422,
    code: 42207,
    says: 'data is missing; unknown field of 65 characters',
  },
  ...[1, false, {}, []].map((data) => ({
    fact: `data of ${JSON.stringify(data)}`,
    body: pushBody({ data }),
    status: 422,
    code: 42207,
    says: 'data must be a string or null: send JSON in the field json',
  })),
  ...['', null].map((data) => ({
    fact: `json beside data of ${JSON.stringify(data)}`,
    body: pushBody({ data, key: 'k', json: 1 }),
    status: 422,
    code: 42207,
    says: 'data or json, not both',
  })),
  { fact: 'a key of 1', body: pushBody({ key: 1 }), status: 422, code: 42207 },
  // 31
  ...[
    '',
    '.',
    '..',
    '..%2f..',
    'a/b',
    'a b',
    'a\0',
    'caf\u00e9',
    'a\n',
    'x'.repeat(250),
    null,
    1,
    ['t'],
  ].map((topic) => ({
    fact: `a topic of ${JSON.stringify(topic).slice(0, 20)}`,
    body: pushBody({ topic }),
    status: 422,
    code: 42206,
  })),
  {
    fact: 'a topic missing',
    body: '{"records":[{"data":"","Topic":"t"}]}',
    status: 422,
    code: 42206,
    says: 'topic is missing; unknown field "Topic"',
  },
]

const DUPLICATES: readonly Case[] = [
  [
    'records twice',
    '{"records":[],"records":[]}',
    'line 1, column 15: the object has the name "records" twice',
  ],
  [
    'wait_for_send twice',
    '{"wait_for_send":true,"records":[],"wait_for_send":true}',
    '"wait_for_send"',
  ],
  [
    'data twice',
    '{"records":[{"topic":"t","data":"",\n "d\\u0061ta":""}]}',
    'line 2, column 2: the object has the name "data"',
  ],
  [
    'a header twice',
    '{"records":[{"topic":"t","data":"","headers":{"tag":"1","2":"","tag":"2"}}]}',
    '"tag"',
  ],
  ['an empty name twice', '{"records":[],"x":{"":1,"":1}}', 'name "" twice'],
  [
    '__proto__ twice',
    '{"records":[{"topic":"t","data":"","headers":{"__proto__":"1","__proto__":"2"}}]}',
    '"__proto__"',
  ],
  [
    'a long name twice',
    `{"records":[],"${'x'.repeat(65)}":1,"${'x'.repeat(65)}":1}`,
    'name of 65 characters twice',
  ],
  [
    'a name beyond ASCII twice',
    '{"records":[],"\u00e9":1,"\u00e9":1}',
    'name of 1 characters twice',
  ],
].map(([fact = '', body = '', says = '']) => ({ fact, body, says, status: 422, code: 42212 }))

describe('POST /push refuses', () => {
  it.each([...CASES, ...DUPLICATES])('$fact', async (example) => {
    const { connect, producer } = await serveEdge({
      settings: {
        maxBodyBytes: MAX_BODY_BYTES,
        maxRecordsPerRequest: 100,
        maxCompressionRatio: 100,
        maxTopicsPerRequest: 50,
        unknownFields: example.rejectsUnknownFields === true ? 'reject' : 'ignore',
        allowOldTimestamps: false,
        invalidRecords: 'refuse_request',
        replies: 'readme',
      },
    })

    const response = await connect().write(rawPush(example.body, example.headers)).response()

    const reply = parseReply(response)
    expect(response.status).toBe(example.status)
    expect(reply).toMatchObject({ status: 'error', error_code: example.code })
    expect(reply.message).toContain(example.says ?? '')
    expect(reply.errors.map(({ status }) => status)).not.toContain('ok')
    expect(reply.request_id).toBe(response.headers.get('x-request-id'))
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(producer.calls).toBe(0)
  })

  it.each([
    ['without Content-Type', ''],
    ['with an empty Content-Type', 'Content-Type:\r\n'],
    ['of another Content-Type', 'Content-Type: text/plain\r\n'],
  ])('a request %s that has an Origin', async (_, header) => {
    const { connect, producer } = await serveEdge()
    const body = pushBody()

    const response = await connect()
      .write(
        `POST /push HTTP/1.1\r\nHost: h\r\nOrigin: null\r\n${header}Content-Length: ${body.length}\r\n\r\n${body}`,
      )
      .response()

    expect(response.status).toBe(415)
    expect(JSON.parse(response.body)).toMatchObject({ status: 'error', error_code: 41501 })
    expect(producer.calls).toBe(0)
  })

  it('a chunked body once it is too large, and closes', async () => {
    const { connect, producer } = await serveEdge()
    const client = connect().write(rawChunkedHead())
    const chunk = `4000\r\n${' '.repeat(0x4000)}\r\n`

    for (let n = 0; n < 5; n += 1) client.write(chunk)
    const response = await client.response()
    client.write('0\r\n\r\n')
    await client.closed()

    expect(response.status).toBe(413)
    expect(response.headers.get('connection')).toBe('close')
    expect(JSON.parse(response.body)).toMatchObject({ status: 'error', error_code: 41301 })
    expect(producer.calls).toBe(0)
  })

  it('a body too large by its Content-Length before any of it arrives, and closes', async () => {
    const { connect } = await serveEdge()
    const client = connect().write(
      'POST /push HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 99999999\r\n\r\n',
    )

    const response = await client.response()

    expect(response.status).toBe(413)
    expect(response.headers.get('connection')).toBe('close')
  })

  it('a body that is too large, but lets the client send all of it before it closes', async () => {
    const { connect } = await serveEdge()
    const request = rawPush(' '.repeat(2 * MAX_BODY_BYTES))
    const client = connect().write(request.subarray(0, MAX_BODY_BYTES))

    const response = await client.response()
    await connect().write(rawPush('{')).response()
    const isClosedEarly = client.isOver
    client.write(request.subarray(MAX_BODY_BYTES))
    await client.closed()

    expect(response.status).toBe(413)
    expect(isClosedEarly).toBe(false)
  })

  it('an endless body by cutting the connection', async () => {
    const { connect } = await serveEdge()
    const head = rawPush('', { 'Content-Length': String(10 * DISCARD_MAX_BYTES) })
    const client = connect().write(head)

    const response = await client.response()
    client.write(Buffer.alloc(DISCARD_MAX_BYTES + 1))
    await client.closed()

    expect(response.status).toBe(413)
  })

  it('with one element per record, of which the invalid ones say why', async () => {
    const { connect } = await serveEdge()
    const body = JSON.stringify({
      records: [
        { topic: 't', data: '' },
        { topic: '..', data: '' },
        { topic: 't', data: '', partition: -2 },
      ],
    })

    const response = await connect().write(rawPush(body)).response()

    const { errors, message } = parseReply(response)
    expect(errors.map(({ error_code }) => error_code)).toEqual([42211, 42206, 42204])
    expect(errors[0]?.error).toBe('not sent: another record of this request is invalid')
    expect(message).toMatch(/^records\[1\]: topic must be/)
  })
})

describe('POST /push accepts', () => {
  it.each([
    { fact: 'no records', body: '{"records":[]}' },
    {
      fact: 'one name in several objects',
      body: '{"records":[{"topic":"t","data":"\\":\\"","headers":{"topic":":"}},{"topic":"t","data":""}],"x":{"x":[{"x":1}]}}',
    },
    { fact: 'unknown fields', body: pushBody({ x: [1] }, { y: { z: null } }) },
    { fact: 'a body of just the largest size', body: pushBody().padEnd(MAX_BODY_BYTES) },
    { fact: 'JSON nested 64 deep', body: `{"records":[],"x":${nested(63)}}` },
    { fact: 'as many records as allowed', body: records(100) },
    { fact: 'as many topics as allowed', body: topics(50) },
    { fact: 'a byte order mark', body: `\ufeff${pushBody()}` },
    ...[946_684_800_000, 253_402_300_799_999].map((timestamp) => ({
      fact: `a timestamp of ${timestamp}`,
      body: pushBody({ timestamp }),
      headers: {},
    })),
    { fact: 'U+FFFD itself', body: pushBody({ data: '\ufffd' }) },
    {
      fact: 'a surrogate pair written as two escapes',
      body: '{"records":[{"topic":"t","data":"\\ud83d\\ude00"}]}',
    },
    {
      fact: 'a header named __proto__',
      body: '{"records":[{"topic":"t","data":"","headers":{"__proto__":"v"}}]}',
    },
    {
      fact: 'null for optional fields',
      body: pushBody({
        key: null,
        partition: null,
        headers: null,
        timestamp: null,
        encoding: null,
      }),
    },
    ...['"UTF-8"', 'iso-8859-1', 'bogus'].map((charset) => ({
      fact: `charset ${charset}`,
      body: pushBody({ data: 'caf\u00e9' }),
      headers: { 'Content-Type': `Application/JSON ; charset=${charset}` },
    })),
    { fact: 'an empty Content-Type', body: pushBody(), headers: { 'Content-Type': '' } },
    {
      fact: 'JSON with an Origin',
      body: pushBody(),
      headers: { Origin: 'https://kprf.test' },
    },
    { fact: 'gzip', body: gzipSync(pushBody()), headers: { 'Content-Encoding': 'GZIP' } },
    { fact: 'deflate', body: deflateSync(pushBody()), headers: { 'Content-Encoding': 'deflate' } },
    { fact: 'br', body: brotliCompressSync(pushBody()), headers: { 'Content-Encoding': 'br' } },
    ...['identity', 'Identity', 'utf-8', 'UTF8', ''].map((encoding) => ({
      fact: `Content-Encoding ${JSON.stringify(encoding)}`,
      body: pushBody(),
      headers: { 'Content-Encoding': encoding },
    })),
  ])('$fact', async ({ body, headers }) => {
    const { connect } = await serveEdge()

    const response = await connect().write(rawPush(body, headers)).response()

    expect(response.status).toBe(200)
    expect(response.body).toBe('{"status":"ok","errors":[]}')
  })
})

describe('a push without Content-Type', () => {
  it('is taken as JSON', async () => {
    const { connect, producer } = await serveEdge()
    const body = pushBody()

    const response = await connect()
      .write(`POST /push HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
      .response()

    expect(response.status).toBe(200)
    expect(producer.records).toMatchObject([{ topic: 'orders', value: 'value' }])
  })
})

function rawChunkedHead(): string {
  return 'POST /push HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n'
}
