/** Limits what each principal sends. Pure: callers pass the time, monotonic milliseconds. */
import { type Matcher, wildcardMatcher } from '../base/wildcard.ts'

/** A rule of `http.quotas`. */
export interface QuotaSetting {
  readonly principals: readonly string[]
  readonly recordsPerSecond?: number
  readonly bytesPerSecond?: number
  readonly requestsInFlight?: number
}

/** What a push would take. */
export interface QuotaAmount {
  readonly records: number
  readonly bytes: number
}

/** The quotas of this process alone, or of several together. */
export interface Quotas {
  /** Whether a principal has a quota. */
  has(principal: string): boolean
  /** Takes the amount, or nothing: 0 if it was taken, else the whole seconds after which it can be. */
  take(principal: string, amount: QuotaAmount): number | Promise<number>
}

interface Rule {
  readonly fits: Matcher
  readonly recordsPerSecond: number
  readonly bytesPerSecond: number
  readonly requestsInFlight: number
}

/** When the bucket of each kind is full again, ms. Before that it lacks the amount of the time that is left. */
interface Buckets {
  recordsFullAtMs: number
  bytesFullAtMs: number
}

/** The amount of one second is saved up at most. */
const BURST_MS = 1000

/** Sums of fractions are off by less than this, ms; without it, a push could come a rounding error too early. */
const ROUNDING_MS = 0.001

/** Buckets that are full are forgotten once there are this many, or twice as many as were left the last time. */
const FIRST_SWEEP = 1000

/** Principals whose rule is remembered: some MB. With JSON Web Tokens, there may be any number of them. */
const MAX_REMEMBERED = 10_000

/** Which rule is that of a principal: the first one that names it. It is looked for once. */
export class QuotaRules {
  readonly #rules: readonly Rule[]
  readonly #remembered = new Map<string, Rule | undefined>()

  constructor(settings: readonly QuotaSetting[]) {
    this.#rules = settings.map(({ principals, ...limits }) => ({
      fits: wildcardMatcher(principals),
      recordsPerSecond: limits.recordsPerSecond ?? Infinity,
      bytesPerSecond: limits.bytesPerSecond ?? Infinity,
      requestsInFlight: limits.requestsInFlight ?? Infinity,
    }))
  }

  /** The rule of a principal, if it has one. */
  of(principal: string): Rule | undefined {
    const known = this.#remembered.get(principal)
    if (known !== undefined || this.#remembered.has(principal)) return known
    const rule = this.#rules.find(({ fits }) => fits(principal))
    if (this.#remembered.size >= MAX_REMEMBERED) this.#remembered.clear()
    this.#remembered.set(principal, rule)
    return rule
  }
}

/**
 * One token bucket for each principal and kind of amount. A push that is larger than a bucket is admitted when the
 * bucket is full, and what follows waits until the debt is paid, so that the rate holds for pushes of every size.
 */
export class QuotaLimiter {
  #rules: QuotaRules
  readonly #buckets = new Map<string, Buckets>()
  #sweepAt = FIRST_SWEEP

  constructor(settings: readonly QuotaSetting[]) {
    this.#rules = new QuotaRules(settings)
  }

  /** Applies these rules from now on. A debt takes as long to pay as it did before. */
  use(settings: readonly QuotaSetting[]): void {
    this.#rules = new QuotaRules(settings)
  }

  /** Number of principals that are remembered. */
  get size(): number {
    return this.#buckets.size
  }

  /** As {@link Quotas.take}. */
  take(principal: string, { records, bytes }: QuotaAmount, nowMs: number): number {
    const rule = this.#rules.of(principal)
    if (rule === undefined) return 0
    const buckets = this.#bucketsOf(principal, nowMs)
    const recordsMs = (records / rule.recordsPerSecond) * 1000
    const bytesMs = (bytes / rule.bytesPerSecond) * 1000
    const waitMs = Math.max(
      waitFor(recordsMs, buckets.recordsFullAtMs - nowMs),
      waitFor(bytesMs, buckets.bytesFullAtMs - nowMs),
    )
    if (waitMs > ROUNDING_MS) return Math.ceil(waitMs / 1000)
    buckets.recordsFullAtMs = Math.max(buckets.recordsFullAtMs, nowMs) + recordsMs
    buckets.bytesFullAtMs = Math.max(buckets.bytesFullAtMs, nowMs) + bytesMs
    return 0
  }

  #bucketsOf(principal: string, nowMs: number): Buckets {
    const known = this.#buckets.get(principal)
    if (known !== undefined) return known
    if (this.#buckets.size >= this.#sweepAt) this.#sweep(nowMs)
    const buckets = { recordsFullAtMs: nowMs, bytesFullAtMs: nowMs }
    this.#buckets.set(principal, buckets)
    return buckets
  }

  /** A full bucket is as good as none. */
  #sweep(nowMs: number): void {
    for (const [principal, { recordsFullAtMs, bytesFullAtMs }] of this.#buckets) {
      if (Math.max(recordsFullAtMs, bytesFullAtMs) <= nowMs) this.#buckets.delete(principal)
    }
    this.#sweepAt = Math.max(FIRST_SWEEP, this.#buckets.size * 2)
  }
}

/** How long until a bucket that lacks `lackMs` has the amount of `neededMs`, or is full. */
function waitFor(neededMs: number, lackMs: number): number {
  return Math.max(0, lackMs) + Math.min(neededMs, BURST_MS) - BURST_MS
}
