/** Draws the requests of one connection: pushes of every kind, and everything that is refused. */
import { gzipSync } from 'node:zlib'
import type { SeededRandom } from '../support/random.ts'

/** One request as it goes over the wire, and what may come of it. */
export interface DrawnRequest {
  readonly kind: string
  readonly bytes: Buffer
  /** Values of the records, which no two share. Empty for what can never produce anything. */
  readonly recordIds: readonly string[]
  /** Statuses that it may get. A whole refusal with 503 may come at any time. */
  readonly statuses: readonly number[]
  /** Whether the connection must end with its reply. */
  readonly isLast: boolean
}

const KEYS = ['ok', 'ok', 'ok', 'late-ok', 'refused', 'failed', 'unknown', 'late-refused']
/** The possible replies to a push whose records have every outcome. */
const PUSH_STATUSES = [200, 413, 503, 504]
const LARGE_BYTES = 70_000

let lastId = 0

/** Draws one request; {@link DrawnRequest.recordIds} of different requests differ in the whole process. */
export function drawRequest(random: SeededRandom): DrawnRequest {
  const dice = random.below(100)
  if (dice < 85) return drawPush(random)
  return random.pick(REFUSED)(random)
}

function drawPush(random: SeededRandom): DrawnRequest {
  const recordIds: string[] = []
  const keys: string[] = []
  const count = random.below(4)
  for (let index = 0; index < count; index += 1) {
    recordIds.push(nextId())
    keys.push(random.pick(KEYS))
  }
  const records = recordIds.map((data, index) => ({ topic: 'orders', data, key: keys[index] }))
  const isSync = random.below(2) === 0
  const body = Buffer.from(JSON.stringify({ records, wait_for_send: isSync }))
  const lines: string[] = []
  let isLast = false
  let version = '1.1'
  const dice = random.below(20)
  if (dice === 0) {
    isLast = true
    lines.push('Connection: close')
  } else if (dice === 1) {
    isLast = true
    version = '1.0'
  } else if (dice === 2) lines.push('Expect: 100-continue')
  else if (dice === 3) lines.push('Upgrade: websocket', 'Connection: upgrade')
  return {
    kind: `push ${isSync ? 'sync' : 'async'} ${lines.join(' ')} ${version}`,
    bytes: write({ lines, version, body, random, mayBeChunked: version === '1.1' }),
    recordIds,
    statuses: PUSH_STATUSES,
    isLast,
  }
}

interface Written {
  readonly method?: string
  readonly target?: string
  readonly version?: string
  readonly contentType?: string
  readonly host?: string
  readonly lines?: readonly string[]
  readonly body: Buffer
  readonly random: SeededRandom
  readonly mayBeChunked?: boolean
}

function write(request: Written): Buffer {
  const { method = 'POST', target = '/push', version = '1.1', random } = request
  const { contentType = 'application/json', host = 'kprf.test', mayBeChunked = true } = request
  const isGzip = request.body.length > 0 && random.below(5) === 0
  const body = isGzip ? gzipSync(request.body) : request.body
  const isChunked = mayBeChunked && random.below(4) === 0
  const lines = [
    `${method} ${target} HTTP/${version}`,
    `Host: ${host}`,
    `Content-Type: ${contentType}`,
    ...(isGzip ? ['Content-Encoding: gzip'] : []),
    ...(request.lines ?? []),
    isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`,
  ]
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)
  return Buffer.concat([head, isChunked ? chunked(body, random) : body])
}

function chunked(body: Buffer, random: SeededRandom): Buffer {
  const pieces: Buffer[] = []
  for (let at = 0; at < body.length;) {
    const size = Math.min(body.length - at, 1 + random.below(body.length > 1_000 ? 20_000 : 60))
    pieces.push(
      Buffer.from(`${size.toString(16)}\r\n`),
      body.subarray(at, at + size),
      Buffer.from('\r\n'),
    )
    at += size
  }
  return Buffer.concat([...pieces, Buffer.from('0\r\n\r\n')])
}

/** A body that would produce a record if it were parsed as a push. */
function trap(): Buffer {
  return Buffer.from(
    JSON.stringify({ records: [{ topic: 'orders', data: `trap-${nextId()}`, key: 'ok' }] }),
  )
}

function refused(
  kind: string,
  statuses: readonly number[],
  isLast: boolean,
  make: (random: SeededRandom) => Omit<Written, 'random'>,
): (random: SeededRandom) => DrawnRequest {
  return (random) => ({
    ...{ kind, statuses, isLast, recordIds: [] },
    bytes: write({ ...make(random), random }),
  })
}

function raw(kind: string, statuses: readonly number[], text: () => string) {
  return (): DrawnRequest => ({
    ...{ kind, statuses, isLast: true, recordIds: [] },
    bytes: Buffer.from(text(), 'latin1'),
  })
}

/** Everything that is refused as a whole, with what it may be answered. */
const REFUSED: readonly ((random: SeededRandom) => DrawnRequest)[] = [
  refused('no such path', [404], false, () => ({ target: '/nothing', body: trap() })),
  refused('wrong method', [405], false, () => ({ method: 'PUT', body: trap() })),
  refused('wrong media type', [415], false, () => ({ contentType: 'text/plain', body: trap() })),
  refused('wrong media type of a large body', [415], false, () => ({
    contentType: 'text/plain',
    body: Buffer.alloc(LARGE_BYTES, ' '),
  })),
  refused('too large', [413], false, () => ({ body: Buffer.alloc(LARGE_BYTES, ' ') })),
  refused('no JSON', [400], false, () => ({ body: Buffer.from('{"records":[') })),
  refused('empty', [400], false, () => ({ body: Buffer.alloc(0) })),
  refused('an invalid record beside a valid one', [422], false, () => ({
    body: Buffer.from(
      JSON.stringify({
        records: [{ topic: 'orders', data: `trap-${nextId()}`, key: 'ok' }, { topic: '..' }],
      }),
    ),
  })),
  refused('another host', [421], false, () => ({ target: 'http://other/push', body: trap() })),
  refused('a wrong expectation', [417], false, () => ({ lines: ['Expect: a cake'], body: trap() })),
  refused('too many headers', [431], true, () => ({
    lines: Array.from({ length: 120 }, (_, index) => `X-${index}: y`),
    body: trap(),
  })),
  refused('two hosts', [400], true, () => ({ lines: ['Host: other'], body: trap() })),
  raw('a foreign transfer encoding', [400, 501], () => {
    const body = trap()
    return `POST /push HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n${body.length.toString(16)}\r\n${body.toString()}\r\n0\r\n\r\n`
  }),
  raw('a tunnel', [405], () => 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n'),
  raw('no HTTP', [400], () => 'nonsense\r\n\r\n'),
  raw('another version of HTTP', [400, 505], () => 'POST /push HTTP/2.0\r\nHost: a\r\n\r\n'),
  raw(
    'two lengths',
    [400],
    () => 'POST /push HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
  ),
  raw(
    'a wrong chunk',
    [400],
    () =>
      'POST /push HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
  ),
]

function nextId(): string {
  lastId += 1
  return lastId.toString(36)
}
