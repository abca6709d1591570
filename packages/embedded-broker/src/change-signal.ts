/** Notifies requests that wait for a partition of a change: new records, or a new leader. */

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
