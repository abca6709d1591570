import type { Clock } from '../base/clock.ts'
import type { Config } from '../config/types.ts'
import type { IngestOptions } from '../ingest/ingest.ts'
import { RateLimiter, type RateLimits, rateLimitsOf } from '../ingest/rate-limiter.ts'

/** Translates the configuration into what ingest is told of the time that records may take. */
export function ingestSettings({
  kafka,
}: Config): Pick<IngestOptions, 'deliveryTimeoutMs' | 'roomWaitMs'> {
  const { messageTimeoutMs, queueFullWaitMs } = kafka
  return {
    // As for librdkafka, 0 means for ever.
    deliveryTimeoutMs: messageTimeoutMs === 0 ? Infinity : messageTimeoutMs,
    roomWaitMs: queueFullWaitMs,
  }
}

/** The rate limits of a single process; `undefined` if there are none. */
export function ownRateLimits({ ratelimit }: Config, clock: Clock): RateLimits | undefined {
  return ratelimit.enabled ? rateLimitsOf(new RateLimiter(ratelimit.rules), clock) : undefined
}
