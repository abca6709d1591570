/** Creates replies to input that is not HTTP, for which Node has no response object. */
import { http } from '../base/node-modules.ts'
import type { ErrorCode } from '../base/errors.ts'
import { PLAIN } from './edge/dialect.ts'
import type { Refusal } from './error-body.ts'
import { SERVER_LIMITS } from './limits.ts'
import { headersOf, type HeaderList } from './reply.ts'
import { VERSIONS_MESSAGE } from './request-guard.ts'

/** Node's code of a head that takes too long. */
const TIMEOUT_CODE = 'ERR_HTTP_REQUEST_TIMEOUT'

/** Errors of Node's parser with a more specific code than INVALID_HTTP. */
const CODES: ReadonlyMap<string, ErrorCode> = new Map<string, ErrorCode>([
  ['HPE_HEADER_OVERFLOW', 'HEADERS_TOO_LARGE'],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', 'BODY_TOO_LARGE'],
  [TIMEOUT_CODE, 'REQUEST_TIMEOUT'],
  ['HPE_INVALID_VERSION', 'HTTP_VERSION_NOT_SUPPORTED'],
  // The preface of HTTP/2.
  ['HPE_PAUSED_H2_UPGRADE', 'HTTP_VERSION_NOT_SUPPORTED'],
])

/** Whether an error of Node's server says that a head takes too long. */
export function isTooLate({ code }: NodeJS.ErrnoException): boolean {
  return code === TIMEOUT_CODE
}

/** The refusal of a head or body that takes too long. */
export const TOO_LATE: Refusal = {
  code: 'REQUEST_TIMEOUT',
  message: 'the request did not arrive in time',
}

const MESSAGES: Partial<Record<ErrorCode, string>> = {
  HEADERS_TOO_LARGE: `the request line and headers have more than ${SERVER_LIMITS.maxHeaderBytes} bytes`,
  BODY_TOO_LARGE: 'the chunk extensions of the body are too large',
  HTTP_VERSION_NOT_SUPPORTED: VERSIONS_MESSAGE,
  REQUEST_TIMEOUT: TOO_LATE.message,
}

/**
 * The reason that Node's parser gives for an invalid request line after a valid version; its code is that of an
 * invalid version.
 */
const WRONG_BEHIND_VERSION = 'Expected CRLF after version'

/** How connections begin on which a load balancer sends the PROXY protocol, version 1 and version 2. */
const PROXY_PREAMBLES = ['PROXY ', '\r\n\r\n\0\r\nQUIT\n'].map((text) => Buffer.from(text))

const PROXY_REFUSAL: Refusal = {
  code: 'INVALID_HTTP',
  message:
    'the connection begins with the PROXY protocol, which kprf does not read: turn it off in the load balancer, let that send X-Forwarded-For, and name it in http.trusted_proxies',
}

/** An error of Node's parser. */
interface ParserError extends NodeJS.ErrnoException {
  readonly reason?: string
  /** The bytes that it was parsing. */
  readonly rawPacket?: Buffer
}

/**
 * Converts an error of Node's parser to a refusal.
 *
 * @param isFirst - whether its connection has had no request before.
 */
export function parserRefusal(error: ParserError, isFirst: boolean): Refusal {
  const { rawPacket } = error
  const beginsWith = (start: Buffer): boolean =>
    rawPacket?.subarray(0, start.length).equals(start) === true
  if (isFirst && PROXY_PREAMBLES.some(beginsWith)) return PROXY_REFUSAL
  const parserCode = error.code ?? 'unknown'
  const isMalformed = error.reason === WRONG_BEHIND_VERSION
  const code = (isMalformed ? undefined : CODES.get(parserCode)) ?? 'INVALID_HTTP'
  return { code, message: MESSAGES[code] ?? `the request is not well-formed HTTP (${parserCode})` }
}

/** Writes a whole reply, head and body, that closes the connection. */
export function rawReply(
  refusal: Refusal,
  requestId: string,
  extraHeaders: HeaderList = [],
): string {
  const reply = PLAIN.refusal(refusal, requestId)
  const { status, body } = reply
  const headers = headersOf(requestId, reply, [...extraHeaders, 'Connection', 'close'])
  let head = `HTTP/1.1 ${status} ${http.STATUS_CODES[status] ?? ''}\r\n`
  for (let index = 0; index < headers.length; index += 2) {
    head += `${headers[index] ?? ''}: ${headers[index + 1] ?? ''}\r\n`
  }
  return `${head}\r\n${body}`
}
