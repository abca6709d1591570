/** The only place where HTTP statuses are chosen. docs/ERRORS.md tells clients what each means. */
import type { ErrorCode } from '../errors.ts'
import type { DeliveryError } from '../producer/types.ts'

/** What one {@link ErrorCode} is to an HTTP client. */
export interface HttpMapping {
  readonly status: number
  /** Number of the error in reply bodies: status * 100 + n, never reused for another meaning. */
  readonly errorCode: number
}

export const OK_STATUS = 200
export const NO_CONTENT_STATUS = 204

/** Status of a request whose client left before the reply, in logs and metrics only; nginx's number. */
export const CLIENT_GONE_STATUS = 499

/** Seconds a client is asked to stay away after a 503: long enough for a queue or a broker to recover. */
export const RETRY_AFTER_UNAVAILABLE_SECONDS = 1

/** Status and number of every way to fail. */
export const HTTP_MAPPINGS = {
  INVALID_HTTP: { status: 400, errorCode: 40000 },
  INVALID_JSON: { status: 400, errorCode: 40001 },
  INVALID_UTF8: { status: 400, errorCode: 40002 },
  EMPTY_BODY: { status: 400, errorCode: 40003 },
  INVALID_ENCODED_BODY: { status: 400, errorCode: 40004 },
  INVALID_TEXT: { status: 400, errorCode: 40005 },
  TOPIC_FORBIDDEN: { status: 403, errorCode: 40301 },
  NOT_FOUND: { status: 404, errorCode: 40400 },
  TOPIC_UNKNOWN: { status: 404, errorCode: 40401 },
  PARTITION_UNKNOWN: { status: 404, errorCode: 40402 },
  METHOD_NOT_ALLOWED: { status: 405, errorCode: 40500 },
  REQUEST_TIMEOUT: { status: 408, errorCode: 40800 },
  BODY_TOO_LARGE: { status: 413, errorCode: 41301 },
  RECORD_TOO_LARGE: { status: 413, errorCode: 41302 },
  TOO_MANY_RECORDS: { status: 413, errorCode: 41303 },
  TOO_MANY_TOPICS: { status: 413, errorCode: 41304 },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, errorCode: 41501 },
  UNSUPPORTED_CONTENT_ENCODING: { status: 415, errorCode: 41502 },
  EXPECTATION_FAILED: { status: 417, errorCode: 41700 },
  MISDIRECTED_REQUEST: { status: 421, errorCode: 42100 },
  INVALID_REQUEST: { status: 422, errorCode: 42201 },
  JSON_TOO_DEEP: { status: 422, errorCode: 42202 },
  INVALID_RECORDS: { status: 422, errorCode: 42203 },
  INVALID_PARTITION: { status: 422, errorCode: 42204 },
  INVALID_BASE64: { status: 422, errorCode: 42205 },
  INVALID_TOPIC: { status: 422, errorCode: 42206 },
  INVALID_RECORD: { status: 422, errorCode: 42207 },
  INVALID_HEADERS: { status: 422, errorCode: 42208 },
  INVALID_TIMESTAMP: { status: 422, errorCode: 42209 },
  UNKNOWN_FIELD: { status: 422, errorCode: 42210 },
  RECORD_NOT_SENT: { status: 422, errorCode: 42211 },
  RATE_LIMITED: { status: 429, errorCode: 42901 },
  TOPIC_CREATION_LIMITED: { status: 429, errorCode: 42902 },
  HEADERS_TOO_LARGE: { status: 431, errorCode: 43100 },
  INTERNAL: { status: 500, errorCode: 50000 },
  CONFIG_INVALID: { status: 500, errorCode: 50001 },
  NOT_IMPLEMENTED: { status: 501, errorCode: 50100 },
  BROKER_REJECTED: { status: 502, errorCode: 50201 },
  BROKER_UNAVAILABLE: { status: 503, errorCode: 50301 },
  BUFFER_FULL: { status: 503, errorCode: 50302 },
  AUTHENTICATION_FAILED: { status: 503, errorCode: 50303 },
  PRODUCER_DRAINING: { status: 503, errorCode: 50304 },
  OVERLOADED: { status: 503, errorCode: 50305 },
  TOO_MANY_UNKNOWN_TOPICS: { status: 503, errorCode: 50306 },
  DELIVERY_TIMED_OUT: { status: 504, errorCode: 50401 },
} as const satisfies Record<ErrorCode, HttpMapping>

/**
 * Which status a push gets when its records failed for different reasons: the first of these that
 * occurs. "Try again" comes before "unknown whether it arrived", and that before "mend the request".
 */
const PRECEDENCE: readonly number[] = [503, 504, 413, 404, 403, 429, 422, 400, 502]

/** The failure that decides the status of a whole push, and which record it belongs to. */
export interface DecisiveFailure {
  readonly index: number
  readonly error: DeliveryError
}

/**
 * Picks the failure that decides the status: by precedence, the first record where that is equal.
 *
 * @returns `undefined` when no record failed.
 */
export function decisiveFailure(
  failures: readonly (DeliveryError | undefined)[],
): DecisiveFailure | undefined {
  let decisive: DecisiveFailure | undefined
  let best = Infinity
  failures.forEach((error, index) => {
    if (error === undefined) return
    const rank = rankOf(error.code)
    if (rank < best) {
      best = rank
      decisive = { index, error }
    }
  })
  return decisive
}

/** A status outside the table, such as 500, is a bug's: it is shown only if nothing else is wrong. */
function rankOf(code: ErrorCode): number {
  const rank = PRECEDENCE.indexOf(HTTP_MAPPINGS[code].status)
  return rank === -1 ? PRECEDENCE.length : rank
}
