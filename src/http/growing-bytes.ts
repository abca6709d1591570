/** The least memory of a body in pieces: less would cost more in bookkeeping than it saves. */
const MIN_CAPACITY = 256
/** Larger memory is mapped: see {@link allocate}. */
const MAPPED_MIN_BYTES = 65_536

const NO_BYTES = Buffer.alloc(0)

/**
 * Bytes that come in pieces, copied together: what holds them is at most twice as large as they are,
 * however small the pieces, and is freed when it is said so rather than when the collector comes by.
 */
export class GrowingBytes {
  readonly #maxBytes: number
  #memory: Buffer<ArrayBuffer> = NO_BYTES
  #length = 0

  /** @param maxBytes - that ever come. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Bytes of memory that are taken up. */
  get capacity(): number {
    return this.#memory.length
  }

  append(piece: Uint8Array): void {
    const needed = this.#length + piece.length
    if (needed > this.#memory.length) this.#grow(needed)
    this.#memory.set(piece, this.#length)
    this.#length = needed
  }

  /** Hands over what has come, in memory of its own, to be freed by {@link freeBytes}; nothing is left here. */
  take(): Buffer<ArrayBuffer> {
    const bytes = this.#memory.subarray(0, this.#length)
    if (!bytes.buffer.resizable) {
      this.#memory = NO_BYTES
      this.#length = 0
      return bytes
    }
    // V8 and Node read mapped memory more slowly: it is for bodies that wait for more.
    const copy = Buffer.allocUnsafeSlow(bytes.length)
    copy.set(bytes)
    this.free()
    return copy
  }

  /** Frees the memory at once. */
  free(): void {
    freeBytes(this.#memory)
    this.#memory = NO_BYTES
    this.#length = 0
  }

  #grow(needed: number): void {
    const doubled = Math.max(MIN_CAPACITY, needed, 2 * this.#memory.length)
    const memory = allocate(Math.max(needed, Math.min(doubled, this.#maxBytes)))
    memory.set(this.#memory.subarray(0, this.#length))
    freeBytes(this.#memory)
    this.#memory = memory
  }
}

/**
 * Frees the memory of bytes that nothing else shares it with. An array buffer that is transferred into one
 * of no bytes has none left, and V8 frees its memory at once.
 */
export function freeBytes({ buffer }: Buffer<ArrayBuffer>): void {
  if (buffer.byteLength > 0) buffer.transfer(0)
}

/**
 * Memory that is not of Node's pool, which others share. That of a resizable array buffer is mapped by V8
 * and goes back to the system when it is freed; malloc, asked for pieces of many sizes, keeps most of it.
 */
function allocate(bytes: number): Buffer<ArrayBuffer> {
  return bytes < MAPPED_MIN_BYTES
    ? Buffer.allocUnsafeSlow(bytes)
    : Buffer.from(new ArrayBuffer(bytes, { maxByteLength: bytes }))
}
