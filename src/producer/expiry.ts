/**
 * Enforces message.timeout.ms with one timer for all records: it is set for the oldest, and since all
 * have the same timeout, no other can be due before. librdkafka looks once a second; this is exact to
 * a few milliseconds.
 */
import type { CancelTimer, Clock } from '../clock.ts'

/** Keeps a request that outlives its records from being looked after all the time. */
const MIN_SWEEP_INTERVAL_MS = 10

/** What an {@link Expiry} works with. */
export interface ExpiryDependencies {
  readonly clock: Clock
  /**
   * Reports the records admitted at or before `sinceMs` that are not in flight.
   *
   * @returns when the oldest of the others was admitted; Infinity when there is none.
   */
  readonly sweep: (sinceMs: number) => number
}

/** See the head of this file. */
export class Expiry {
  readonly #messageTimeoutMs: number
  readonly #dependencies: ExpiryDependencies
  #cancel: CancelTimer | undefined

  /** @param messageTimeoutMs - 0 means that nothing ever expires. */
  constructor(messageTimeoutMs: number, dependencies: ExpiryDependencies) {
    this.#messageTimeoutMs = messageTimeoutMs
    this.#dependencies = dependencies
  }

  /** Starts to watch, if it does not yet. Called for each record that is admitted. */
  watch(admittedMs: number): void {
    if (this.#cancel === undefined && this.#messageTimeoutMs > 0) this.#arm(admittedMs)
  }

  /** Stops the timer. */
  close(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  #arm(oldestAdmittedMs: number): void {
    const { clock, sweep } = this.#dependencies
    const delayMs = oldestAdmittedMs + this.#messageTimeoutMs - clock.nowMs()
    this.#cancel = clock.schedule(Math.max(delayMs, MIN_SWEEP_INTERVAL_MS), () => {
      this.#cancel = undefined
      const oldestMs = sweep(clock.nowMs() - this.#messageTimeoutMs)
      if (oldestMs < Infinity) this.#arm(oldestMs)
    })
  }
}
