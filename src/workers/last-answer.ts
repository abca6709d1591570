import type { Clock } from '../base/clock.ts'
import { OpenQuestions } from './open-questions.ts'

/** How long a question waits for its answer, ms, before the previous answer is used. */
const ANSWER_TIMEOUT_MS = 1_000

/** What another process answers to a question that is asked again and again, and what it answered last. */
export class LastAnswer<Answer> {
  readonly #clock: Clock
  readonly #questions = new OpenQuestions<Answer>()
  readonly #ended = Promise.withResolvers<undefined>()
  #last: Answer

  /** @param first - counts until there is an answer. */
  constructor(clock: Clock, first: Answer) {
    this.#clock = clock
    this.#last = first
  }

  /** The last answer. */
  get last(): Answer {
    return this.#last
  }

  /** Asks, and resolves to the answer, or to the previous one if none comes in time. */
  async ask(send: (id: number) => void): Promise<Answer> {
    const timeout = Promise.withResolvers<undefined>()
    const cancelTimer = this.#clock.schedule(ANSWER_TIMEOUT_MS, () => {
      timeout.resolve(undefined)
    })
    const asked = this.#questions.ask(send)
    const answer = await Promise.race([asked, timeout.promise, this.#ended.promise])
    cancelTimer()
    if (answer !== undefined) this.#last = answer
    return this.#last
  }

  /** The answer has come. */
  answered(id: number, answer: Answer): void {
    this.#questions.answered(id, answer)
  }

  /** The other process says it without being asked. */
  told(answer: Answer): void {
    this.#last = answer
  }

  /** No more answers come. */
  end(): void {
    this.#ended.resolve(undefined)
  }
}
