/**
 * Draws what one client sends on one connection: pushes as nearly every client sends them, others that differ from them
 * by little, every published shape of request smuggling, and garbage; pipelined, and cut into pieces at any place.
 */
import { mutate, mutateHead } from '../support/mutator.ts'
import type { SeededRandom } from '../support/random.ts'
import { TOKEN } from './setups.ts'
import { SHAPES } from './shapes.ts'

/** What one client sends. */
export interface Conversation {
  /** Written one after another. */
  readonly pieces: readonly Buffer[]
  /** Turns of the event loop after each piece. */
  readonly pause: number
  /** What the client does then: it half-closes, or resets the connection. */
  readonly ending: 'end' | 'reset'
}

/**
 * Head lines with which two readers of HTTP/1.1 have disagreed: Content-Length and Transfer-Encoding in all spellings
 * (RFC 9112, 11.2; the lists of PortSwigger, of smuggler.py and of http-garden), folded lines, spaces and control characters
 * where none belong, and headers that mean something to one of the two ways.
 */
const LINES: readonly string[] = [
  ...['Content-Length: 0', 'Content-Length: 5', 'Content-Length: +5', 'Content-Length: 5, 5'],
  ...['Content-Length: 05', 'Content-Length: 0x5', 'Content-Length: 5 ', 'Content-Length:5'],
  ...['Content-Length: -1', 'Content-Length:\t5', 'Content-Length : 5', 'Content_Length: 5'],
  ...[
    'Content-Length: 99999999999999999999',
    'Content-Length: 1e1',
    'Content-Length: ',
    ' Content-Length: 5',
  ],
  ...['content-length: 5', 'CONTENT-LENGTH: 5', 'Content-Length: 5\rX: y', 'Content-Length: 5\0'],
  ...['Transfer-Encoding: chunked', 'Transfer-Encoding : chunked', 'Transfer-Encoding:chunked'],
  ...[
    'Transfer-Encoding:\tchunked',
    'Transfer-Encoding: xchunked',
    'Transfer-Encoding: chunked, identity',
  ],
  ...[
    'Transfer-Encoding: identity',
    'Transfer-Encoding: gzip, chunked',
    'Transfer_Encoding: chunked',
  ],
  ...[
    'transfer-encoding: Chunked',
    'Transfer-Encoding: "chunked"',
    'Transfer-Encoding: chunked;q=1',
  ],
  ...[
    ' Transfer-Encoding: chunked',
    'X: y\nTransfer-Encoding: chunked',
    'X: y\r\n Transfer-Encoding: chunked',
  ],
  ...[
    'X:\r\n\tfolded',
    'Transfer-Encoding: \x0bchunked',
    'Transfer-Encoding: chunked\x0c',
    'Trailer: X',
  ],
  ...[
    'TE: trailers',
    'Expect: 100-continue',
    'Expect: 200-ok',
    'Upgrade: h2c',
    'Upgrade: websocket',
  ],
  ...['HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA', 'Connection: close', 'Connection: keep-alive'],
  ...[
    'Connection: Keep-Alive',
    'Connection: keep-alive, close',
    'Connection: upgrade',
    'Connection: Content-Length',
  ],
  ...[
    'Proxy-Connection: close',
    'Keep-Alive: timeout=5',
    'Content-Encoding: gzip',
    'Content-Encoding: identity',
  ],
  ...[
    'Host: kprf.test',
    'Host: other.test',
    'Host:',
    'host: kprf.test',
    'Host : kprf.test',
    'Host: kprf.test:80',
  ],
  ...[
    'Content-Type: application/json',
    'Content-Type: text/plain',
    'Content-Type: application/json; charset=utf-8',
  ],
  ...[
    'Content-Type: application/JSON',
    'Content-Type: application/x-www-form-urlencoded',
    'Content-Type: ,',
  ],
  ...[
    'X-Request-Id: mine-1',
    'X-Request-Id: not mine',
    'x-request-id: a',
    'X-Request-Id: ',
    'Idempotency-Key: "k"',
  ],
  ...[
    `Authorization: Bearer ${TOKEN}`,
    'Authorization: Bearer wrong',
    'Authorization: Basic eDp5',
    'Authorization:',
  ],
  ...[
    'authorization: bearer x',
    'Origin: https://a.example',
    'Origin: null',
    'Cookie: a=b',
    'Cookie: c=d',
  ],
  ...[
    'X-Forwarded-For: 192.0.2.1',
    'X-HTTP-Method-Override: GET',
    'Accept: */*',
    'User-Agent: a (b; "c")',
  ],
  ...[
    'Set-Cookie: a',
    '__proto__: a',
    'constructor: a',
    'X-\xe9: a',
    'X: \xe9',
    'X: a\tb',
    'X:  a',
    'X: a  ',
    'X',
  ],
  ...[
    ': a',
    'X Y: a',
    'X: a: b',
    'X:a',
    "!#$%&'*+-.^_`|~: a",
    '"X": a',
    'X: \x7f',
    'X: a\x00b',
    'X: ',
    'traceparent: x',
  ],
]

const WORDS: readonly string[] = [
  ...[
    '\r\n',
    '\n',
    '\r',
    '\r\n\r\n',
    '\n\n',
    '0\r\n\r\n',
    ' ',
    '\t',
    '\0',
    ':',
    '{',
    '}',
    '"',
    '\\',
    '\xff',
    '\xc3\xa9',
  ],
  ...[
    'POST /push HTTP/1.1\r\n',
    'GET / HTTP/1.1\r\nHost: kprf.test\r\n\r\n',
    'HTTP/1.0',
    'HTTP/2.0',
    '5\r\nhello\r\n',
  ],
]

const TARGETS: readonly string[] = [
  ...[
    '/push/',
    '/push?x=1',
    '//push',
    '/Push',
    '/p%75sh',
    '/push#x',
    'http://kprf.test/push',
    '*',
    '/',
    '/docs',
    '/push\x00',
  ],
]

const TOPICS = ['orders', 'visits', 'full', 'away', 'lost', 'late', 'later', 'bad topic', '']

/** Draws a conversation of one to six requests. */
export function drawConversation(random: SeededRandom): Conversation {
  const requests: Buffer[] = []
  const isSame = random.chance(0.4)
  const usual = drawUsual(random)
  for (let left = random.between(1, 6); left > 0; left -= 1) {
    requests.push(isSame && random.chance(0.8) ? usual : drawRequest(random))
  }
  const pieces = cut(Buffer.concat(requests), random)
  const pause = random.pick([0, 1, 3, 3, 3, 8])
  return { pieces, pause, ending: random.chance(0.1) ? 'reset' : 'end' }
}

function drawRequest(random: SeededRandom): Buffer {
  const usual = drawUsual(random)
  const draw = random.next()
  if (draw < 0.45) return usual
  if (draw < 0.75) return mutateHead(usual, LINES, random)
  if (draw < 0.85) return mutate(usual, WORDS, random)
  if (draw < 0.95) return random.pick(SHAPES).bytes
  const text = usual.toString('latin1')
  return Buffer.from(text.replace('/push', random.pick(TARGETS)), 'latin1')
}

/** A push that the fast way takes, or would but for one of its values. */
function drawUsual(random: SeededRandom): Buffer {
  const body = drawBody(random)
  const lines = ['Host: kprf.test', `Content-Length: ${body.length}`]
  if (random.chance(0.95)) lines.push('Content-Type: application/json')
  if (random.chance(0.3)) lines.push(`X-Request-Id: r${random.below(1000)}`)
  if (random.chance(0.3)) {
    lines.push(random.chance(0.9) ? 'Connection: keep-alive' : 'Connection: close')
  }
  if (random.chance(0.3))
    lines.push(`Authorization: Bearer ${random.chance(0.8) ? TOKEN : 'other'}`)
  if (random.chance(0.3)) lines.push('Accept: */*', 'User-Agent: curl/8.5.0')
  if (random.chance(0.2)) lines.push(`X-Forwarded-For: 192.0.2.${random.below(3)}`)
  if (random.chance(0.1)) lines.push(`traceparent: 00-${'a1'.repeat(16)}-${'b2'.repeat(8)}-01`)
  if (random.chance(0.1)) lines.push(random.pick(LINES))
  const [first = '', ...others] = random.chance(0.5) ? lines : lines.toReversed()
  const head = ['POST /push HTTP/1.1', first, ...others, '', ''].join('\r\n')
  return Buffer.concat([Buffer.from(head, 'latin1'), body])
}

function drawBody(random: SeededRandom): Buffer {
  const records = Array.from({ length: random.chance(0.7) ? 1 : random.below(4) }, () =>
    drawRecord(random),
  )
  const push = {
    records,
    ...(random.chance(0.4) && { wait_for_send: random.chance(0.8) }),
    ...(random.chance(0.1) && { return_offsets: true }),
    ...(random.chance(0.05) && { wait_for_sent: true }),
  }
  const bytes = Buffer.from(JSON.stringify(push))
  return random.chance(0.1) ? mutate(bytes, WORDS, random) : bytes
}

function drawRecord(random: SeededRandom): unknown {
  if (random.chance(0.03)) return random.pick([null, 1, 'x', [], {}])
  const length = random.chance(0.05) ? random.below(40_000) : random.below(200)
  return {
    topic: random.chance(0.7) ? 'orders' : random.pick(TOPICS),
    ...(random.chance(0.1) ? { json: { a: [1, 'é'] } } : { data: 'v'.repeat(length) }),
    ...(random.chance(0.3) && { key: `k${random.below(9)}` }),
    ...(random.chance(0.1) && { headers: { h: 'x' } }),
    ...(random.chance(0.1) && { timestamp: 1_700_000_000_000 }),
    ...(random.chance(0.05) && { partition: random.between(-2, 3) }),
    ...(random.chance(0.05) && { keey: 'k' }),
  }
}

/** Cuts bytes into one to five pieces. */
function cut(bytes: Buffer, random: SeededRandom): readonly Buffer[] {
  if (random.chance(0.4)) return [bytes]
  const places = Array.from({ length: random.between(1, 4) }, () => random.below(bytes.length + 1))
  const ends = [...places.toSorted((one, other) => one - other), bytes.length]
  let start = 0
  return ends.map((end) => {
    const piece = bytes.subarray(start, end)
    start = end
    return piece
  })
}
