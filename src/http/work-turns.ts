import type { Clock } from '../base/clock.ts'

/**
 * Work of one turn, bytes: the most expensive bodies take 80 ns per byte, from the first check to the reply. A
 * larger piece of work gets a turn of its own.
 */
const BYTES_PER_TURN = 524_288

/** Added to each piece of work: HTTP and bookkeeping take 20 us per push. */
const LEAST_BYTES = 1_024

interface Waiter {
  readonly bytes: number
  readonly enter: () => void
}

/**
 * Spreads the work of pushes over turns of the event loop, so that many large ones at once do not delay all other
 * clients: between two turns the loop looks at its sockets and replies to `/readyz`.
 *
 * Between calls, waiters are in order of arrival, and if there are any, a turn is scheduled that admits some.
 */
export class WorkTurns {
  readonly #clock: Clock
  #waiters: Waiter[] = []
  #spentBytes = 0
  #isScheduled = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Takes room for work in this turn, or waits for a turn with room.
   *
   * @returns `undefined` if the work may be done at once.
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
