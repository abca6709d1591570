/**
 * Enforces message.timeout.ms with one timer for all records: it is set for the oldest, and since all
 * have the same timeout, no other can be due before. librdkafka looks once a second; this is exact to
 * a few milliseconds.
 */
import type { CancelTimer, Clock } from '../base/clock.ts'

/** Keeps a request that outlives its records from being looked after all the time. */
const MIN_SWEEP_INTERVAL_MS = 10

/** What an {@link DeliveryTimeouts} works with. */
export interface DeliveryTimeoutsDependencies {
  readonly clock: Clock
  /**
   * Reports the records admitted at or before `sinceMs` that are not in flight.
   *
   * @returns when the oldest of the others was admitted; Infinity when there is none.
   */
  readonly sweep: (sinceMs: number) => number
}

/** See the head of this file. */
export class DeliveryTimeouts {
  readonly #messageTimeoutMs: number
  readonly #dependencies: DeliveryTimeoutsDependencies
  #cancel: CancelTimer | undefined
  /** Admission of the first record that came while a sweep was reporting others. */
  #admittedInSweepMs = Infinity
  #isClosed = false

  /** @param messageTimeoutMs - 0 means that nothing ever expires. */
  constructor(messageTimeoutMs: number, dependencies: DeliveryTimeoutsDependencies) {
    this.#messageTimeoutMs = messageTimeoutMs
    this.#dependencies = dependencies
  }

  /** Starts to watch, if it does not yet. Called for each record that is admitted. */
  watch(admittedMs: number): void {
    if (this.#messageTimeoutMs === 0 || this.#isClosed) return
    if (this.#cancel === undefined) this.#arm(admittedMs)
    else this.#admittedInSweepMs = Math.min(this.#admittedInSweepMs, admittedMs)
  }

  /** Stops for good. */
  close(): void {
    this.#isClosed = true
    this.#cancel?.()
  }

  #arm(oldestAdmittedMs: number): void {
    const delayMs = oldestAdmittedMs + this.#messageTimeoutMs - this.#dependencies.clock.nowMs()
    this.#cancel = this.#dependencies.clock.schedule(
      Math.max(delayMs, MIN_SWEEP_INTERVAL_MS),
      () => {
        this.#sweep()
      },
    )
  }

  /** `#cancel` stays set meanwhile, so that a report which admits a record does not arm a second timer. */
  #sweep(): void {
    const { clock, sweep } = this.#dependencies
    this.#admittedInSweepMs = Infinity
    const oldestMs = sweep(clock.nowMs() - this.#messageTimeoutMs)
    this.#cancel = undefined
    const watchedMs = Math.min(oldestMs, this.#admittedInSweepMs)
    if (watchedMs < Infinity && !this.#isClosed) this.#arm(watchedMs)
  }
}
