/** As much as most groups have: few pieces then make a group. */
const SLAB_BYTES = 64 * 2 ** 10
/** A longer frame has memory of its own. */
const MAX_SHARED_BYTES = SLAB_BYTES / 4

/**
 * Memory for frames, taken one after the other from the same slabs: adjacent frames are written as one piece, and the
 * garbage collector has one object for many of them. A slab is held for as long as one of its frames is.
 */
export class FrameMemory {
  #slab = Buffer.alloc(0)
  #used = 0

  /** Memory of so many bytes, with any contents. */
  take(bytes: number): Buffer {
    if (bytes > MAX_SHARED_BYTES) return Buffer.allocUnsafeSlow(bytes)
    if (this.#used + bytes > this.#slab.length) {
      this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
      this.#used = 0
    }
    const start = this.#used
    this.#used += bytes
    return this.#slab.subarray(start, this.#used)
  }
}

/** The same bytes, with those that are adjacent in memory as one piece. */
export function merged(frames: readonly Buffer[]): readonly Buffer[] {
  const pieces: Buffer[] = []
  let from = 0
  for (const [index, frame] of frames.entries()) {
    const next = frames[index + 1]
    if (next && areAdjacent(frame, next)) continue
    const first = frames[from] ?? frame
    const end = frame.byteOffset + frame.length
    pieces.push(Buffer.from(first.buffer, first.byteOffset, end - first.byteOffset))
    from = index + 1
  }
  return pieces
}

function areAdjacent(one: Buffer, next: Buffer): boolean {
  return one.buffer === next.buffer && one.byteOffset + one.length === next.byteOffset
}
