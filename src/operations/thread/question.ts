import type { Clock } from '../../base/clock.ts'
import { BUG_MESSAGE, SourceFailure } from '../failure.ts'

/**
 * Timeout of an answer from the main thread, ms: half of Prometheus' scrape timeout. A turn of a busy event loop
 * takes a tenth of it.
 */
export const ANSWER_TIMEOUT_MS = 5_000

/**
 * A question to the main thread. Only one is in progress at a time, however many clients wait: all of them get the
 * next answer, or {@link SourceFailure} if there is none within {@link ANSWER_TIMEOUT_MS}.
 */
export class Question<Answer> {
  readonly #clock: Clock
  readonly #send: () => void
  readonly #waiting = new Set<PromiseWithResolvers<Answer>>()
  #isUnderWay = false

  /** @param send - asks the main thread. */
  constructor(clock: Clock, send: () => void) {
    this.#clock = clock
    this.#send = send
  }

  async ask(): Promise<Answer> {
    const place = Promise.withResolvers<Answer>()
    const cancelTimer = this.#clock.schedule(ANSWER_TIMEOUT_MS, () => {
      const seconds = ANSWER_TIMEOUT_MS / 1000
      place.reject(
        new SourceFailure(503, `The event loop of kprf has not answered for ${seconds} s.`),
      )
    })
    this.#waiting.add(place)
    if (!this.#isUnderWay) {
      this.#isUnderWay = true
      this.#send()
    }
    try {
      return await place.promise
    } finally {
      cancelTimer()
      this.#waiting.delete(place)
    }
  }

  /** Called with the answer of the main thread. */
  answer(answer: Answer): void {
    this.#isUnderWay = false
    for (const { resolve } of this.#waiting) resolve(answer)
  }

  /** Called if the main thread has no answer, or has ended. */
  fail(): void {
    this.#isUnderWay = false
    for (const { reject } of this.#waiting) reject(new SourceFailure(500, BUG_MESSAGE))
  }
}
