/**
 * Chunk sizes: for a batch of a few small records, for a growing batch, and for large batches. malloc maps chunks
 * of the largest size separately; with smaller ones, between which request bodies come and go, a full queue took 25
 * % more memory.
 */
export const CHUNK_BYTES = [1_024, 16_384, 65_536, 262_144] as const
/** The largest of these sizes. */
export const LARGEST_CHUNK_BYTES = CHUNK_BYTES[3]
/** The limit of memory kept for later use, bytes. Memory of a burst above it goes back to the system. */
export const DEFAULT_KEPT_BYTES = 33_554_432

/**
 * Added to the size of each chunk, bytes: the objects of a batch with one record and of its topic. The first use of
 * a topic takes about 3,070 bytes of them, measured over 20,000 topics with one record each (`npm run
 * bench:queue-memory`). A large batch has few chunks, for which this is 2 % of its size.
 */
export const CHUNK_OVERHEAD_BYTES = 3_328

/**
 * Lends memory for batches in chunks and takes it back, so that a busy queue neither touches new pages for each
 * record nor leaves buffers to the garbage collector. A chunk belongs to its borrower until it is given back, which
 * must be after the last write to it.
 */
export class ChunkPool {
  readonly #keptBytes: number
  readonly #free = new Map<number, Buffer[]>(CHUNK_BYTES.map((bytes) => [bytes, []]))
  readonly #listeners: (() => void)[] = []
  #freeBytes = 0
  #lentBytes = 0

  /** @param keptBytes - the limit of memory kept for later use. */
  constructor(keptBytes: number = DEFAULT_KEPT_BYTES) {
    this.#keptBytes = keptBytes
  }

  /** Bytes kept for later use. */
  get freeBytes(): number {
    return this.#freeBytes
  }

  /** Bytes of lent chunks, each with {@link CHUNK_OVERHEAD_BYTES}. */
  get lentBytes(): number {
    return this.#lentBytes
  }

  /** Calls `listener` after each chunk that is given back. */
  onGivenBack(listener: () => void): void {
    this.#listeners.push(listener)
  }

  /**
   * Lends the smallest chunk of at least this size. Above the largest chunk size, it allocates memory of exactly
   * this size.
   */
  lend(minBytes: number): Buffer {
    const chunk = this.#take(minBytes)
    this.#lentBytes += chunk.length + CHUNK_OVERHEAD_BYTES
    return chunk
  }

  /** Takes a chunk back. The borrower must no longer use it. */
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
