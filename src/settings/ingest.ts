import type { Clock } from '../base/clock.ts'
import type { Config, RatelimitRule } from '../config/types.ts'
import { IdempotencyTable } from '../ingest/idempotency-table.ts'
import type { IngestOptions } from '../ingest/ingest.ts'
import type { InFlightLimits } from '../ingest/in-flight.ts'
import { LimitCounters, type LimitDecider } from '../ingest/limit-counters.ts'
import { type Quotas, QuotaRules } from '../ingest/quotas.ts'
import { isLimiting, type RateLimits } from '../ingest/rate-limiter.ts'

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

/** How much may be pushed. */
export interface Limits {
  /** `undefined` if there are none. */
  readonly inFlight: InFlightLimits | undefined
  /** `undefined` if there are none. */
  readonly rateLimits: RateLimits | undefined
  /** `undefined` if there are none. */
  readonly quotas: Quotas | undefined
}

/** The limits of a configuration. What a push may take of them is decided by `decider`. */
export function limitsBy(config: Config, decider: LimitDecider): Limits {
  const { quotas } = config.http
  const topics = new Set(rateLimitRules(config).map(({ topicName }) => topicName))
  const rules = new QuotaRules(quotas)
  return {
    inFlight: quotas.every(({ requestsInFlight }) => requestsInFlight === undefined)
      ? undefined
      : {
          has: (principal) => Number.isFinite(rules.of(principal)?.requestsInFlight ?? Infinity),
          enter: (principal) => decider.enter(principal),
          leave: (principal) => {
            decider.leave(principal)
          },
        },
    rateLimits:
      topics.size === 0
        ? undefined
        : { has: (topic) => topics.has(topic), admit: (wanted) => decider.admit(wanted) },
    quotas: quotas.every(
      ({ recordsPerSecond, bytesPerSecond }) => (recordsPerSecond ?? bytesPerSecond) === undefined,
    )
      ? undefined
      : {
          has: (principal) => rules.of(principal) !== undefined,
          take: (principal, amount) => decider.take(principal, amount),
        },
  }
}

/** Counts pushes against the limits of a configuration. */
export function limitCounters(config: Config, clock: Clock): LimitCounters {
  const counters = new LimitCounters(clock)
  useLimits(counters, config)
  return counters
}

/** Counts pushes against other limits from now on. */
export function useLimits(counters: LimitCounters, config: Config): void {
  counters.use(rateLimitRules(config), config.http.quotas)
}

/** The rules of topics that have a limit. */
function rateLimitRules({ ratelimit }: Config): readonly RatelimitRule[] {
  return ratelimit.enabled ? ratelimit.rules.filter(isLimiting) : []
}

/**
 * Makes the table of idempotency keys; `undefined` if none are kept.
 *
 * @param onForgotten - called for each key that is forgotten before its time.
 */
export function idempotencyTable(
  { http }: Config,
  onForgotten: () => void,
): IdempotencyTable | undefined {
  const { maxKeys } = http.idempotency
  return maxKeys === 0 ? undefined : new IdempotencyTable({ ...http.idempotency, onForgotten })
}
