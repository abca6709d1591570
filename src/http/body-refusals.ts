/** The refusals of request bodies. */
import { ProxyError } from '../base/errors.ts'
import type { HeldBytes } from './byte-budget.ts'

/** The message for a client whose stalled body lost its memory to others. */
export const BODY_GIVEN_UP =
  'the body stopped arriving, and other bodies needed its memory: send the request again'

/** The key that limits a body that is read whole. */
export const MAX_BODY_KEY = 'http.max_body_bytes'
/** What limits a streamed body: each route has its own limit. */
export const STREAM_LIMIT = 'on this path'

/** Takes bytes from the budget. @returns the refusal if there is no room. */
export function takeBytes(held: HeldBytes, bytes: number): ProxyError | undefined {
  switch (held.take(bytes)) {
    case 'taken':
      return undefined
    case 'full':
      return new ProxyError('OVERLOADED', 'request bodies fill the memory reserved for them')
    case 'clientFull':
      return new ProxyError(
        'OVERLOADED',
        'request bodies of this client address fill its share of the memory reserved for them',
      )
  }
}

/**
 * The refusal of a body above the size limit.
 *
 * @param limit - the key of the limit, or where it applies.
 * @param bytes - the size of the body; NaN if its head does not say.
 */
export function bodyTooLarge(maxBytes: number, limit: string, bytes = NaN): ProxyError {
  const size = Number.isNaN(bytes) ? `more than ${maxBytes} bytes` : `${bytes} bytes`
  return new ProxyError(
    'BODY_TOO_LARGE',
    `the body has ${size}, and ${maxBytes} are allowed (${limit})`,
  )
}
