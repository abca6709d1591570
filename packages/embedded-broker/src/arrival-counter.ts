/** Numbers the batches of all partitions of a cluster in the order in which they arrive. */
export class ArrivalCounter {
  #latest = 0

  /** The number of the latest batch; 0 before the first. */
  get latest(): number {
    return this.#latest
  }

  /** The number of the next batch. */
  next(): number {
    this.#latest += 1
    return this.#latest
  }
}
