/** The only place where HTTP statuses are chosen. docs/ERRORS.md explains each to clients. */
import type { ErrorCode } from '../base/errors.ts'
import type { FailedDelivery } from '../producer/types.ts'

/** The status and number of one {@link ErrorCode}. */
export interface HttpMapping {
  readonly status: number
  /** The error number in reply bodies: status * 100 + n. A number is never reused. */
  readonly errorCode: number
}

export const OK_STATUS = 200
export const NO_CONTENT_STATUS = 204
/** Of a batch whose records have a status each. */
export const MULTI_STATUS = 207

/** Whether a request with this status is served, as opposed to refused or failed. */
export function isServed(status: number): boolean {
  return status === OK_STATUS || status === NO_CONTENT_STATUS || status === MULTI_STATUS
}

/** Status of a request whose client left before the reply, in logs and metrics only; nginx's number. */
export const CLIENT_GONE_STATUS = 499

/** `Retry-After` of a 503, seconds: long enough for a queue or a broker to recover. */
export const RETRY_AFTER_UNAVAILABLE_SECONDS = 1

/** Status and number of every error code. */
export const HTTP_MAPPINGS = {
  INVALID_HTTP: { status: 400, errorCode: 40000 },
  INVALID_JSON: { status: 400, errorCode: 40001 },
  INVALID_UTF8: { status: 400, errorCode: 40002 },
  EMPTY_BODY: { status: 400, errorCode: 40003 },
  INVALID_ENCODED_BODY: { status: 400, errorCode: 40004 },
  INVALID_TEXT: { status: 400, errorCode: 40005 },
  INVALID_IDEMPOTENCY_KEY: { status: 400, errorCode: 40006 },
  UNAUTHENTICATED: { status: 401, errorCode: 40101 },
  TOPIC_FORBIDDEN: { status: 403, errorCode: 40301 },
  ORIGIN_NOT_ALLOWED: { status: 403, errorCode: 40302 },
  NOT_FOUND: { status: 404, errorCode: 40400 },
  TOPIC_UNKNOWN: { status: 404, errorCode: 40401 },
  PARTITION_UNKNOWN: { status: 404, errorCode: 40402 },
  METHOD_NOT_ALLOWED: { status: 405, errorCode: 40500 },
  REQUEST_TIMEOUT: { status: 408, errorCode: 40800 },
  IDEMPOTENCY_KEY_IN_USE: { status: 409, errorCode: 40901 },
  BODY_TOO_LARGE: { status: 413, errorCode: 41301 },
  RECORD_TOO_LARGE: { status: 413, errorCode: 41302 },
  TOO_MANY_RECORDS: { status: 413, errorCode: 41303 },
  JSON_TOO_COMPLEX: { status: 413, errorCode: 41304 },
  TOO_MANY_TOPICS: { status: 413, errorCode: 41305 },
  PUSH_TOO_LARGE: { status: 413, errorCode: 41306 },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, errorCode: 41501 },
  UNSUPPORTED_CONTENT_ENCODING: { status: 415, errorCode: 41502 },
  EXPECTATION_FAILED: { status: 417, errorCode: 41700 },
  MISDIRECTED_REQUEST: { status: 421, errorCode: 42100 },
  HOST_NOT_ALLOWED: { status: 421, errorCode: 42101 },
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
  DUPLICATE_NAME: { status: 422, errorCode: 42212 },
  RECORD_REJECTED: { status: 422, errorCode: 42213 },
  IDEMPOTENCY_KEY_REUSED: { status: 422, errorCode: 42214 },
  RATE_LIMITED: { status: 429, errorCode: 42901 },
  TOPIC_CREATION_LIMITED: { status: 429, errorCode: 42902 },
  QUOTA_EXCEEDED: { status: 429, errorCode: 42903 },
  TOO_MANY_IN_FLIGHT: { status: 429, errorCode: 42904 },
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
  NOT_DELIVERED_IN_TIME: { status: 503, errorCode: 50307 },
  LOG_FULL: { status: 503, errorCode: 50308 },
  LOG_FAILED: { status: 503, errorCode: 50309 },
  TOO_MANY_IDEMPOTENCY_KEYS: { status: 503, errorCode: 50310 },
  JWT_KEYS_UNAVAILABLE: { status: 503, errorCode: 50311 },
  DELIVERY_TIMED_OUT: { status: 504, errorCode: 50401 },
  OUTCOME_UNKNOWN: { status: 504, errorCode: 50402 },
  HTTP_VERSION_NOT_SUPPORTED: { status: 505, errorCode: 50500 },
} as const satisfies Record<ErrorCode, HttpMapping>

/**
 * The status of a refusal where replies are those of the Rust kprf. It knew one status for every body that it could not
 * read; what it did not know (limits, time-outs, 503) keeps its own.
 */
export function rustStatusOfRefusal(code: ErrorCode): number {
  const { status } = HTTP_MAPPINGS[code]
  return status === HTTP_MAPPINGS.INVALID_REQUEST.status && code !== 'IDEMPOTENCY_KEY_REUSED'
    ? HTTP_MAPPINGS.INVALID_JSON.status
    : status
}

/**
 * The status of a push with failed records where replies are those of the Rust kprf, which answered a client that does
 * not wait before it looked at the records.
 */
export function rustStatusOfFailure(waitsForDelivery: boolean): number {
  return waitsForDelivery ? HTTP_MAPPINGS.INTERNAL.status : OK_STATUS
}

/** The numbers of the API v2 of the Confluent REST Proxy for a record or a request that failed. */
const REST_V2_CODES: Partial<Record<ErrorCode, number>> = {
  ...{ UNAUTHENTICATED: 40_101, AUTHENTICATION_FAILED: 40_101, TOPIC_FORBIDDEN: 40_301 },
  ...{ TOPIC_UNKNOWN: 40_401, PARTITION_UNKNOWN: 40_402, INVALID_BASE64: 42_205 },
  ...{ RATE_LIMITED: 42_901, TOPIC_CREATION_LIMITED: 42_901, QUOTA_EXCEEDED: 42_901 },
  ...{ TOO_MANY_IN_FLIGHT: 42_901 },
}
/** The same where a record failed for good, and where it may be sent again. */
const REST_V2_PERMANENT = 50_002
const REST_V2_RETRIABLE = 50_003

/** The number of a request that is refused, in the API v2 of the Confluent REST Proxy: most often its status. */
export function restV2CodeOfRefusal(code: ErrorCode): number {
  return REST_V2_CODES[code] ?? HTTP_MAPPINGS[code].status
}

/** The number of a failed record in the API v2 of the Confluent REST Proxy. */
export function restV2CodeOfFailure(code: ErrorCode): number {
  const known = REST_V2_CODES[code]
  if (known !== undefined) return known
  const { status } = HTTP_MAPPINGS[code]
  if (status === HTTP_MAPPINGS.RECORD_TOO_LARGE.status) return status
  const isRetriable =
    status === HTTP_MAPPINGS.BUFFER_FULL.status ||
    status === HTTP_MAPPINGS.DELIVERY_TIMED_OUT.status
  return isRetriable ? REST_V2_RETRIABLE : REST_V2_PERMANENT
}

/**
 * The status of a request of that API with failed records: 200, because each has its number in the body. 401 and 403 are
 * those of the Confluent REST Proxy.
 *
 * @param codes - of the failed records.
 * @param decisive - the most important of their errors.
 * @param mustSay - whether the status must say that records failed.
 */
export function restV2StatusOfFailures(
  codes: readonly ErrorCode[],
  decisive: ErrorCode,
  mustSay: boolean,
): number {
  if (mustSay) return HTTP_MAPPINGS[decisive].status
  if (codes.includes('AUTHENTICATION_FAILED')) return HTTP_MAPPINGS.UNAUTHENTICATED.status
  if (codes.includes('TOPIC_FORBIDDEN')) return HTTP_MAPPINGS.TOPIC_FORBIDDEN.status
  return OK_STATUS
}

/**
 * The status, and the number in bodies, of an error in the API v3 of the Confluent REST Proxy: that has one for whatever
 * is wrong with a record.
 */
export function restV3Status(code: ErrorCode): number {
  const { status } = HTTP_MAPPINGS[code]
  return status === HTTP_MAPPINGS.INVALID_RECORD.status ? HTTP_MAPPINGS.INVALID_JSON.status : status
}

/** The number of an error in that API: most often its status. */
export function restV3Code(code: ErrorCode): number {
  return code === 'TOPIC_UNKNOWN' ? 40_403 : restV3Status(code)
}

/**
 * The status of a push whose records failed for different reasons: the first of these that occurs. "Kafka may have
 * it" comes before "try again", and that before "fix the request": a client that tries again without the first
 * would produce duplicates.
 */
const PRECEDENCE: readonly number[] = [504, 503, 413, 404, 403, 429, 422, 400, 502]

/**
 * Returns the error code of a failed record: 504 if and only if its outcome is unknown. librdkafka has one number for
 * all records that timed out.
 */
export function codeOfFailure({ status, error }: FailedDelivery): ErrorCode {
  if (status === 'possiblyPersisted') return 'DELIVERY_TIMED_OUT'
  return error.code === 'DELIVERY_TIMED_OUT' ? 'NOT_DELIVERED_IN_TIME' : error.code
}

/** What a failed record is told as beside the errors of all records. */
export function messageOfFailure(failure: FailedDelivery): string {
  const text = messageOf(failure.error)
  return codeOfFailure(failure) === 'NOT_DELIVERED_IN_TIME'
    ? `not delivered, and certainly not in Kafka: ${text}`
    : text
}

/** librdkafka's text, with what kprf knows beyond it. */
export function messageOf({
  text,
  detail,
}: {
  readonly text: string
  readonly detail?: string | undefined
}): string {
  return detail === undefined ? text : `${text}: ${detail}`
}

/** Returns the rank of a failed record; the lowest rank sets the status of its push. */
export function rankOfFailure(failure: FailedDelivery): number {
  return rankOfCode(codeOfFailure(failure))
}

/** A status outside the list, such as 500, comes from a bug and counts last. */
export function rankOfCode(code: ErrorCode): number {
  const rank = PRECEDENCE.indexOf(HTTP_MAPPINGS[code].status)
  return rank === -1 ? PRECEDENCE.length : rank
}

/** One failure, and the index of its record. */
export interface Decisive<Failure> {
  readonly index: number
  readonly failure: Failure
}

/**
 * Finds the failure that sets the status: the lowest rank, then the first record.
 *
 * @returns `undefined` if no record failed.
 */
export function decisiveOf<Failure>(
  failures: readonly (Failure | undefined)[],
  rankOf: (failure: Failure) => number,
): Decisive<Failure> | undefined {
  let decisive: Decisive<Failure> | undefined
  let lowest = Infinity
  for (const [index, failure] of failures.entries()) {
    if (failure === undefined) continue
    const rank = rankOf(failure)
    if (rank >= lowest) continue
    lowest = rank
    decisive = { index, failure }
  }
  return decisive
}
