import { isUtf8 } from 'node:buffer'
import { ProxyError } from '../errors.ts'
import { describeJsonError } from './json-error.ts'

/**
 * Parses a request body as JSON. Of duplicate keys the last counts; a byte order mark is skipped.
 *
 * @throws ProxyError `EMPTY_BODY`, `INVALID_UTF8`, or `INVALID_JSON` with the place of the error; never
 * with text of the body.
 */
export function parseJson(body: Buffer): unknown {
  if (body.length === 0) throw new ProxyError('EMPTY_BODY', 'the request has no body')
  const text = decodeUtf8(body)
  try {
    return JSON.parse(text)
  } catch {
    throw new ProxyError('INVALID_JSON', `the body is not JSON: ${describeJsonError(text)}`)
  }
}

function decodeUtf8(body: Buffer): string {
  const text = body.toString('utf8')
  // Decoding puts U+FFFD for what is not UTF-8: only a text with one in it needs a second look.
  if (text.includes('\ufffd') && !isUtf8(body)) {
    throw new ProxyError('INVALID_UTF8', 'the body is not valid UTF-8')
  }
  return text.startsWith('\ufeff') ? text.slice(1) : text
}
