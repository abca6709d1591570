import type { Clock } from '../base/clock.ts'
import { ByteBudget } from './byte-budget.ts'
import { BODY_BYTES_IN_FLIGHT, STALLED_BODY_MS, STALLED_BODY_PROGRESS_BYTES } from './limits.ts'

/** Options of the budget for request bodies. */
export interface BodyBudgetOptions {
  readonly maxBodyBytes: number
  readonly clock: Clock
  /** Memory that the process may use, bytes. @defaultValue no limit */
  readonly usableBytes?: number
  /** Number of processes that share the limit. @defaultValue 1 */
  readonly processes?: number
  /** @defaultValue {@link BODY_BYTES_IN_FLIGHT} */
  readonly bytesInFlight?: number
}

/** Share of the usable memory for bodies: each body becomes a string and then records. */
const SHARE_OF_MEMORY = 1 / 4
/** Share of the budget that one client address may hold. */
const SHARE_OF_CLIENT = 3 / 4

/** Creates the budget for request bodies. It holds at least two bodies of the largest size. */
export function createBodyBudget(options: BodyBudgetOptions): ByteBudget {
  const { maxBodyBytes, clock, usableBytes = Infinity, processes = 1 } = options
  const { bytesInFlight = BODY_BYTES_IN_FLIGHT } = options
  const wanted = Math.min(bytesInFlight / processes, usableBytes * SHARE_OF_MEMORY)
  // A compressed body and its decompressed content are in memory at the same time.
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
