/** The JSON of replies that are not a success. */
import type { ErrorCode } from '../errors.ts'
import type { DeliveryError } from '../producer/types.ts'
import { HTTP_MAPPINGS } from './error-mapper.ts'

/** Why a request is refused as a whole. Its message never quotes the request. */
export interface Refusal {
  readonly code: ErrorCode
  readonly message: string
}

/** Writes the body of a refusal outside `/push`. */
export function refusalBody(refusal: Refusal, requestId: string): string {
  return JSON.stringify(summaryOf(refusal, requestId))
}

/** Writes the body of a push that is refused as a whole: one element says why. */
export function refusedPushBody(refusal: Refusal, requestId: string): string {
  const { errorCode } = HTTP_MAPPINGS[refusal.code]
  const element = failedElement(refusal.message, errorCode)
  return JSON.stringify({
    status: 'error',
    errors: [element],
    ...summaryOf(refusal, requestId),
  })
}

/**
 * Writes the body of a push of which records failed: one element per record, in request order.
 *
 * @param decisive - what the status of the reply stands for.
 * @param offsets - where the others went, if that was asked for.
 */
export function failedPushBody(
  failures: readonly (DeliveryError | undefined)[],
  decisive: Refusal,
  requestId: string,
  offsets?: readonly unknown[],
): string {
  return JSON.stringify({
    status: 'error',
    errors: failures.map((error) =>
      error === undefined ? DELIVERED_ELEMENT : failedElement(error.text, error.number),
    ),
    ...(offsets && { offsets }),
    ...summaryOf(decisive, requestId),
  })
}

const DELIVERED_ELEMENT = { status: 'ok', error: '' } as const

function failedElement(text: string, number: number): object {
  return { status: 'error', error: text, message: text, error_code: number }
}

function summaryOf(refusal: Refusal, requestId: string): object {
  return {
    error_code: HTTP_MAPPINGS[refusal.code].errorCode,
    message: refusal.message,
    request_id: requestId,
  }
}
