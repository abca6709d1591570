import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Clock } from '../base/clock.ts'

/** What of `X-Request-Id` is taken over: anything else could forge log lines or headers. */
const ACCEPTED = /^[\w-]{1,64}$/

/** How far the counter goes: eight hexadecimal digits. */
const COUNTS = 2 ** 32

/** Gives the id of a request: the client's own where it is fit to be logged, a new one otherwise. */
export type RequestIds = (headers?: IncomingHttpHeaders) => string

/**
 * Makes the source of request ids. New ones are UUIDv7 (RFC 9562), so that they sort by time, with a counter
 * (6.2) behind random bits of this source: Node's `randomUUID` for each would be dearer than all that is logged.
 */
export function createRequestIds(clock: Clock): RequestIds {
  // A version 4 UUID is random from its 15th character on, variant included, as a version 7 is.
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
