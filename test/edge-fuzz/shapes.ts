/**
 * The shapes of request smuggling that are published: each makes two readers of HTTP/1.1 disagree about where a request ends,
 * or has done so with some servers (RFC 9112, 11.2; the research of PortSwigger from 2019 to 2025; smuggler.py; http-garden;
 * research on the ends of chunks). The names are those of the research, where it has any.
 */

/** What is sent in place of one request. */
export interface Shape {
  readonly name: string
  readonly bytes: Buffer
}

const BODY = '{"records":[{"topic":"orders","data":"a"}]}'
/** Its record must not be produced where the body of another request is read as a body. */
const HIDDEN_BODY = '{"records":[{"topic":"hidden","data":"b"}]}'
const HIDDEN = request([`Content-Length: ${HIDDEN_BODY.length}`], HIDDEN_BODY)
const LENGTH = `Content-Length: ${BODY.length}`
const CHUNKED = 'Transfer-Encoding: chunked'
const CHUNKS = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`

function request(
  lines: readonly string[],
  body: string,
  first = 'POST /push HTTP/1.1',
  host: readonly string[] = ['Host: kprf.test'],
): string {
  return `${[first, ...host, 'Content-Type: application/json', ...lines, '', ''].join('\r\n')}${body}`
}

/** Ways in which the one line of a framing header has been hidden from one of two readers. */
function hidden(name: string, value: string): readonly string[] {
  const upper = name.toUpperCase()
  return [
    ...[`${name} : ${value}`, `${name}\t: ${value}`, ` ${name}: ${value}`, `\t${name}: ${value}`],
    ...[`${name}:${value}`, `${name}:  ${value}`, `${name}:\t${value}`, `${name}: ${value} `],
    ...[`${name}: ${value}\t`, `${name}:\x0b${value}`, `${name}: ${value}\x0c`],
    ...[`${name}:\xa0${value}`, `${name}: \x00${value}`, `${name}: ${value}\x00`],
    ...[`${name}\x00: ${value}`, `${name}\xff: ${value}`, `${upper}: ${value}`],
    ...[`${name.toLowerCase()}: ${value.toUpperCase()}`, `${name}: "${value}"`],
    ...[`${name}: '${value}'`, `${name}: ${value};q=1`, `${name}: ${value},`, `${name}: ,${value}`],
    ...[`${name}:\r\n ${value}`, `${name}:\n ${value}`, `${name}\r\n : ${value}`],
    ...[`X: y\r${name}: ${value}`, `X: y\n${name}: ${value}`, `X: y\r\r\n${name}: ${value}`],
    ...[`${name}: ${value}\rX: y`, `${name}: ${value}\nX: y`, `\r\n${name}: ${value}`],
    ...[`X: y\r\n ${name}: ${value}`, `X: y\r\n\t${name}: ${value}`, `X:\r\n${name}: ${value}`],
    ...[`${name.replace('-', '_')}: ${value}`, `${name.replace('-', ' ')}: ${value}`],
    ...[`${name}${name}: ${value}`, `X-${name}: ${value}`, `${name}\\: ${value}`],
    ...[`Foo: bar\r\r\n${name}: ${value}`],
  ]
}

type Named = readonly [name: string, text: string]

const LENGTHS: readonly Named[] = [
  ...['+5', '-5', '05', '0x5', '5 ', '5,5', '5, 5', '5, 6', '5 6', '5.0', '5e0', '5;', '5_0', ''],
  // A digit of Arabic, in UTF-8.
  ...['\xd9\xa5', '00000000000000000005', '18446744073709551616', '18446744073709551621'],
  ...['99999999999999999999999'],
].map((length) => [`CL is ${JSON.stringify(length)}`, request([`Content-Length: ${length}`], BODY)])

const FRAMINGS: readonly Named[] = [
  ['CL.TE', request([`Content-Length: ${5 + HIDDEN.length}`, CHUNKED], `0\r\n\r\n${HIDDEN}`)],
  [
    'CL.TE, the other way round',
    request([CHUNKED, `Content-Length: ${5 + HIDDEN.length}`], `0\r\n\r\n${HIDDEN}`),
  ],
  [
    'TE.CL',
    request(
      [CHUNKED, 'Content-Length: 4'],
      `${HIDDEN.length.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n`,
    ),
  ],
  ['CL.CL, the same', request([LENGTH, LENGTH], BODY)],
  ['CL.CL, a shorter one first', request(['Content-Length: 2', LENGTH], BODY)],
  [
    'CL.CL, a longer one first',
    request([`Content-Length: ${BODY.length + HIDDEN.length}`, LENGTH], BODY + HIDDEN),
  ],
  ['CL that is too short', request(['Content-Length: 2'], `{}${HIDDEN}`)],
  ['CL that is too long', request([`Content-Length: ${BODY.length + 40}`], BODY)],
  ['CL of a body that is a request', request([`Content-Length: ${HIDDEN.length}`], HIDDEN)],
  ['TE alone', request([CHUNKED], CHUNKS)],
  ['TE twice', request([CHUNKED, CHUNKED], CHUNKS)],
  ['TE.TE, identity last', request([CHUNKED, 'Transfer-Encoding: identity', LENGTH], CHUNKS)],
  ['TE of two codings', request(['Transfer-Encoding: gzip, chunked'], CHUNKS)],
  [
    'TE that does not end with chunked',
    request(['Transfer-Encoding: chunked, gzip', LENGTH], BODY),
  ],
  ['TE that is unknown', request(['Transfer-Encoding: xchunked', LENGTH], BODY)],
  ['TE in HTTP/1.0', request([CHUNKED], CHUNKS, 'POST /push HTTP/1.0')],
  ['CL and TE in HTTP/1.0', request([LENGTH, CHUNKED], BODY, 'POST /push HTTP/1.0')],
  ['TE named in Connection', request([LENGTH, CHUNKED, 'Connection: Transfer-Encoding'], BODY)],
  ['CL named in Connection', request([LENGTH, 'Connection: Content-Length'], BODY)],
  [
    'CL named in Connection, with keep-alive',
    request([LENGTH, 'Connection: keep-alive, Content-Length'], BODY),
  ],
  ['Content-Encoding: chunked', request([LENGTH, 'Content-Encoding: chunked'], BODY)],
  ['neither CL nor TE', request([], BODY)],
  ['neither CL nor TE, and no body, with GET', request([], '', 'GET /docs HTTP/1.1')],
  ['neither CL nor TE, and no body, with OPTIONS', request([], '', 'OPTIONS /push HTTP/1.1')],
  [
    'keep-alive in HTTP/1.0',
    request([LENGTH, 'Connection: keep-alive'], BODY, 'POST /push HTTP/1.0'),
  ],
  ['CL.0', request([`Content-Length: ${HIDDEN.length}`], HIDDEN, 'POST /docs HTTP/1.1')],
  ['CL.0 with GET', request([`Content-Length: ${HIDDEN.length}`], HIDDEN, 'GET /docs HTTP/1.1')],
  [
    'CL.0 with OPTIONS',
    request([`Content-Length: ${HIDDEN.length}`], HIDDEN, 'OPTIONS /push HTTP/1.1'),
  ],
  ['CL.0 with HEAD', request([`Content-Length: ${HIDDEN.length}`], HIDDEN, 'HEAD /docs HTTP/1.1')],
  [
    'TE.0',
    request(
      [CHUNKED],
      `${HIDDEN.length.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n`,
      'OPTIONS /push HTTP/1.1',
    ),
  ],
  ['0.CL', request([`Content-Length:\r\n ${HIDDEN.length}`], HIDDEN)],
  [
    '0.CL with GET',
    request([`Content-Length:\r\n ${HIDDEN.length}`], HIDDEN, 'GET /docs HTTP/1.1'),
  ],
]

const EXPECTS: readonly Named[] = [
  ...['100-continue', '100-Continue', 'y 100-continue', '100-continue, y', ' 100-continue'],
  ...['100-continue\t', '\r\n 100-continue', '200-ok', '', '100-continue;q=1'],
].map((value) => [
  `Expect is ${JSON.stringify(value)}`,
  request([`Expect: ${value}`, LENGTH], BODY),
])

const MORE_EXPECTS: readonly Named[] = [
  [
    'Expect, and a body that is a request',
    request(['Expect: 100-continue', `Content-Length: ${HIDDEN.length}`], HIDDEN),
  ],
  [
    'Expect with GET',
    request(
      ['Expect: 100-continue', `Content-Length: ${HIDDEN.length}`],
      HIDDEN,
      'GET /docs HTTP/1.1',
    ),
  ],
  ['Expect without a body', request(['Expect: 100-continue', 'Content-Length: 0'], HIDDEN)],
  ['Expect behind a space', request([' Expect: 100-continue', LENGTH], BODY)],
  ['Expect twice', request(['Expect: 100-continue', 'Expect: 100-continue', LENGTH], BODY)],
  ['Expect with chunks', request(['Expect: 100-continue', CHUNKED], CHUNKS)],
]

const chunks = (name: string, body: string): Named => [`chunks, ${name}`, request([CHUNKED], body)]
const SIZE = BODY.length.toString(16)

const CHUNKED_BODIES: readonly Named[] = [
  chunks('TERM.EXT', `2;\nxx\r\n4\r\n{}\r\n\r\n0\r\n\r\n`),
  chunks('EXT.TERM', `${SIZE};\rxx\n${BODY}\r\n0\r\n\r\n`),
  chunks('TERM.SPILL', `5\r\n{"a":\n2\r\n1}\r\n0\r\n\r\n`),
  chunks('SPILL.TERM', `2\r\n{}XX2\r\n{}\r\n0\r\n\r\n`),
  chunks('ONE.TWO', `2\r\n{}\n1\r\n \r\n0\r\n\r\n`),
  chunks('TWO.ONE', `2\n{}\r\n0\n\r\n`),
  chunks('with an extension', `${SIZE};a=b\r\n${BODY}\r\n0;c=d\r\n\r\n`),
  chunks('with a quoted extension that has a line in it', `${SIZE};a="\r\n${BODY}\r\n0\r\n\r\n`),
  chunks('with CR in an extension', `${SIZE};a\rb\r\n${BODY}\r\n0\r\n\r\n`),
  chunks('with NUL in an extension', `${SIZE};\0\r\n${BODY}\r\n0\r\n\r\n`),
  chunks('lines that end with LF', `${SIZE}\n${BODY}\n0\n\n`),
  chunks('lines that end with CR', `${SIZE}\r${BODY}\r0\r\r`),
  chunks('0x in a size', `0x${SIZE}\r\n${BODY}\r\n0\r\n\r\n`),
  chunks('a sign in a size', `+${SIZE}\r\n${BODY}\r\n0\r\n\r\n`),
  chunks('a minus in a size', `-1\r\n${BODY}\r\n0\r\n\r\n`),
  chunks('an underscore in a size', `${SIZE.slice(0, 1)}_${SIZE.slice(1)}\r\n${BODY}\r\n0\r\n\r\n`),
  chunks('zeros before a size', `0000000000000000000${SIZE}\r\n${BODY}\r\n0\r\n\r\n`),
  chunks('a size of more than 64 bits', `10000000000000000${SIZE}\r\n${BODY}\r\n0\r\n\r\n`),
  chunks('a space before a size', ` ${SIZE}\r\n${BODY}\r\n0\r\n\r\n`),
  chunks('a space behind a size', `${SIZE} \r\n${BODY}\r\n0\r\n\r\n`),
  chunks('a tab behind a size', `${SIZE}\t\r\n${BODY}\r\n0\r\n\r\n`),
  chunks('no size', `\r\n${BODY}\r\n0\r\n\r\n`),
  chunks('no line behind the data', `${SIZE}\r\n${BODY}0\r\n\r\n`),
  chunks('a last size of two zeros', `${SIZE}\r\n${BODY}\r\n00\r\n\r\n`),
  chunks('a last chunk without its empty line', `${SIZE}\r\n${BODY}\r\n0\r\n`),
  chunks('a trailer', `${SIZE}\r\n${BODY}\r\n0\r\nX: y\r\n\r\n`),
  chunks('CL in a trailer', `${SIZE}\r\n${BODY}\r\n0\r\nContent-Length: ${HIDDEN.length}\r\n\r\n`),
  chunks('TE in a trailer', `${SIZE}\r\n${BODY}\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n`),
  chunks('a trailer that is a request', `0\r\n${HIDDEN}`),
  chunks('a folded trailer', `${SIZE}\r\n${BODY}\r\n0\r\nX: y\r\n z\r\n\r\n`),
  chunks('a hidden request in a chunk', `${HIDDEN.length.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n`),
]

const HOSTS: readonly Named[] = [
  ['no Host', request([LENGTH], BODY, undefined, [])],
  ['two hosts', request([LENGTH, 'Host: other.test'], BODY)],
  ['the same Host twice', request([LENGTH, 'Host: kprf.test'], BODY)],
  ['an empty Host', request([LENGTH], BODY, undefined, ['Host: '])],
  ['a Host behind a space', request([LENGTH], BODY, undefined, [' Host: kprf.test'])],
  [
    'a Host with a space before the colon',
    request([LENGTH], BODY, undefined, ['Host : kprf.test']),
  ],
  ['a Host in two lines', request([LENGTH], BODY, undefined, ['Host: kprf.test\r\n .other'])],
  ['a Host with a port', request([LENGTH], BODY, undefined, ['Host: kprf.test:80'])],
  ['a Host with a user', request([LENGTH], BODY, undefined, ['Host: kprf.test@other.test'])],
  ['a Host with a path', request([LENGTH], BODY, undefined, ['Host: kprf.test/push'])],
  ['a Host that ends with a tab', request([LENGTH], BODY, undefined, ['Host: kprf.test\t'])],
  ['a Host with NUL', request([LENGTH], BODY, undefined, ['Host: kprf.test\0'])],
  ['X-Forwarded-Host', request([LENGTH, 'X-Forwarded-Host: other.test'], BODY)],
]

const FIRST_LINES: readonly Named[] = [
  ...['POST  /push HTTP/1.1', 'POST /push  HTTP/1.1', 'POST\t/push HTTP/1.1'],
  ...['POST /push\tHTTP/1.1', ' POST /push HTTP/1.1', 'POST /push HTTP/1.1 '],
  ...['POST /push HTTP/1.1\t', 'POST /push HTTP/1.1\r', 'post /push HTTP/1.1'],
  ...['POST /push http/1.1', 'POST /push HTTP/1.0', 'POST /push HTTP/1.2', 'POST /push HTTP/2.0'],
  ...['POST /push HTTP/0.9', 'POST /push HTTP/1.10', 'POST /push HTTP/01.1', 'POST /push HTTP/1,1'],
  ...['POST /push HTTP/1', 'POST /push', 'POST /push HTP/1.1', 'POST HTTP/1.1'],
  ...['POST /push HTTP/1.1 HTTP/1.1', 'POST /push /docs HTTP/1.1', 'POST /push?x=1 HTTP/1.1'],
  ...['POST /push# HTTP/1.1', 'POST /push/ HTTP/1.1', 'POST //push HTTP/1.1'],
  ...['POST /./push HTTP/1.1', 'POST /x/../push HTTP/1.1', 'POST /p%75sh HTTP/1.1'],
  ...['POST /push%00 HTTP/1.1', 'POST /push\0 HTTP/1.1', 'POST /push%0d%0aX:y HTTP/1.1'],
  ...['POST /pu\xe9sh HTTP/1.1', 'POST push HTTP/1.1', 'POST * HTTP/1.1'],
  ...['POST http://kprf.test/push HTTP/1.1', 'POST http://other.test/push HTTP/1.1'],
  ...['POST https://kprf.test/push HTTP/1.1', 'POST kprf.test:80 HTTP/1.1'],
  ...['CONNECT kprf.test:80 HTTP/1.1', 'PUT /push HTTP/1.1', 'GET /push HTTP/1.1'],
  ...['OPTIONS * HTTP/1.1', 'TRACE /push HTTP/1.1', 'POSTX /push HTTP/1.1'],
  ...['P\rOST /push HTTP/1.1', 'POST /push\r HTTP/1.1', 'POST /push HTTP/1.1\nX: y'],
  ...['SOURCE /push ICE/1.0'],
].map((first) => [`first line ${JSON.stringify(first)}`, request([LENGTH], BODY, first)])

const LINE_ENDS: readonly Named[] = [
  ['lines that end with LF', request([LENGTH], BODY).replaceAll('\r\n', '\n')],
  ['lines that end with CR', request([LENGTH], BODY).replaceAll('\r\n', '\r')],
  ['lines that end with LF CR', request([LENGTH], BODY).replaceAll('\r\n', '\n\r')],
  [
    'one line that ends with LF',
    request([LENGTH], BODY).replace('\r\nContent-Length', '\nContent-Length'),
  ],
  ['an empty line of LF', request([LENGTH], BODY).replace('\r\n\r\n', '\r\n\n')],
  ['an empty line of two LF', request([LENGTH], BODY).replace('\r\n\r\n', '\n\n')],
  ['an empty line with a space', request([LENGTH], BODY).replace('\r\n\r\n', '\r\n \r\n')],
  ['an empty line with CR', request([LENGTH], BODY).replace('\r\n\r\n', '\r\n\r\r\n')],
  ['a folded line', request([LENGTH, 'X: y\r\n z'], BODY)],
  ['a folded first header', request([LENGTH], BODY).replace('\r\nHost', '\r\n Host')],
  ['an empty line before the request', `\r\n${request([LENGTH], BODY)}`],
  ['many empty lines before the request', `${'\r\n'.repeat(50)}${request([LENGTH], BODY)}`],
  ['LF before the request', `\n${request([LENGTH], BODY)}`],
  ['a space before the request', ` ${request([LENGTH], BODY)}`],
  ['NUL before the request', `\0${request([LENGTH], BODY)}`],
  ['the mark of UTF-8 before the request', `\xef\xbb\xbf${request([LENGTH], BODY)}`],
]

const PROTOCOLS: readonly Named[] = [
  [
    'an offer of HTTP/2',
    request(
      [
        LENGTH,
        'Connection: Upgrade, HTTP2-Settings',
        'Upgrade: h2c',
        'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA',
      ],
      BODY,
    ),
  ],
  ['an offer of HTTP/2 that Connection does not name', request([LENGTH, 'Upgrade: h2c'], BODY)],
  [
    'an offer of HTTP/2 with chunks',
    request([CHUNKED, 'Connection: Upgrade', 'Upgrade: h2c'], CHUNKS),
  ],
  [
    'WebSocket',
    request(
      [
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      ],
      HIDDEN,
      'GET /push HTTP/1.1',
    ),
  ],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0'],
  ['the PROXY protocol', `PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n${request([LENGTH], BODY)}`],
  ['the PROXY protocol, version 2', `\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c`],
  ['TLS', '\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03'],
  ['the beginning of a reply', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
]

/** What tells, or seems to tell, whether a request is the last one of its connection. */
const CONNECTIONS = [
  ...['close', 'Close', 'keep-alive', 'Keep-Alive', 'close, keep-alive', 'keep-alive, close'],
  ...['close, close', 'close,', ', close', 'close;q=1', '"close"', 'closed', 'close ', ' close'],
  ...['close\t', 'clo\0se', '\r\n close', 'close\r\nConnection: keep-alive'],
  ...['keep-alive\r\nConnection: close', 'close\r\nConnection: close', 'Upgrade', '', 'Host'],
].map((connection) => `Connection: ${connection}`)

const HEADERS: readonly Named[] = [
  ...['X-\xe9: y', '\xe9: y', 'X: \xe9', 'X: \x7f', 'X: \x01', 'X\0: y', 'X: y\0z', ': y', 'X'],
  ...['X;: y', 'X: y\tz', '(X): y', '"X": y', 'X[]: y', 'X\\: y', 'X@: y', 'X/: y', '{X}: y'],
  ...['X Y: z', 'X\ty: z', "!#$%&'*+-.^_`|~: y"],
  ...CONNECTIONS,
  ...['Proxy-Connection: close', 'Keep-Alive: max=1', 'TE: trailers', 'Trailer: X'],
  ...['X-HTTP-Method-Override: GET', 'Content-Encoding: gzip', 'Content-Encoding: identity'],
  ...['Set-Cookie: a', '__proto__: y', 'constructor: y', 'Content-Type: text/plain', 'Cookie: a'],
  ...['Max-Forwards: 0', 'Via: 1.0 x', 'Range: bytes=0-1'],
].map((line) => [`the header ${JSON.stringify(line)}`, request([LENGTH, line], BODY)])

const HIDDEN_FRAMINGS: readonly Named[] = [
  ...hidden('Transfer-Encoding', 'chunked').map((line): Named => [
    `TE.TE, ${JSON.stringify(line)}`,
    request([`Content-Length: ${5 + HIDDEN.length}`, line], `0\r\n\r\n${HIDDEN}`),
  ]),
  ...hidden('Content-Length', String(HIDDEN.length)).map((line): Named => [
    `0.CL, ${JSON.stringify(line)}`,
    request([line], HIDDEN),
  ]),
  ...hidden('Content-Length', String(BODY.length + HIDDEN.length)).map((line): Named => [
    `CL.CL, ${JSON.stringify(line)}`,
    request([LENGTH, line], BODY + HIDDEN),
  ]),
]

/** All of them. */
export const SHAPES: readonly Shape[] = [
  ...[LENGTHS, FRAMINGS, HIDDEN_FRAMINGS, EXPECTS, MORE_EXPECTS, CHUNKED_BODIES],
  ...[HOSTS, FIRST_LINES, LINE_ENDS, PROTOCOLS, HEADERS],
].flatMap((shapes) => shapes.map(([name, text]) => ({ name, bytes: Buffer.from(text, 'latin1') })))

/** A push in the usual form. */
export const USUAL: Buffer = Buffer.from(request([LENGTH], BODY), 'latin1')
