import { describe, expect, it } from 'vitest'
import { ProxyError } from '../../src/base/errors.ts'
import { HTTP_MAPPINGS } from '../../src/http/error-mapper.ts'
import { JsonParser } from '../../src/http/parse-json.ts'
import { jsonLimits } from '../../src/http/push/json-limits.ts'
import { parsePush } from '../../src/http/push/parse-push.ts'
import type { ProducerRecord, RecordBytes } from '../../src/producer/types.ts'
import { pushBody, rawPush, serveEdge, type ServedEdge } from '../support/http-edge.ts'
import { mutate, mutateHead, mutateJson } from '../support/mutator.ts'
import { SeededRandom, TEST_SEED } from '../support/random.ts'
import type { RawResponse } from '../support/raw-client.ts'
import { runs } from '../support/random-runs.ts'

/** TEST_SEED repeats a run, TEST_RUNS multiplies it. */
const SEED = TEST_SEED
const BODIES = runs(20_000)
const REQUESTS = runs(2_000)
const CONNECTIONS_AT_ONCE = 20
/**
 * The only statuses of the server's side that input may lead to; 501 is for foreign Transfer-Encodings,
 * 505 for other versions.
 */
const SERVER_STATUSES = [501, 503, 504, 505]

const FULL_RECORD = {
  topic: 'orders',
  data: 'v\u00e4lue \ud83d\ude00',
  key: 'key',
  partition: 1,
  headers: { trace: 'abc', other: '' },
  timestamp: 1_700_000_000_000,
  encoding: 'utf8',
}
const BODY_SEEDS = [
  pushBody(),
  pushBody(FULL_RECORD, { wait_for_send: true, return_offsets: true }),
  JSON.stringify({
    records: [{ topic: 't', json: { a: [1, 'x'] }, headers: [{ key: 'a', value: 'b' }] }],
  }),
  pushBody({ data: 'dmFsdWU=', key: 'a2V5', encoding: 'base64' }),
  JSON.stringify({ records: [FULL_RECORD, { topic: 't', data: null, key: '' }, FULL_RECORD] }),
]
const BODY_WORDS = [
  ...['null', 'true', '-1', '1e999', '9007199254740993', '0.5', '""', '[]', '{}', '[[[[', '{"a":'],
  ...['"__proto__":1,', '"constructor":{},', '"topic":"..",', '"partition":-0,', '"data":null,'],
  ...[
    '\\ud800',
    '\\udc00',
    '\\u0000',
    '\\',
    '"',
    '\u0000',
    '\ufeff',
    '\ufffd',
    '\n',
    'base64',
    '=',
  ],
]
const BODY_VALUES = [
  ...[
    null,
    true,
    false,
    -1,
    -0,
    0,
    7,
    0.5,
    1e300,
    2 ** 53,
    2 ** 31,
    '',
    '.',
    '..',
    'a',
    'a b',
    'YQ==',
  ],
  ...['\ud800', '\0', '\ufffd', 'base64', 'utf8', [], {}, [[]], { a: 'b' }, { '': '' }, { a: 1 }],
  ...['x'.repeat(250), Array.from({ length: 101 }, () => 'x'), JSON.parse('{"__proto__":"x"}')],
]
const HEADER_LINES = [
  ...[
    'Host: i',
    'Content-Length: 5',
    'Content-Length: 0',
    'Content-Length: -1',
    'Content-Length: 1e3',
  ],
  ...[
    'Transfer-Encoding: chunked',
    'Transfer-Encoding: gzip, chunked',
    'Transfer-Encoding: identity',
  ],
  ...['Content-Encoding: gzip', 'Content-Encoding: identity', 'Content-Encoding: br, br'],
  ...['Expect: 100-continue', 'Expect: x', 'Connection: close', 'Connection: upgrade, keep-alive'],
  ...['Upgrade: websocket', 'X-Request-Id: a b', 'X-Request-Id: fine', 'Content-Type: text/plain'],
  ...[
    'Content-Type: application/json; charset="utf-8"',
    'A',
    'A: \0',
    'A: \u00ff',
    ' folded',
    'Trailer: A',
  ],
  ...[`A: ${'x'.repeat(17_000)}`, Array.from({ length: 120 }, () => 'A: b').join('\r\n')],
]
const HTTP_WORDS = [
  ...[
    '\r\n',
    '\r\n\r\n',
    '\n',
    '\r',
    ' ',
    ':',
    ',',
    '\0',
    '%',
    '%ZZ',
    'HTTP/1.0',
    'HTTP/2.0',
    '0\r\n\r\n',
  ],
  ...[
    'GET ',
    'PUT ',
    'CONNECT ',
    'OPTIONS * HTTP/1.1',
    'http://other',
    '/push',
    '?',
    '#',
    '/../',
    'ffff',
  ],
  ...HEADER_LINES.map((line) => `${line}\r\n`),
]

describe(`with seed ${SEED}`, () => {
  it(`${BODIES} mutated bodies are each refused for a reason or made sound records of`, () => {
    const random = new SeededRandom(SEED)
    const outcomes = new Map<string, number>()

    for (let run = 0; run < BODIES; run += 1) {
      const body = mutatedBody(random)
      const outcome = outcomeOf(body)
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    }

    expect([...outcomes.keys()]).toEqual(
      expect.arrayContaining(['valid', 'INVALID_JSON', 'INVALID_UTF8', 'invalidRecords']),
    )
  })

  it(`${REQUESTS} mutated requests each get replies in JSON, or none, and harm nothing`, async () => {
    const random = new SeededRandom(SEED)
    const edge = await serveEdge({}, { lingerMs: 50 })
    const counts = { replies: 0, ok: 0 }

    for (let run = 0; run < REQUESTS; run += CONNECTIONS_AT_ONCE) {
      const requests = Array.from({ length: CONNECTIONS_AT_ONCE }, () => mutatedRequest(random))
      const replies = await Promise.all(requests.map((request) => exchange(edge, request)))
      for (const reply of replies.flat()) {
        checkReply(reply)
        counts.replies += 1
        if (reply.status === 200) counts.ok += 1
      }
    }
    const afterwards = await edge.connect().write(rawPush(pushBody())).response()

    expect(afterwards.status).toBe(200)
    expect(edge.log.lines.filter(({ level }) => level === 'error')).toEqual([])
    expect(counts.replies).toBeGreaterThan(REQUESTS * 0.8)
    expect(counts.ok).toBeGreaterThan(REQUESTS * 0.05)
  })
})

const jsonParser = new JsonParser(jsonLimits(100))

function outcomeOf(body: Buffer): string {
  let parsed
  try {
    parsed = parsePush(
      { bytes: body, json: jsonParser.parse(body) },
      {
        maxTopicsPerRequest: 1_000,
        maxRecordsPerRequest: 100,
        unknownFields: 'ignore',
        allowOldTimestamps: false,
        invalidRecords: 'refuse_request',
        replies: 'readme',
      },
    )
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error
    if (error.code !== 'DUPLICATE_NAME') expect(HTTP_MAPPINGS[error.code].status).toBe(400)
    return error.code
  }
  if (parsed.kind === 'valid') parsed.records.forEach(checkRecord)
  return parsed.kind
}

function checkRecord(record: ProducerRecord): void {
  const { topic, key, value, headers, partition = 0, timestampMs = 0 } = record
  const texts: (RecordBytes | null)[] = [key, value]
  for (const header of headers) texts.push(header.key, header.value)
  const isSound =
    /^[\w.-]{1,249}$/.test(topic) &&
    texts.every((text) => typeof text !== 'string' || text.isWellFormed()) &&
    (value !== null || key !== null) &&
    [partition, timestampMs].every((number) => Number.isSafeInteger(number) && number >= 0)
  expect(isSound, JSON.stringify(record)).toBe(true)
}

function mutatedBody(random: SeededRandom): Buffer {
  const json = random.pick(BODY_SEEDS)
  return random.below(2) === 0
    ? mutate(Buffer.from(json), BODY_WORDS, random)
    : Buffer.from(mutateJson(json, BODY_VALUES, random))
}

function mutatedRequest(random: SeededRandom): Buffer {
  const body = random.pick(BODY_SEEDS)
  switch (random.below(5)) {
    case 0:
      return mutate(rawPush(body), HTTP_WORDS, random)
    case 1:
      return mutate(chunkedPush(body), HTTP_WORDS, random)
    case 2:
      return mutateHead(rawPush(body), HEADER_LINES, random)
    case 3:
      return mutateHead(chunkedPush(body), HEADER_LINES, random)
    default:
      return rawPush(mutatedBody(random))
  }
}

function chunkedPush(body: string): Buffer {
  const bytes = Buffer.byteLength(body).toString(16)
  return Buffer.from(
    'POST /push HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n' +
      `Transfer-Encoding: chunked\r\n\r\n${bytes}\r\n${body}\r\n0\r\n\r\n`,
  )
}

/** Sends a request, ends the client's side, and collects what comes until the server ends its own. */
async function exchange({ connect }: ServedEdge, bytes: Buffer): Promise<readonly RawResponse[]> {
  const client = connect().write(bytes).end()
  const replies = await client.responses(Infinity)
  await client.closed()
  return replies
}

function checkReply({ status, body, headers }: RawResponse): void {
  if (status === 100 || status === 204) return
  const reply = JSON.parse(body) as { error_code?: number; errors?: unknown[] }
  expect(status < 500 || SERVER_STATUSES.includes(status), body).toBe(true)
  expect(headers.get('x-request-id')).toMatch(/^[\w-]{1,64}$/)
  if (status === 200) expect(reply.errors).toEqual([])
  else expect(Math.floor(Number(reply.error_code) / 100)).toBe(status)
}
