import { describe, expect, it } from 'vitest'
import { CLIENT_HEADS } from './client-heads.ts'
import { readPushHead } from '../../../src/http/fast/push-head.ts'

const USUAL = ['Host: h', 'Content-Type: application/json', 'Content-Length: 2']

function head(lines: readonly string[], first = 'POST /push HTTP/1.1'): Buffer {
  return Buffer.from([first, ...lines, '', ''].join('\r\n'), 'latin1')
}

const read = (bytes: Buffer): ReturnType<typeof readPushHead> => readPushHead(bytes, 0, undefined)

/** As behind a proxy, from a service with a token and a trace. */
const SERVICE: readonly string[] = [
  ...USUAL,
  ...['Authorization: Bearer kprf_abc', 'X-Request-Id: 1-a', `traceparent: 00-${'a'.repeat(32)}`],
  ...['X-Forwarded-For: 192.0.2.1, 192.0.2.2', 'X_Custom: a "b" (c); d=e'],
]

/** It offers HTTP/2 with each request. */
const OF_NODE = 'HttpClient of Java, as it is'

/** What is for Node: everything that two readers could understand in two ways, and what only Node obeys. */
const LEFT: readonly string[] = [
  // Two lengths, or one that is none.
  ...['Content-Length: 2', 'content-length: 2', 'Content-Length: 3', 'Content-Length : 2'],
  // Another framing.
  ...['Transfer-Encoding: chunked', 'transfer-encoding: identity', 'TRANSFER-ENCODING: x'],
  ...['Transfer-Encoding : chunked', 'Transfer-Encoding:chunked', 'Transfer-Encoding:\tchunked'],
  ...['Transfer-Encoding: \x0bchunked', ' Transfer-Encoding: chunked', '\tTransfer-Encoding: x'],
  ...['TE: trailers', 'Trailer: X', 'Expect: 100-continue', 'Content-Encoding: gzip'],
  // Another protocol, or another end of the connection.
  ...['Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA', 'Connection: '],
  ...['Connection: upgrade', 'Connection: keep-alive, close', 'Connection: Content-Length'],
  ...['Keep-Alive: timeout=5', 'Proxy-Connection: close'],
  // Headers that are there twice.
  ...['Host: other', 'host: h', 'Content-Type: text/plain', 'content-type: application/json'],
  // Lines that end otherwise than lines do, or that go on.
  ...['X: a\nTransfer-Encoding: chunked', 'X: a\rTransfer-Encoding: chunked', 'X: a\n', 'X: a\r'],
  ...['X: a\r\n b', 'X:\r\n\ta', 'X: a\r\n\r', '\n', '\r'],
  // Names and values with something else than visible ASCII, or with none.
  ...['X : a', ' X: a', 'X Y: a', 'X', ': a', 'X:a', 'X:  a', 'X: a ', 'X:\ta', 'X: a\t', 'X: '],
  ...['X:', 'X: a\0b', 'X: \x7f', 'X: \xe9', 'X-\xe9: a', 'X: a\tb', '"X": a', '(x): a', '-x: a'],
  ...['1x: a', '@: a', 'X\0: a'],
  // What only Node's way has, or what it makes something else of.
  ...['Origin: https://a.example', 'Idempotency-Key: "k"', 'Set-Cookie: a'],
  ...['__proto__: a', 'constructor: a'],
]

describe('the head of a push of', () => {
  const heads = CLIENT_HEADS.map(
    ({ name, version, lines }) => [`${name} ${version}`, lines] as const,
  )
  const isOfNode = ([name]: readonly [string, unknown]): boolean => name.startsWith(OF_NODE)

  it.each([...heads.filter((one) => !isOfNode(one)), ['a service', SERVICE] as const])(
    '%s is read',
    (_, lines) => {
      const bytes = head(lines)

      const found = read(Buffer.concat([bytes, Buffer.from('{}')]))

      expect(found?.headers['content-length']).toBe(String(found?.bodyBytes))
      expect(found?.bytes).toEqual(bytes)
      expect(found?.rawHeaders).toEqual(lines.flatMap((line) => line.split(/: (.*)/).slice(0, 2)))
      expect(Object.keys(found?.headers ?? {})).toEqual(
        lines.map((line) => line.replace(/:.*/, '').toLowerCase()),
      )
    },
  )

  it.each(heads.filter(isOfNode))('%s is left to Node', (_, lines) => {
    expect(read(head(lines))).toBeUndefined()
  })
})

describe('the head of a push', () => {
  it.each(LEFT)('is left to Node with %j, first and last', (line) => {
    expect(read(head(USUAL))).toBeDefined()
    expect(read(head([...USUAL, line]))).toBeUndefined()
    expect(read(head([line, ...USUAL]))).toBeUndefined()
  })

  it.each([
    ['keep-alive', false],
    ['Keep-Alive', false],
    ['close', true],
    ['Close', true],
  ])('with Connection: %s says whether it is the last one', (connection, isLast) => {
    expect(read(head([...USUAL, `Connection: ${connection}`]))?.isLast).toBe(isLast)
    expect(read(head(USUAL))?.isLast).toBe(false)
  })

  it.each([
    '+2',
    '-2',
    '02',
    '0x2',
    '2,2',
    '2, 2',
    '2.0',
    '1e1',
    '',
    ' 2',
    '2 ',
    '2;',
    '100000000',
  ])('is left to Node with the length %j', (length) => {
    expect(read(head(['Host: h', `Content-Length: ${length}`]))).toBeUndefined()
  })

  it.each([
    ...[
      'POST /push HTTP/1.0',
      'POST /push HTTP/2.0',
      'POST /push HTTP/1.1 ',
      'POST  /push HTTP/1.1',
    ],
    ...['POST /push  HTTP/1.1', 'POST /push', ' POST /push HTTP/1.1', 'post /push HTTP/1.1'],
    ...['GET /push HTTP/1.1', 'PUT /push HTTP/1.1', 'POST /push/ HTTP/1.1', 'POST /Push HTTP/1.1'],
    ...['POST /push?x HTTP/1.1', 'POST //push HTTP/1.1', 'POST http://h/push HTTP/1.1'],
    ...[
      'POST /push http/1.1',
      '\r\nPOST /push HTTP/1.1',
      'POST /push HTTP/1.1\r',
      'POST\t/push HTTP/1.1',
    ],
  ])('is left to Node with the first line %j', (first) => {
    expect(read(head(USUAL, first))).toBeUndefined()
  })

  it.each([
    ['without a host', USUAL.slice(1)],
    ['without a length', USUAL.slice(0, 2)],
    ['without headers', []],
    ['with more than 50 headers', [...USUAL, ...Array.from({ length: 48 }, (_, n) => `X-${n}: a`)]],
    ['with more than 8 KiB', [...USUAL, `X: ${'a'.repeat(8_192)}`]],
  ])('is left to Node %s', (_, lines) => {
    expect(read(head(lines))).toBeUndefined()
  })

  it('is left to Node if it is incomplete, wherever it is cut', () => {
    const bytes = head(USUAL)

    for (let length = 0; length < bytes.length; length += 1) {
      expect(read(bytes.subarray(0, length))).toBeUndefined()
    }
  })

  it('is left to Node with any control character or non-ASCII byte in it', () => {
    const bytes = head([...USUAL, 'X: ab'])
    const control = [...Array.from({ length: 32 }, (_, code) => code), 127, 128, 255]

    for (const [at] of bytes.entries()) {
      for (const code of control.filter((one) => one !== bytes[at])) {
        const changed = Buffer.from(bytes)
        changed[at] = code
        expect(read(changed)).toBeUndefined()
      }
    }
  })

  it('ends where its empty line is, and not where the last one had its own', () => {
    const last = read(head(USUAL))
    const other = head([...USUAL, 'X: a'])

    expect(readPushHead(other, 0, last)?.bytes).toEqual(other)
    expect(readPushHead(head(USUAL).subarray(0, -1), 0, last)).toBeUndefined()
  })

  it('is the previous head if its bytes are the same, wherever it begins', () => {
    const last = read(head(USUAL))

    expect(readPushHead(Buffer.concat([Buffer.from('{}'), head(USUAL)]), 2, last)).toBe(last)
  })

  it('keeps no bytes of the requests that came with it', () => {
    const all = Buffer.concat([head(USUAL), Buffer.alloc(65_536)])

    expect(read(all)?.bytes.buffer).not.toBe(all.buffer)
  })
})
