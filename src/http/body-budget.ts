import type { Clock } from '../base/clock.ts'
import { ByteBudget } from './byte-budget.ts'
import { BODY_BYTES_IN_FLIGHT, STALLED_BODY_MS, STALLED_BODY_PROGRESS_BYTES } from './limits.ts'

/** What the budget for request bodies is made of. */
export interface BodyBudgetOptions {
  readonly maxBodyBytes: number
  readonly clock: Clock
  /** How much memory the process may use, bytes. @defaultValue as much as it likes */
  readonly usableBytes?: number
  /** Processes that serve together. @defaultValue 1 */
  readonly processes?: number
  /** @defaultValue {@link BODY_BYTES_IN_FLIGHT} */
  readonly bytesInFlight?: number
}

/** A body becomes a string and then records: of what the process may use, a quarter is for bodies. */
const SHARE_OF_MEMORY = 1 / 4
/** What one address may hold of it: the rest is for all others. */
const SHARE_OF_CLIENT = 3 / 4

/** Makes the budget for request bodies, in which there is always room for one of the largest size, twice. */
export function createBodyBudget(options: BodyBudgetOptions): ByteBudget {
  const { maxBodyBytes, clock, usableBytes = Infinity, processes = 1 } = options
  const { bytesInFlight = BODY_BYTES_IN_FLIGHT } = options
  const wanted = Math.min(bytesInFlight / processes, usableBytes * SHARE_OF_MEMORY)
  // A compressed body and what comes out of it are held at once.
  const least = 2 * maxBodyBytes
  const maxBytes = Math.floor(Math.max(least, wanted))
  return new ByteBudget({
    maxBytes,
    maxBytesPerClient: Math.max(least, Math.floor(maxBytes * SHARE_OF_CLIENT)),
    stalledMs: STALLED_BODY_MS,
    progressBytes: STALLED_BODY_PROGRESS_BYTES,
    clock,
  })
}
