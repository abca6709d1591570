/**
 * Draws requests: pushes and events, most of them damaged somewhere between the first byte of the head and the last of the
 * body.
 */
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { mutate, mutateHead, mutateJson } from '../support/mutator.ts'
import type { SeededRandom } from '../support/random.ts'
import { type Credentials, drawCredentials } from './credentials.ts'
import { type Written, writeRequest } from './write-request.ts'
import { type Sender, TOPICS } from './world.ts'

/** One record of a request. Its id stands in key, value and a header. */
export interface FuzzRecord {
  readonly id: string
  readonly topic: string
}

/** One request as it goes over the wire. */
export interface FuzzRequest {
  readonly bytes: Buffer
  readonly sender: Sender
  readonly records: readonly FuzzRecord[]
  /** Whether the body is the JSON of these records, so that the reply tells what became of each. */
  readonly isWholeBody: boolean
  /** Whether the bytes are one request for every reading of HTTP, so that the next reply is that to the next request. */
  readonly isFramed: boolean
}

/** A head line that begins another request, and others with a meaning. */
const HEADER_LINES = [
  ...[
    'Content-Length: 5',
    'Content-Length: 0',
    'Transfer-Encoding: chunked',
    'Expect: 100-continue',
  ],
  ...['Transfer-Encoding: gzip', 'Connection: close', 'Upgrade: h2c', 'Content-Encoding: br'],
  ...['ce-id: x', 'ce-time: now', 'ce-a_b: 1'],
  ...['Content-Type: text/plain', 'Host: other', 'X-Request-Id: r', 'Origin: https://x.example'],
  ...[
    'Idempotency-Key: k',
    'X-HTTP-Method-Override: PUT',
    'X-Forwarded-For: 1.2.3.4',
    'Accept: */*',
  ],
]

const WORDS = [
  ...[
    '\r\n',
    '\r\n\r\n',
    '\n',
    '0\r\n\r\n',
    'POST /push HTTP/1.1\r\n',
    ':',
    ' ',
    '\t',
    '\0',
    '{',
    '}',
  ],
  ...['[', ']', '"', '\\u0000', '\\ud800', '\xff', '"topic":', '"shop.orders"', '"closed"', 'null'],
]

const JSON_VALUES: readonly unknown[] = [
  ...[
    null,
    true,
    0,
    -1,
    1.5,
    1e300,
    '',
    'closed',
    '__internal',
    'shop.orders',
    '..',
    'a'.repeat(300),
  ],
  ...[
    [],
    {},
    { topic: 'closed', data: 'nobody#' },
    { __proto__: null },
    '\u0000',
    '\ud800',
    [[[]]],
  ],
]

const PATHS = [
  ...['/push', '/push/', '/push?x=1', '//push', '/PUSH', '/%70ush', '/push/../push', '/push;a'],
  ...[
    '/',
    '/push%00',
    '/metrics',
    '/topics/shop.orders/raw',
    '/topics/shop.orders/ndjson?wait=false',
    '/topics/shop.orders',
    '/topics/shop.orders/partitions/0?async=true',
    '/v3/clusters/c/topics/shop.orders/records',
    '/v3/clusters/c/topics/shop.orders/records:batch',
    '/topics/shop.orders/events',
    'http://h/push',
    '*',
    '/pushpush',
    '/push#x',
  ],
]

const METHODS = ['PUT', 'GET', 'OPTIONS', 'DELETE', 'PATCH', 'post', 'TRACE', 'PROPFIND', 'CONNECT']

const TYPES = [
  'application/vnd.kafka.json.v2+json',
  'text/plain',
  'application/json; charset=latin1',
  'a',
  'application/jsonx',
  '*/*',
]

const ENCODERS = {
  gzip: gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
}

let lastId = 0

/** Draws one request. Ids differ in the whole process. */
export function drawRequest(random: SeededRandom): FuzzRequest {
  const credentials = drawCredentials(random)
  const { sender } = credentials
  const drawn = Array.from({ length: random.below(4) }, () => drawRecord(sender, random))
  const { records, ...written } = writeRequest(drawn, random)
  const body = drawBody(written, random)
  const request = drawHead(written, body, credentials, random)
  const isWholeBody = body.isWhole && records.length > 0
  const bytes = Buffer.concat([Buffer.from(request.head, 'latin1'), request.body])
  const whole = { bytes, sender, records, isWholeBody, isFramed: true }
  // A right token in a wrong place must stay there.
  if (credentials.isMisplaced || random.chance(0.8)) return whole
  const changed = random.chance(0.5)
    ? mutateHead(bytes, HEADER_LINES, random)
    : mutate(bytes, WORDS, random)
  return { ...whole, bytes: changed, isWholeBody: false, isFramed: false }
}

function drawRecord(sender: Sender, random: SeededRandom): FuzzRecord {
  lastId += 1
  const number = lastId.toString(36)
  // Twice, so that a damaged id is not that of another record: brotli has no checksum.
  const id = `${sender}#${number}.${number};`
  const own = sender === 'billing' ? 'billing.bills' : 'shop.orders'
  return { id, topic: random.chance(0.6) ? own : random.pick(TOPICS) }
}

/** A body as it is sent, and the header line of its encoding. */
interface DrawnBody {
  readonly bytes: Buffer
  readonly lines: readonly string[]
  readonly isWhole: boolean
}

function drawBody(
  { text, isJson }: Pick<Written, 'text' | 'isJson'>,
  random: SeededRandom,
): DrawnBody {
  const plain = Buffer.from(text)
  const dice = random.below(100)
  if (dice < 50) return { bytes: plain, lines: [], isWhole: true }
  if (dice < 65 && isJson) {
    const bytes = Buffer.from(mutateJson(text, JSON_VALUES, random))
    return { bytes, lines: [], isWhole: false }
  }
  if (dice < 80) return { bytes: mutate(plain, WORDS, random), lines: [], isWhole: false }
  const encoding = random.pick(['gzip', 'deflate', 'br', 'zstd'] as const)
  const encoded = ENCODERS[encoding](plain)
  const isDamaged = random.chance(0.5)
  return {
    bytes: isDamaged ? mutate(encoded, WORDS, random) : encoded,
    lines: [`Content-Encoding: ${encoding}`],
    isWhole: !isDamaged,
  }
}

/** Frames a body by its length, or in chunks. */
function drawHead(
  written: Pick<Written, 'path' | 'type' | 'attributes'>,
  { bytes, lines }: DrawnBody,
  credentials: Credentials,
  random: SeededRandom,
): { readonly head: string; readonly body: Buffer } {
  const { query } = credentials
  const method = random.chance(0.04) ? random.pick(METHODS) : 'POST'
  const path = random.chance(0.08) ? random.pick(PATHS) : written.path
  const type = random.chance(0.04) ? random.pick(TYPES) : written.type
  const isChunked = random.chance(0.2)
  const key = random.chance(0.1) ? [`Idempotency-Key: ${lastId.toString(36)}`] : []
  const all = [
    `${method} ${path}${path.includes('?') ? query.replace('?', '&') : query} HTTP/1.1`,
    'Host: kprf.test',
    ...credentials.lines,
    `Content-Type: ${type}`,
    ...[...lines, ...key, ...written.attributes],
    isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${bytes.length}`,
  ]
  return { head: `${all.join('\r\n')}\r\n\r\n`, body: isChunked ? chunked(bytes, random) : bytes }
}

function chunked(body: Buffer, random: SeededRandom): Buffer {
  const pieces: (Buffer | string)[] = []
  for (let at = 0; at < body.length;) {
    const size = Math.min(body.length - at, 1 + random.below(200))
    pieces.push(`${size.toString(16)}\r\n`, body.subarray(at, at + size), '\r\n')
    at += size
  }
  return Buffer.concat([...pieces, '0\r\n\r\n'].map((piece) => Buffer.from(piece)))
}
