/**
 * Reads the heads of pushes in the form that nearly every client sends. The grammar is much narrower than that of HTTP: a
 * head within it means the same to Node's parser, and all other heads are left to Node's parser. Pure.
 */
import type { IncomingHttpHeaders } from 'node:http'

/** The head of a push. */
export interface PushHead {
  /** Names in lower case. */
  readonly headers: IncomingHttpHeaders
  /** Names and values, alternating, as they were sent. */
  readonly rawHeaders: string[]
  /** The head as it was sent, with the empty line at its end. */
  readonly bytes: Buffer
  /** Length of the body, bytes. */
  readonly bodyBytes: number
  /** Whether the client says that it sends no further request. */
  readonly isLast: boolean
}

const REQUEST_LINE = Buffer.from('POST /push HTTP/1.1\r\n', 'latin1')
const EMPTY_LINE = '\r\n\r\n'

/** One header in one line: no space around the name, one space before the value, a value of printable ASCII. */
const HEADER = /([A-Za-z][\w-]*): ([!-~](?:[ -~]*[!-~])?)\r\n/y
/** No sign, no leading zero, at most 99,999,999. */
const LENGTH = /^(?:0|[1-9]\d{0,7})$/

/** Headers that change how the request or its connection is read, or that only the plain way supports. */
const FOR_NODE = new Set([
  ...['proxy-connection', 'keep-alive', 'upgrade', 'http2-settings'],
  ...['transfer-encoding', 'te', 'trailer', 'expect', 'content-encoding'],
  // Node's parser makes an array of its values.
  'set-cookie',
  // Requests of web pages (CORS), and requests that may be repeated.
  ...['origin', 'idempotency-key'],
  '__proto__',
])

/** The default of HTTP/1.1. */
const KEEP_ALIVE = 'keep-alive'
/** The allowed values of `Connection`. Any other value, also both of these, is left to Node. */
const CONNECTIONS = new Set([KEEP_ALIVE, 'close'])

/** Longer heads are left to Node, bytes. */
const MAX_HEAD_BYTES = 8_192
/** Heads with more headers are left to Node. */
const MAX_HEADERS = 50

/**
 * Reads the head that begins at an offset.
 *
 * @returns `undefined` if there is no complete head of this grammar.
 * @param last - the previous head of the connection: nearly every client sends the same one again.
 */
export function readPushHead(
  bytes: Buffer,
  offset: number,
  last: PushHead | undefined,
): PushHead | undefined {
  if (last !== undefined && beginsWith(bytes, offset, last.bytes)) return last
  if (!beginsWith(bytes, offset, REQUEST_LINE)) return undefined
  const end = bytes.indexOf(EMPTY_LINE, offset, 'latin1')
  const afterHead = end + EMPTY_LINE.length
  if (end === -1 || afterHead - offset > MAX_HEAD_BYTES) return undefined
  const lines = bytes.toString('latin1', offset + REQUEST_LINE.length, end + 2)
  return parse(lines, bytes.subarray(offset, afterHead))
}

function beginsWith(bytes: Buffer, offset: number, start: Buffer): boolean {
  const end = offset + start.length
  return bytes.length >= end && start.compare(bytes, offset, end) === 0
}

/** @param lines - the headers, each with the end of its line. */
function parse(lines: string, bytes: Buffer): PushHead | undefined {
  const headers: Record<string, string> = {}
  const rawHeaders: string[] = []
  HEADER.lastIndex = 0
  while (HEADER.lastIndex < lines.length) {
    const [, name, value] = HEADER.exec(lines) ?? []
    if (name === undefined || value === undefined) return undefined
    const lowerName = name.toLowerCase()
    if (headers[lowerName] !== undefined || rawHeaders.length === 2 * MAX_HEADERS) return undefined
    if (FOR_NODE.has(lowerName)) return undefined
    headers[lowerName] = value
    rawHeaders.push(name, value)
  }
  const length = headers['content-length'] ?? ''
  const connection = headers['connection']?.toLowerCase() ?? KEEP_ALIVE
  if (headers['host'] === undefined || !LENGTH.test(length) || !CONNECTIONS.has(connection)) {
    return undefined
  }
  return {
    ...{ headers, rawHeaders, bodyBytes: Number(length), isLast: connection !== KEEP_ALIVE },
    // A copy: the head is kept while its connection is open, and the buffer that it arrived in is reused.
    bytes: Buffer.from(bytes),
  }
}
