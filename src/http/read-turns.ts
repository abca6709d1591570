import type { IncomingMessage } from 'node:http'
import type { Clock } from '../base/clock.ts'

/** Above this number of bytes, a turn pauses bodies. */
const BYTES_PER_TURN = 1_048_576
/** Bodies resumed per turn. Each brings 64 KiB, which Node reads at once. */
const RESUMED_PER_TURN = 16

/**
 * Spreads the reading of bodies over turns of the event loop. One read takes 0.1 ms or more, and the loop reads
 * once from every ready connection before it does anything else: hundreds of clients with large bodies would delay
 * all others, `/readyz` included. After a turn has read its share, bodies with more to come are paused; later turns
 * resume some of them each, in the order in which they were paused.
 */
export class ReadTurns {
  readonly #clock: Clock
  #paused: IncomingMessage[] = []
  #readBytes = 0
  #isScheduled = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Counts a piece of a body that has more to come. */
  received(request: IncomingMessage, bytes: number): void {
    this.#readBytes += bytes
    if (this.#readBytes > BYTES_PER_TURN) {
      request.pause()
      this.#paused.push(request)
    }
    this.#schedule()
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
    this.#readBytes = 0
    if (this.#paused.length === 0) return
    const resumed = this.#paused.slice(0, RESUMED_PER_TURN)
    this.#paused = this.#paused.slice(RESUMED_PER_TURN)
    for (const request of resumed) request.resume()
    if (this.#paused.length > 0) this.#schedule()
  }
}
