import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Clock } from '../base/clock.ts'

/** The accepted form of `X-Request-Id`: anything else could forge log lines or headers. */
const ACCEPTED = /^[\w-]{1,64}$/

/** The counter has eight hexadecimal digits. */
const COUNTS = 2 ** 32

/** Returns the id of a request: the client's own if it has the accepted form, otherwise a new one. */
export type RequestIds = (headers?: IncomingHttpHeaders) => string

/**
 * Creates the generator of request ids. New ids are UUIDv7 (RFC 9562), so that they sort by time: random bits of
 * this process and a counter (6.2). A call of Node's `randomUUID` per request would cost more than all logging.
 */
export function createRequestIds(clock: Clock): RequestIds {
  // A version 4 UUID is random from its 15th character on, the variant included, as in version 7.
  const random = randomUUID().slice(15, 28)
  let count = 0
  let prefixMs = NaN
  let prefix = ''
  return (headers) => {
    const given = headers?.['x-request-id']
    if (typeof given === 'string' && ACCEPTED.test(given)) return given
    const epochMs = clock.epochMs()
    if (epochMs !== prefixMs) {
      prefixMs = epochMs
      prefix = prefixOf(epochMs) + random
    }
    count = (count + 1) % COUNTS
    return prefix + count.toString(16).padStart(8, '0')
  }
}

function prefixOf(epochMs: number): string {
  const time = epochMs.toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7`
}
