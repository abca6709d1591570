/**
 * Memory for batches, lent in chunks and taken back: a queue at work then neither touches fresh pages for
 * each record, nor leaves buffers to the collector. What is lent is the borrower's alone until it gives it
 * back, after the last byte of it is written.
 */

/**
 * Sizes of chunks: of a batch of a few small records, of one that grows, and of a large one. The largest is one that
 * malloc maps by itself: of smaller ones, between which request bodies come and go, a full queue took a quarter more.
 */
export const CHUNK_BYTES = [1_024, 16_384, 65_536, 262_144] as const
/** Memory kept for later; what a burst took beyond it goes back to the system. */
const DEFAULT_KEPT_BYTES = 33_554_432

/** See the head of this file. */
export class ChunkPool {
  readonly #keptBytes: number
  readonly #free = new Map<number, Buffer[]>(CHUNK_BYTES.map((bytes) => [bytes, []]))
  #freeBytes = 0

  /** @param keptBytes - how much of what was given back is kept. */
  constructor(keptBytes: number = DEFAULT_KEPT_BYTES) {
    this.#keptBytes = keptBytes
  }

  /** Bytes that are kept for later. */
  get freeBytes(): number {
    return this.#freeBytes
  }

  /** Lends the smallest chunk of at least so many bytes; what is larger than all sizes gets its own. */
  lend(minBytes: number): Buffer {
    const bytes = CHUNK_BYTES.find((size) => size >= minBytes)
    if (bytes === undefined) return Buffer.allocUnsafeSlow(minBytes)
    const chunk = this.#free.get(bytes)?.pop()
    if (!chunk) return Buffer.allocUnsafeSlow(bytes)
    this.#freeBytes -= bytes
    return chunk
  }

  /** Takes a chunk back. The borrower must not touch it any more. */
  giveBack(chunk: Buffer): void {
    const free = this.#free.get(chunk.length)
    if (!free || this.#freeBytes + chunk.length > this.#keptBytes) return
    free.push(chunk)
    this.#freeBytes += chunk.length
  }
}
