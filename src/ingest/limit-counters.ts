import type { Clock } from '../base/clock.ts'
import type { RatelimitRule } from '../config/types.ts'
import { InFlightCounter, type InFlightLimits } from './in-flight.ts'
import { type QuotaAmount, QuotaLimiter, type Quotas, type QuotaSetting } from './quotas.ts'
import {
  type Admission,
  RateLimiter,
  type RateLimits,
  type RecordsByTopic,
} from './rate-limiter.ts'

/** Decides what a push may take of the limits: this process, or the one that several have in common. */
export interface LimitDecider
  extends Pick<RateLimits, 'admit'>, Pick<Quotas, 'take'>, Omit<InFlightLimits, 'has'> {}

/** Counts what is pushed against the rate limits of topics and the quotas of principals. */
export class LimitCounters implements LimitDecider {
  readonly #clock: Clock
  readonly #rates = new RateLimiter([])
  readonly #quotas = new QuotaLimiter([])
  readonly #inFlight = new InFlightCounter()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Applies these limits from now on. What was pushed before still counts. */
  use(rules: readonly RatelimitRule[], quotas: readonly QuotaSetting[]): void {
    this.#rates.use(rules)
    this.#quotas.use(quotas)
    this.#inFlight.use(quotas)
  }

  admit(wanted: RecordsByTopic): Admission {
    return this.#rates.admit(wanted, this.#clock.nowMs())
  }

  take(principal: string, amount: QuotaAmount): number {
    return this.#quotas.take(principal, amount, this.#clock.nowMs())
  }

  enter(principal: string): boolean {
    return this.#inFlight.enter(principal)
  }

  leave(principal: string): void {
    this.#inFlight.leave(principal)
  }
}
