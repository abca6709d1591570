/** Questions to another process, and who waits for the answer to each. */
export class OpenQuestions<Answer> {
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  #nextId = 0

  /** @param send - sends the question under this number. */
  ask(send: (id: number) => void): Promise<Answer> {
    const { promise, resolve } = Promise.withResolvers<Answer>()
    const id = this.#nextId
    this.#nextId += 1
    this.#waiting.set(id, resolve)
    send(id)
    return promise
  }

  /** The answer to a question has come. */
  answered(id: number, answer: Answer): void {
    this.#waiting.get(id)?.(answer)
    this.#waiting.delete(id)
  }
}
