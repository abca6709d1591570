/** Limits the records of each topic in a sliding minute. Pure: callers pass the time, monotonic milliseconds. */
import type { RatelimitRule } from '../config/types.ts'

/** The rate limits of this process alone, or of several together. */
export interface RateLimits {
  /** Whether a topic has a limit. */
  has(topic: string): boolean
  /** Admits as many records as the limits of their topics allow. */
  admit(wanted: RecordsByTopic): Admission | Promise<Admission>
}

/** Numbers of records by topic. */
export type RecordsByTopic = ReadonlyMap<string, number>

/** The decision on the records of one push. */
export interface Admission {
  /** Admitted records by topic; at most the wanted number. */
  readonly admitted: RecordsByTopic
  /** Seconds until all limited topics have room again. */
  readonly retryAfterSeconds: number
}

/** One bucket per second, as in the Rust kprf. */
const WINDOW_SECONDS = 60

/** Whether a rule limits its topic: as for the Rust kprf, 0 is no limit. */
export function isLimiting({ maxRequestsPerMinute }: RatelimitRule): boolean {
  return maxRequestsPerMinute > 0
}

/** Counts records against the limits of their topics. Topics without a rule, or with a limit of 0, have no limit. */
export class RateLimiter {
  #windows: ReadonlyMap<string, SlidingWindow> = new Map()

  constructor(rules: readonly RatelimitRule[]) {
    this.use(rules)
  }

  /** Applies these rules from now on. What was admitted before still counts towards them. */
  use(rules: readonly RatelimitRule[]): void {
    const known = this.#windows
    this.#windows = new Map(
      rules.filter(isLimiting).map(({ topicName, maxRequestsPerMinute }) => {
        const window = known.get(topicName) ?? new SlidingWindow()
        window.max = maxRequestsPerMinute
        return [topicName, window]
      }),
    )
  }

  /** Whether a topic has a limit. */
  has(topic: string): boolean {
    return this.#windows.has(topic)
  }

  /** Admits and counts as many of these records as the limits allow. */
  admit(wanted: RecordsByTopic, nowMs: number): Admission {
    const admitted = new Map<string, number>()
    let retryAfterSeconds = 0
    for (const [topic, count] of wanted) {
      let admittedCount = 0
      while (admittedCount < count && this.tryAdmit(topic, nowMs)) admittedCount += 1
      admitted.set(topic, admittedCount)
      if (admittedCount === count) continue
      retryAfterSeconds = Math.max(retryAfterSeconds, this.retryAfterSeconds(topic, nowMs))
    }
    return { admitted, retryAfterSeconds }
  }

  /**
   * Admits and counts one record, or refuses it. A refused record does not count, so a client that keeps trying is
   * not shut out.
   */
  tryAdmit(topic: string, nowMs: number): boolean {
    return this.#windows.get(topic)?.tryAdd(Math.floor(nowMs / 1000)) ?? true
  }

  /** Whole seconds until a refused topic has room again, 1 to 60. */
  retryAfterSeconds(topic: string, nowMs: number): number {
    const seconds = this.#windows.get(topic)?.secondsUntilRoom(Math.floor(nowMs / 1000)) ?? 1
    return Math.max(1, seconds)
  }
}

/** Invariant: bucket `s % 60` has the count of second `s`, for the 60 seconds up to `#second`. */
class SlidingWindow {
  max = 0
  readonly #buckets = new Uint32Array(WINDOW_SECONDS)
  #second = 0
  #count = 0

  tryAdd(second: number): boolean {
    this.#advance(second)
    if (this.#count >= this.max) return false
    const bucket = second % WINDOW_SECONDS
    this.#buckets[bucket] = this.#countIn(bucket) + 1
    this.#count += 1
    return true
  }

  /** For a window without room, which holds at least one record. */
  secondsUntilRoom(second: number): number {
    this.#advance(second)
    for (let age = WINDOW_SECONDS - 1; age >= 0; age -= 1) {
      const bucket = (second - age + WINDOW_SECONDS) % WINDOW_SECONDS
      if (this.#countIn(bucket) > 0) return WINDOW_SECONDS - age
    }
    return WINDOW_SECONDS
  }

  #advance(second: number): void {
    const stale = Math.min(second - this.#second, WINDOW_SECONDS)
    for (let age = 0; age < stale; age += 1) {
      const bucket = (second - age + WINDOW_SECONDS) % WINDOW_SECONDS
      this.#count -= this.#countIn(bucket)
      this.#buckets[bucket] = 0
    }
    this.#second = second
  }

  #countIn(bucket: number): number {
    return this.#buckets[bucket] ?? 0
  }
}
