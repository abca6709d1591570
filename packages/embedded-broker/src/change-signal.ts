/** Tells those who wait for a partition that something changed: records came, or its leader. */

/** A set of listeners. */
export class ChangeSignal {
  readonly #listeners = new Set<() => void>()

  /** Calls the listener at every change until the returned function is called. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  notify(): void {
    for (const listener of [...this.#listeners]) listener()
  }
}
