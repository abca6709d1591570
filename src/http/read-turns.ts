/**
 * Divides the reading of bodies among turns of the event loop. A read takes a tenth of a millisecond and more, and the
 * loop reads once from every connection that has something before it does anything else: hundreds of clients that
 * send large bodies at once would keep all others waiting, `/readyz` among them. So once a turn has read its share,
 * whose bodies go on arriving are paused, and go on in the order in which they were paused, some in each turn.
 */
import type { IncomingMessage } from 'node:http'
import type { Clock } from '../base/clock.ts'

/** Bytes of bodies after which a turn pauses those that bring more. */
const BYTES_PER_TURN = 1_048_576
/** Bodies that go on in one turn: they bring 64 KiB each, what Node reads at once. */
const RESUMED_PER_TURN = 16

/** See the head of this file. */
export class ReadTurns {
  readonly #clock: Clock
  #paused: IncomingMessage[] = []
  #readBytes = 0
  #isScheduled = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Notes that a piece of a body arrived of which more is to come. */
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
