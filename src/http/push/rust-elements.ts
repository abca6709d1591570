/** Writes `errors` as the Rust kprf does. */
import type { FailedDelivery } from '../../producer/types.ts'
import { MAX_FULL_ELEMENTS } from './record-elements.ts'

/** One element of `errors`; the message is null for a record that did not fail. */
interface RustElement {
  readonly error: boolean
  readonly message: string | null
}

const DELIVERED: RustElement = { error: false, message: null }

/**
 * Describes each record, in request order. Behind the 1,000th failed record the message is the number of the error
 * only, so that the reply has a bound: see `largestReplyBytes`.
 */
export function rustElements(
  failures: readonly (FailedDelivery | undefined)[],
): readonly RustElement[] {
  let failedCount = 0
  return failures.map((failure) => {
    if (failure === undefined) return DELIVERED
    failedCount += 1
    const { text, number } = failure.error
    return { error: true, message: failedCount > MAX_FULL_ELEMENTS ? `error ${number}` : text }
  })
}

/** Writes the body of a failed push. @param offsets - JSON of the offsets of the other records, if requested. */
export function rustPushBody(elements: readonly RustElement[], offsets?: string): string {
  const fields = offsets === undefined ? '' : `,"offsets":${offsets}`
  return `{"status":"err","errors":${JSON.stringify(elements)}${fields}}`
}
