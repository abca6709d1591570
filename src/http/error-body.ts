/** Writes the JSON of error replies. */
import type { ErrorCode } from '../base/errors.ts'
import { HTTP_MAPPINGS } from './error-mapper.ts'

/** Why a request is refused as a whole. The message never quotes the request. */
export interface Refusal {
  readonly code: ErrorCode
  readonly message: string
}

/** Whether Kafka may have a failed record, in the terms of the API. */
export type Outcome = 'not_persisted' | 'unknown'

/** Writes the body of a refusal outside `/push`. */
export function refusalBody(refusal: Refusal, requestId: string): string {
  return JSON.stringify(summaryOf(refusal, requestId))
}

/** A bug may appear when records are already on their way, and so may be those of an earlier request. */
const IN_DOUBT = new Set<ErrorCode>(['INTERNAL', 'IDEMPOTENCY_KEY_IN_USE', 'OUTCOME_UNKNOWN'])

/** Writes the body of a push that is refused as a whole: one element says why. */
export function refusedPushBody(refusal: Refusal, requestId: string): string {
  const { code, message } = refusal
  const outcome = IN_DOUBT.has(code) ? 'unknown' : 'not_persisted'
  const element = failedElement(message, HTTP_MAPPINGS[code].errorCode, outcome)
  return pushBody([element], '', refusal, requestId)
}

/**
 * Writes the body of a failed push.
 *
 * @param elements - JSON of the elements of `errors`.
 * @param fields - JSON of further fields, each preceded by a comma.
 * @param decisive - the error that sets the status of the reply.
 */
export function pushBody(
  elements: readonly string[],
  fields: string,
  decisive: Refusal,
  requestId: string,
): string {
  const summary = JSON.stringify(summaryOf(decisive, requestId))
  return `{"status":"error","errors":[${elements.join(',')}]${fields},${summary.slice(1)}`
}

/**
 * Writes the element of a record that failed.
 *
 * @param text - of `error`, which clients of the Rust kprf match on.
 */
export function failedElement(
  text: string,
  number: number,
  outcome: Outcome,
  message = text,
): string {
  const [json, messageJson] = [JSON.stringify(text), JSON.stringify(message)]
  return `{"status":"error","error":${json},"message":${messageJson},"error_code":${number},"outcome":"${outcome}"}`
}

function summaryOf(refusal: Refusal, requestId: string): object {
  return {
    error_code: HTTP_MAPPINGS[refusal.code].errorCode,
    message: refusal.message,
    request_id: requestId,
  }
}
