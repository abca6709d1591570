/** Finds out how an event is written into a request: HTTP protocol binding of CloudEvents 1.0.2, section 3. Pure. */
import type { IncomingMessage } from 'node:http'
import { ProxyError } from '../../base/errors.ts'
import { essenceOf } from '../content-type.ts'

/** The content modes of the binding. */
export type ContentMode = 'binary' | 'structured' | 'batch'

export const ATTRIBUTE_HEADER = /^ce-/i
export const STRUCTURED_TYPE = 'application/cloudevents+json'
export const BATCH_TYPE = 'application/cloudevents-batch+json'
/** Types of events in all formats begin with this. */
const EVENT_TYPES = 'application/cloudevents'

/**
 * Returns the mode of a request. The type decides, as the binding has it: in structured mode a client may repeat
 * attributes in headers, which then mean nothing.
 *
 * It also keeps out the pages of origins that are not listed in `http.cors`: a browser asks before it sends one of these
 * types, or a header that begins with `ce-`, and what it sends without asking is no event.
 *
 * @throws ProxyError `UNSUPPORTED_MEDIA_TYPE` if it has no event, or one in a format that kprf cannot read;
 * `DUPLICATE_NAME` for a second Content-Type.
 */
export function contentModeOf({
  headers,
  rawHeaders,
}: Pick<IncomingMessage, 'headers' | 'rawHeaders'>): ContentMode {
  let types = 0
  let hasAttributes = false
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? ''
    if (/^content-type$/i.test(name)) types += 1
    else if (ATTRIBUTE_HEADER.test(name)) hasAttributes = true
  }
  if (types > 1) {
    throw new ProxyError('DUPLICATE_NAME', 'the request has more than one Content-Type')
  }
  const type = headers['content-type'] ?? ''
  if (type.toLowerCase().startsWith(EVENT_TYPES)) {
    const essence = essenceOf(type)
    if (essence === STRUCTURED_TYPE) return 'structured'
    if (essence === BATCH_TYPE) return 'batch'
    throw new ProxyError(
      'UNSUPPORTED_MEDIA_TYPE',
      `the format of the event must be JSON: Content-Type ${STRUCTURED_TYPE}, or ${BATCH_TYPE} for several`,
    )
  }
  if (hasAttributes) return 'binary'
  throw new ProxyError(
    'UNSUPPORTED_MEDIA_TYPE',
    `the request has no event: send its attributes as headers (ce-id, ce-source, ce-type, ce-specversion), or it as JSON with Content-Type ${STRUCTURED_TYPE}, or several with ${BATCH_TYPE}`,
  )
}
