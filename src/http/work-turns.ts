/**
 * Divides the work of pushes among turns of the event loop, so that many large ones which arrive together do not
 * keep everybody else waiting: between two turns the loop looks at its sockets, and answers `/readyz`.
 *
 * Between calls, whoever waits was there before all who come later, and is let in by the turn that is scheduled.
 */
import type { Clock } from '../base/clock.ts'

/**
 * Work of one turn, in bytes: the costliest bodies take some 80 ns a byte, from the first check to the reply. One
 * piece of work that is larger has a turn for itself.
 */
const BYTES_PER_TURN = 524_288

/** What the smallest piece of work counts: HTTP and bookkeeping take 20 us of each push. */
const LEAST_BYTES = 1_024

interface Waiter {
  readonly bytes: number
  readonly enter: () => void
}

/** See the head of this file. */
export class WorkTurns {
  readonly #clock: Clock
  #waiters: Waiter[] = []
  #spentBytes = 0
  #isScheduled = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Takes some of this turn's work, or waits for a turn that has room.
   *
   * @returns `undefined` where the work may be done at once.
   */
  enter(bytes: number): Promise<void> | undefined {
    const counted = bytes + LEAST_BYTES
    this.#schedule()
    if (this.#waiters.length === 0 && this.#hasRoom(counted)) {
      this.#spentBytes += counted
      return undefined
    }
    return new Promise((enter) => {
      this.#waiters.push({ bytes: counted, enter })
    })
  }

  #hasRoom(bytes: number): boolean {
    return this.#spentBytes === 0 || this.#spentBytes + bytes <= BYTES_PER_TURN
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    this.#clock.schedule(0, () => {
      this.#begin()
    })
  }

  #begin(): void {
    this.#isScheduled = false
    this.#spentBytes = 0
    let entered = 0
    for (const { bytes, enter } of this.#waiters) {
      if (!this.#hasRoom(bytes)) break
      this.#spentBytes += bytes
      entered += 1
      enter()
    }
    if (entered === 0) return
    this.#waiters = this.#waiters.slice(entered)
    this.#schedule()
  }
}
