/** Counts bytes held against a bound. Whoever takes bytes gives exactly those back. */
export class ByteBudget {
  readonly #maxBytes: number
  #heldBytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Bytes taken and not yet given back. */
  get heldBytes(): number {
    return this.#heldBytes
  }

  /** Takes all of the bytes, or none and returns false where they would exceed the bound. */
  tryTake(bytes: number): boolean {
    if (this.#heldBytes + bytes > this.#maxBytes) return false
    this.#heldBytes += bytes
    return true
  }

  giveBack(bytes: number): void {
    this.#heldBytes -= bytes
  }
}
