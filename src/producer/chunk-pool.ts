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
/** The largest of these sizes. */
export const LARGEST_CHUNK_BYTES = CHUNK_BYTES[3]
/** Memory kept for later, at most; what a burst took beyond it goes back to the system. */
export const DEFAULT_KEPT_BYTES = 33_554_432

/**
 * What a chunk is counted with beside its own bytes: the objects of a batch with one record, and of its topic. A topic
 * that is used for the first time costs about 2,800 bytes of them, measured over 20,000 topics with a record each
 * (`npm run bench:queue-memory`). A large batch has few chunks, and all of these together are 2 % of it.
 */
export const CHUNK_OVERHEAD_BYTES = 3_072

/** See the head of this file. */
export class ChunkPool {
  readonly #keptBytes: number
  readonly #free = new Map<number, Buffer[]>(CHUNK_BYTES.map((bytes) => [bytes, []]))
  readonly #listeners: (() => void)[] = []
  #freeBytes = 0
  #lentBytes = 0

  /** @param keptBytes - how much of what was given back is kept. */
  constructor(keptBytes: number = DEFAULT_KEPT_BYTES) {
    this.#keptBytes = keptBytes
  }

  /** Bytes that are kept for later. */
  get freeBytes(): number {
    return this.#freeBytes
  }

  /** Bytes that are lent, each chunk with {@link CHUNK_OVERHEAD_BYTES}. */
  get lentBytes(): number {
    return this.#lentBytes
  }

  /** Has `listener` called whenever a chunk was given back. */
  onGivenBack(listener: () => void): void {
    this.#listeners.push(listener)
  }

  /** Lends the smallest chunk of at least so many bytes; what is larger than all sizes gets its own. */
  lend(minBytes: number): Buffer {
    const chunk = this.#take(minBytes)
    this.#lentBytes += chunk.length + CHUNK_OVERHEAD_BYTES
    return chunk
  }

  /** Takes a chunk back. The borrower must not touch it any more. */
  giveBack(chunk: Buffer): void {
    this.#lentBytes -= chunk.length + CHUNK_OVERHEAD_BYTES
    this.#keep(chunk)
    for (const listener of this.#listeners) listener()
  }

  #take(minBytes: number): Buffer {
    const bytes = CHUNK_BYTES.find((size) => size >= minBytes)
    if (bytes === undefined) return Buffer.allocUnsafeSlow(minBytes)
    const chunk = this.#free.get(bytes)?.pop()
    if (!chunk) return Buffer.allocUnsafeSlow(bytes)
    this.#freeBytes -= bytes
    return chunk
  }

  #keep(chunk: Buffer): void {
    const free = this.#free.get(chunk.length)
    if (!free || this.#freeBytes + chunk.length > this.#keptBytes) return
    free.push(chunk)
    this.#freeBytes += chunk.length
  }
}
