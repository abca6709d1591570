/** Refuses invalid requests that Node's parser accepts. Pure. */
import type { IncomingMessage } from 'node:http'
import type { Refusal } from './error-body.ts'

/** Only with this does the body have a known end (RFC 9112, 6.3). */
const ENDS_WITH_CHUNKED = /(?:^|,)\s*chunked\s*$/

/** The message for other HTTP versions. */
export const VERSIONS_MESSAGE = 'the HTTP version must be 1.1 or 1.0'

/** For any other expectation. */
export const EXPECTATION_REFUSAL: Refusal = {
  code: 'EXPECTATION_FAILED',
  message: 'Expect must be 100-continue',
}

/** Checks the head of a request. Returns the refusal if it is invalid; the connection must be closed after it. */
export function headRefusal(request: IncomingMessage, maxHeaders: number): Refusal | undefined {
  const { rawHeaders, headers, httpVersion } = request
  // Node's parser also accepts 2.0 and 0.9, and a line without a version as 0.9.
  if (httpVersion !== '1.1' && httpVersion !== '1.0') {
    return { code: 'HTTP_VERSION_NOT_SUPPORTED', message: VERSIONS_MESSAGE }
  }
  // Names and values alternate. Node stops at this number and drops the rest, framing headers included.
  if (rawHeaders.length >= maxHeaders * 2) {
    return {
      code: 'HEADERS_TOO_LARGE',
      message: `a request must have fewer than ${maxHeaders} headers`,
    }
  }
  const hosts = countHosts(rawHeaders)
  if (hosts > 1 || (hosts === 0 && request.httpVersionMinor === 1)) {
    return { code: 'INVALID_HTTP', message: 'a request must have exactly one Host header' }
  }
  const transferEncoding = headers['transfer-encoding']?.toLowerCase()
  if (transferEncoding !== undefined && transferEncoding !== 'chunked') {
    return ENDS_WITH_CHUNKED.test(transferEncoding)
      ? { code: 'NOT_IMPLEMENTED', message: 'Transfer-Encoding must be chunked alone' }
      : { code: 'INVALID_HTTP', message: 'Transfer-Encoding must end with chunked' }
  }
  return targetRefusal(request.url ?? '', headers.host)
}

function countHosts(rawHeaders: readonly string[]): number {
  let hosts = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1
  }
  return hosts
}

function targetRefusal(target: string, host: string | undefined): Refusal | undefined {
  if (target.startsWith('/')) {
    if (!target.includes('%') || isDecodable(target)) return undefined
    return {
      code: 'INVALID_HTTP',
      message: 'the path has a % that does not encode UTF-8: write a literal % as %25',
    }
  }
  if (target === '*') return undefined
  // The absolute form, as sent to forward proxies, is allowed if it names the host of the Host header.
  const url = URL.parse(target)
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    return { code: 'INVALID_HTTP', message: 'the request target must be a path or an http URL' }
  }
  return url.host === URL.parse(`${url.protocol}//${host ?? ''}`)?.host
    ? undefined
    : {
        code: 'MISDIRECTED_REQUEST',
        message: 'the request line names another host than the Host header',
      }
}

/** Returns the path and query of an accepted request target; `/` for `*`. */
export function pathOf(target: string): string {
  if (target.startsWith('/')) return target
  const url = URL.parse(target)
  return url === null ? '/' : url.pathname + url.search
}

function isDecodable(target: string): boolean {
  const [path = ''] = target.split('?', 1)
  try {
    decodeURIComponent(path)
    return true
  } catch {
    return false
  }
}
