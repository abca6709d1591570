/** The smallest block: a smaller one would cost more in bookkeeping than it saves. */
const MIN_BLOCK_BYTES = 256
/**
 * The largest block. Large bodies take many blocks of this one size: with many sizes, malloc would keep more and
 * more of the freed memory.
 */
const MAX_BLOCK_BYTES = 131_072

/**
 * Collects the pieces of a body. Its memory is at most twice the size of the bytes, however small the pieces, and
 * `free` releases it at once, without waiting for the garbage collector.
 */
export class GrowingBytes {
  readonly #maxBytes: number
  /** All full except the last one. */
  #blocks: Buffer<ArrayBuffer>[] = []
  #capacity = 0
  #length = 0

  /** @param maxBytes - the most bytes that may arrive. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Bytes of memory in use. */
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

  /**
   * Returns all bytes in one buffer with memory of its own, to be freed with {@link freeBytes}. Nothing remains
   * here.
   */
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

  /** Returns a block with room, sized for the bytes that come next. */
  #blockFor(wanted: number): Buffer<ArrayBuffer> {
    const last = this.#blocks.at(-1)
    if (last !== undefined && this.#length < this.#capacity) return last
    const left = Math.max(wanted, this.#maxBytes - this.#length)
    const grown = Math.max(MIN_BLOCK_BYTES, this.#length, 2 * wanted)
    // Not from Node's pool, whose memory is shared.
    const block = Buffer.allocUnsafeSlow(Math.min(grown, left, MAX_BLOCK_BYTES))
    this.#blocks.push(block)
    this.#capacity += block.length
    return block
  }
}

/**
 * Frees the memory of a buffer, which must share it with no other. An array buffer that is transferred to zero
 * bytes loses its memory, and V8 frees it at once.
 */
export function freeBytes({ buffer }: Buffer<ArrayBuffer>): void {
  if (buffer.byteLength > 0) buffer.transfer(0)
}
