import type { CancelTimer, Clock } from '../base/clock.ts'

/** Keeps a request that outlives its records from being looked after all the time. */
const MIN_SWEEP_INTERVAL_MS = 10

/** What {@link DeliveryTimeouts} work with. */
export interface DeliveryTimeoutsDependencies {
  readonly clock: Clock
  /**
   * Reports the records that have expired and are not in flight.
   *
   * @returns when the first of the others expires; `Infinity` when none does.
   */
  readonly sweep: (nowMs: number) => number
}

/**
 * Enforces the delivery timeouts of all records with one timer: it is set for the record that expires first.
 * librdkafka looks once a second; this is exact to a few milliseconds.
 */
export class DeliveryTimeouts {
  readonly #dependencies: DeliveryTimeoutsDependencies
  #cancel: CancelTimer | undefined
  /** When the timer fires; `-Infinity` during a sweep, which no record may set a timer in. */
  #armedMs = Infinity
  /** The first deadline of records that came while a sweep was reporting others. */
  #seenInSweepMs = Infinity
  #isClosed = false

  constructor(dependencies: DeliveryTimeoutsDependencies) {
    this.#dependencies = dependencies
  }

  /** Has the records swept at this time at the latest. Called for each record that is admitted. */
  watch(deadlineMs: number): void {
    if (deadlineMs < this.#armedMs) this.#arm(deadlineMs)
    else if (deadlineMs < this.#seenInSweepMs) this.#seenInSweepMs = deadlineMs
  }

  /** Stops for good. */
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
