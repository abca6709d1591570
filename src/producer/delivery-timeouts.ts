import type { CancelTimer, Clock } from '../base/clock.ts'

/**
 * The shortest time between two sweeps, ms: otherwise a request that outlasts its records would cause a sweep at
 * every moment.
 */
const MIN_SWEEP_INTERVAL_MS = 10

/** Dependencies of {@link DeliveryTimeouts}. */
export interface DeliveryTimeoutsDependencies {
  readonly clock: Clock
  /**
   * Reports the expired records that are not in flight.
   *
   * @returns when the first of the others expires; `Infinity` if none does.
   */
  readonly sweep: (nowMs: number) => number
}

/**
 * Enforces the delivery timeouts of all records with one timer, set for the record that expires first. librdkafka
 * checks once a second; this is exact to a few milliseconds.
 */
export class DeliveryTimeouts {
  readonly #dependencies: DeliveryTimeoutsDependencies
  #cancel: CancelTimer | undefined
  /** When the timer fires; `-Infinity` during a sweep, because no record may set a timer then. */
  #armedMs = Infinity
  /** The first deadline of records that were admitted during a sweep. */
  #seenInSweepMs = Infinity
  #isClosed = false

  constructor(dependencies: DeliveryTimeoutsDependencies) {
    this.#dependencies = dependencies
  }

  /** Schedules a sweep for this time at the latest. Called for each admitted record. */
  watch(deadlineMs: number): void {
    if (deadlineMs < this.#armedMs) this.#arm(deadlineMs)
    else if (deadlineMs < this.#seenInSweepMs) this.#seenInSweepMs = deadlineMs
  }

  /** Stops the timer for ever. */
  close(): void {
    this.#isClosed = true
    this.#cancel?.()
  }

  #arm(deadlineMs: number): void {
    if (this.#isClosed) return
    this.#cancel?.()
    const { clock } = this.#dependencies
    this.#armedMs = deadlineMs
    const delayMs = Math.max(deadlineMs - clock.nowMs(), MIN_SWEEP_INTERVAL_MS)
    this.#cancel = clock.schedule(delayMs, () => {
      this.#sweep()
    })
  }

  #sweep(): void {
    const { clock, sweep } = this.#dependencies
    this.#cancel = undefined
    this.#armedMs = -Infinity
    this.#seenInSweepMs = Infinity
    const firstMs = Math.min(sweep(clock.nowMs()), this.#seenInSweepMs)
    this.#armedMs = Infinity
    if (firstMs < Infinity) this.#arm(firstMs)
  }
}
