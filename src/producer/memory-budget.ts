/**
 * The queue's two limits, as librdkafka counts them: records from admission until their delivery
 * report, and the bytes of their values alone. Whoever waits for room gets it in the order of arrival.
 */
import type { CancelTimer, Clock } from '../clock.ts'
import { invariant } from '../invariant.ts'
import type { QueueRoom } from './queue-room.ts'

interface Waiter {
  readonly valueBytes: number
  readonly resolve: (reserved: boolean) => void
  /** `undefined` for one that waits only until it is known that there is no room. */
  readonly cancelTimer: CancelTimer | undefined
}

/** See the head of this file. */
export class MemoryBudget {
  readonly #room: QueueRoom
  readonly #clock: Clock
  readonly #waiters = new Set<Waiter>()
  #records = 0
  #bytes = 0

  constructor(room: QueueRoom, clock: Clock) {
    this.#room = room
    this.#clock = clock
    room.onAnswer(() => {
      this.#serveWaiters()
      if (!room.mayGrow) this.#refuseHasty()
    })
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

  /**
   * Takes room for one record as soon as there is some; false when `timeoutMs` passed before. 0 does not wait
   * for records to be settled, only for room that others may not need.
   */
  reserve(valueBytes: number, timeoutMs: number): Promise<boolean> {
    if (this.tryReserve(valueBytes)) return Promise.resolve(true)
    // A value larger than all there is would only hold up those behind it.
    const isHopeless = valueBytes > this.#room.largestBytes
    if (isHopeless || (timeoutMs <= 0 && !this.#room.mayGrow)) return Promise.resolve(false)
    return new Promise((resolve) => {
      const waiter: Waiter = {
        valueBytes,
        resolve,
        cancelTimer:
          timeoutMs <= 0
            ? undefined
            : this.#clock.schedule(timeoutMs, () => {
                this.#refuse(waiter)
              }),
      }
      this.#waiters.add(waiter)
      this.#tellFree()
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
      waiter.cancelTimer?.()
      waiter.resolve(false)
    }
    this.#waiters.clear()
  }

  #refuse(waiter: Waiter): void {
    this.#waiters.delete(waiter)
    waiter.resolve(false)
    this.#serveWaiters()
  }

  #refuseHasty(): void {
    for (const waiter of [...this.#waiters]) {
      if (!waiter.cancelTimer) this.#refuse(waiter)
    }
  }

  #serveWaiters(): void {
    for (const waiter of this.#waiters) {
      if (!this.#fits(waiter.valueBytes)) break
      this.#waiters.delete(waiter)
      waiter.cancelTimer?.()
      this.#take(waiter.valueBytes)
      waiter.resolve(true)
    }
    this.#tellFree()
  }

  #fits(valueBytes: number): boolean {
    const { maxRecords, maxBytes } = this.#room
    return this.#records + 1 <= maxRecords && this.#bytes + valueBytes <= maxBytes
  }

  #take(valueBytes: number): void {
    this.#records += 1
    this.#bytes += valueBytes
    this.#tellFree()
  }

  #tellFree(): void {
    const { maxRecords, maxBytes } = this.#room
    const waiting = this.#waiters.size
    const wantedBytes = waiting === 0 ? 0 : this.#firstWantedBytes()
    this.#room.setFree(maxRecords - this.#records - waiting, maxBytes - this.#bytes - wantedBytes)
  }

  #firstWantedBytes(): number {
    const [first] = this.#waiters
    return first?.valueBytes ?? 0
  }
}
