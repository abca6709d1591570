/** The least memory of a body in pieces: less would cost more in bookkeeping than it saves. */
const MIN_BLOCK_BYTES = 256
/**
 * The most memory that is taken in one go. Large bodies so take many blocks of one size: malloc, asked for pieces of
 * many sizes, would keep more and more of what it gets back.
 */
const MAX_BLOCK_BYTES = 131_072

/**
 * Bytes that come in pieces, copied together: what holds them is at most twice as large as they are,
 * however small the pieces, and is freed when it is said so rather than when the collector comes by.
 */
export class GrowingBytes {
  readonly #maxBytes: number
  /** Full, but for the last one. */
  #blocks: Buffer<ArrayBuffer>[] = []
  #capacity = 0
  #length = 0

  /** @param maxBytes - that ever come. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Bytes of memory that are taken up. */
  get capacity(): number {
    return this.#capacity
  }

  append(piece: Uint8Array): void {
    let rest = piece
    for (;;) {
      const block = this.#blockFor(rest.length)
      const room = this.#capacity - this.#length
      const fits = rest.length <= room
      block.set(fits ? rest : rest.subarray(0, room), block.length - room)
      this.#length += Math.min(rest.length, room)
      if (fits) return
      rest = rest.subarray(room)
    }
  }

  /** Hands over what has come, in memory of its own, to be freed by {@link freeBytes}; nothing is left here. */
  take(): Buffer<ArrayBuffer> {
    const [first] = this.#blocks
    if (first !== undefined && this.#blocks.length === 1) {
      const bytes = first.subarray(0, this.#length)
      this.#forget()
      return bytes
    }
    const bytes = Buffer.allocUnsafeSlow(this.#length)
    let at = 0
    for (const block of this.#blocks) {
      bytes.set(block.subarray(0, this.#length - at), at)
      at += block.length
    }
    this.free()
    return bytes
  }

  /** Frees the memory at once. */
  free(): void {
    for (const block of this.#blocks) freeBytes(block)
    this.#forget()
  }

  #forget(): void {
    this.#blocks = []
    this.#capacity = 0
    this.#length = 0
  }

  /** The block with room for what comes next, as much as is wanted of it. */
  #blockFor(wanted: number): Buffer<ArrayBuffer> {
    const last = this.#blocks.at(-1)
    if (last !== undefined && this.#length < this.#capacity) return last
    const left = Math.max(wanted, this.#maxBytes - this.#length)
    const grown = Math.max(MIN_BLOCK_BYTES, this.#length, 2 * wanted)
    // Not of Node's pool, which others share.
    const block = Buffer.allocUnsafeSlow(Math.min(grown, left, MAX_BLOCK_BYTES))
    this.#blocks.push(block)
    this.#capacity += block.length
    return block
  }
}

/**
 * Frees the memory of bytes that nothing else shares it with. An array buffer that is transferred into one
 * of no bytes has none left, and V8 frees its memory at once.
 */
export function freeBytes({ buffer }: Buffer<ArrayBuffer>): void {
  if (buffer.byteLength > 0) buffer.transfer(0)
}
