const SECOND_MS = 1_000

/**
 * Counts accepted records that are not settled by the second in which they were accepted, so that the age of the
 * oldest is known however many there are and in whichever order they are settled.
 */
export class PendingRecords {
  readonly #bySecond = new Map<number, number>()
  #count = 0

  /** All of them. */
  get count(): number {
    return this.#count
  }

  /** When the oldest was accepted, to the second, milliseconds since the epoch; `Infinity` if there are none. */
  get oldestMs(): number {
    let oldest = Infinity
    for (const second of this.#bySecond.keys()) oldest = Math.min(oldest, second)
    return oldest * SECOND_MS
  }

  /** Adds records that were accepted then; removes them if their number is negative. */
  add(acceptedMs: number, records: number): void {
    const second = Math.floor(acceptedMs / SECOND_MS)
    const count = (this.#bySecond.get(second) ?? 0) + records
    this.#count += records
    if (count === 0) this.#bySecond.delete(second)
    else this.#bySecond.set(second, count)
  }
}
