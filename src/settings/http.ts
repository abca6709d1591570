/** Translates the configuration's `http` and `ratelimit` sections into what the HTTP edge is told. */
import type { Clock } from '../base/clock.ts'
import type { Config } from '../config/types.ts'
import { SERVER_LIMITS, type ServerLimits } from '../http/limits.ts'
import { RateLimiter, type RateLimits, rateLimitsOf } from '../http/rate-limiter.ts'

/** Limits of the port for pushes, of one of so many processes. A client's connections may all be with one of them. */
export function serverLimits({ http }: Config, workers: number): ServerLimits {
  return {
    ...SERVER_LIMITS,
    // Workers share one listening socket, so that none that ends takes connections with it that wait for it.
    acceptsPerTurn: workers > 1 ? 1 : SERVER_LIMITS.acceptsPerTurn,
    maxConnections: Math.ceil(http.maxConnections / workers),
    maxConnectionsPerAddress: http.maxConnectionsPerAddress,
  }
}

/** The limits on rates of a process that serves alone; `undefined` where there are none. */
export function ownRateLimits({ ratelimit }: Config, clock: Clock): RateLimits | undefined {
  return ratelimit.enabled ? rateLimitsOf(new RateLimiter(ratelimit.rules), clock) : undefined
}
