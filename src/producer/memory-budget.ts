/**
 * The queue's two limits, as librdkafka counts them: records from admission until their delivery
 * report, and the bytes of their values alone. Whoever waits for room gets it in the order of arrival.
 */
import type { CancelTimer, Clock } from '../clock.ts'
import { invariant } from '../invariant.ts'

/** Limits of a {@link MemoryBudget}. */
export interface MemoryBudgetLimits {
  /** `queue.buffering.max.messages`; 0 means no limit. */
  readonly maxRecords: number
  /** `queue.buffering.max.kbytes`, in bytes. */
  readonly maxBytes: number
}

interface Waiter {
  readonly valueBytes: number
  readonly resolve: (reserved: boolean) => void
  readonly cancelTimer: CancelTimer
}

/** See the head of this file. */
export class MemoryBudget {
  readonly #limits: MemoryBudgetLimits
  readonly #clock: Clock
  readonly #waiters = new Set<Waiter>()
  #records = 0
  #bytes = 0

  constructor(limits: MemoryBudgetLimits, clock: Clock) {
    this.#limits = limits
    this.#clock = clock
  }

  /** Records admitted and not yet reported. */
  get records(): number {
    return this.#records
  }

  /** Bytes of their values. */
  get bytes(): number {
    return this.#bytes
  }

  /** Takes room for one record, or says that there is none. Nobody overtakes those who wait. */
  tryReserve(valueBytes: number): boolean {
    if (this.#waiters.size > 0 || !this.#fits(valueBytes)) return false
    this.#take(valueBytes)
    return true
  }

  /** Takes room for one record as soon as there is some; false when `timeoutMs` passed before. */
  reserve(valueBytes: number, timeoutMs: number): Promise<boolean> {
    if (this.tryReserve(valueBytes)) return Promise.resolve(true)
    // It would only hold up those behind it.
    if (valueBytes > this.#limits.maxBytes) return Promise.resolve(false)
    return new Promise((resolve) => {
      const waiter: Waiter = {
        valueBytes,
        resolve,
        cancelTimer: this.#clock.schedule(timeoutMs, () => {
          this.#waiters.delete(waiter)
          resolve(false)
          this.#serveWaiters()
        }),
      }
      this.#waiters.add(waiter)
    })
  }

  /** Gives room back. The only way down; called once for each record, when it is settled. */
  release(records: number, bytes: number): void {
    this.#records -= records
    this.#bytes -= bytes
    invariant(this.#records >= 0 && this.#bytes >= 0, 'more room was released than was taken')
    this.#serveWaiters()
  }

  /** Sends everyone who waits away without room. */
  refuseWaiters(): void {
    for (const waiter of this.#waiters) {
      waiter.cancelTimer()
      waiter.resolve(false)
    }
    this.#waiters.clear()
  }

  #serveWaiters(): void {
    for (const waiter of this.#waiters) {
      if (!this.#fits(waiter.valueBytes)) return
      this.#waiters.delete(waiter)
      waiter.cancelTimer()
      this.#take(waiter.valueBytes)
      waiter.resolve(true)
    }
  }

  #fits(valueBytes: number): boolean {
    const { maxRecords, maxBytes } = this.#limits
    return (
      (maxRecords === 0 || this.#records + 1 <= maxRecords) && this.#bytes + valueBytes <= maxBytes
    )
  }

  #take(valueBytes: number): void {
    this.#records += 1
    this.#bytes += valueBytes
  }
}
