import type { IncomingHttpHeaders } from 'node:http'
import { MIMEType } from 'node:util'
import { ProxyError } from '../base/errors.ts'
import type { Cors } from './access/cors.ts'

/**
 * Checks that a body is announced as JSON. Many clients announce nothing, and then it is taken for JSON; but not from a
 * browser (`Origin`), which lets any site send a body without a type, or of another type, and asks before it sends JSON.
 * A page of a listed origin may announce `text/plain`: `navigator.sendBeacon` cannot announce JSON without asking first,
 * and the browser of a page that is being left does not wait for the answer.
 * A charset is not looked at: the body must be UTF-8, the only encoding of JSON (RFC 8259, 8.1), and this is checked.
 *
 * @param cors - the listed origins; `undefined` if there are none.
 * @throws ProxyError `UNSUPPORTED_MEDIA_TYPE`.
 */
export function assertJsonContentType(
  headers: IncomingHttpHeaders,
  cors?: Pick<Cors, 'allows'>,
): void {
  const contentType = headers['content-type']
  // What nearly every client sends, without the cost of parsing it.
  if (contentType === 'application/json') return
  if (!contentType) {
    if (headers.origin === undefined) return
    throw new ProxyError(
      'UNSUPPORTED_MEDIA_TYPE',
      'Content-Type must be application/json in a request with an Origin header',
    )
  }
  const essence = essenceOf(contentType)
  if (essence === 'application/json') return
  const { origin } = headers
  if (essence === TEXT && origin !== undefined && cors?.allows(origin) === true) return
  const given = essence === FORM ? ', not that of a form, which curl -d sends by default' : ''
  throw new ProxyError('UNSUPPORTED_MEDIA_TYPE', `Content-Type must be application/json${given}`)
}

const TEXT = 'text/plain'
const FORM = 'application/x-www-form-urlencoded'

/** The type without its parameters; undefined if it is none. */
export function essenceOf(contentType: string): string | undefined {
  try {
    return new MIMEType(contentType).essence
  } catch {
    return undefined
  }
}
