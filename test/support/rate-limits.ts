import type { Clock } from '../../src/base/clock.ts'
import type { RateLimiter, RateLimits } from '../../src/ingest/rate-limiter.ts'

/** The limits of a limiter, at the time of a clock. */
export function rateLimitsOf(limiter: RateLimiter, clock: Clock): RateLimits {
  return {
    has: (topic) => limiter.has(topic),
    admit: (wanted) => limiter.admit(wanted, clock.nowMs()),
  }
}
