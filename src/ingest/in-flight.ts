import type { MaybePromise } from '../producer/types.ts'
import { type QuotaSetting, QuotaRules } from './quotas.ts'

/** The limits on requests in flight, of this process alone or of several together. */
export interface InFlightLimits {
  /** Whether a principal has a limit. */
  has(principal: string): boolean
  /** Whether one more request is admitted. It then counts until it {@link InFlightLimits.leave leaves}. */
  enter(principal: string): MaybePromise<boolean>
  /** A request that was admitted has been answered. */
  leave(principal: string): void
}

/** Counts the requests in flight of each principal. */
export class InFlightCounter implements Omit<InFlightLimits, 'has'> {
  #rules = new QuotaRules([])
  readonly #counts = new Map<string, number>()

  /** Applies these rules to later requests. Those in flight still count. */
  use(settings: readonly QuotaSetting[]): void {
    this.#rules = new QuotaRules(settings)
  }

  enter(principal: string): boolean {
    const count = this.#counts.get(principal) ?? 0
    if (count >= (this.#rules.of(principal)?.requestsInFlight ?? Infinity)) return false
    this.#counts.set(principal, count + 1)
    return true
  }

  leave(principal: string): void {
    const count = this.#counts.get(principal) ?? 0
    if (count > 1) this.#counts.set(principal, count - 1)
    else this.#counts.delete(principal)
  }

  /** Number of principals with requests in flight. */
  get size(): number {
    return this.#counts.size
  }
}
