import { GrowingBytes } from '../growing-bytes.ts'
import type { PartReader } from './read-records.ts'

/**
 * The beginning of a part that goes on in the next piece of its body. Its memory is at most twice what is counted, also if
 * the pieces have one byte each.
 */
export class PartBuffer {
  readonly #maxBytes: number
  readonly #reader: Pick<PartReader, 'keep' | 'keepNothing'>
  #kept: GrowingBytes | undefined
  #bytes = 0
  #isTooLong = false

  /** @param maxBytes - of a part. */
  constructor(maxBytes: number, reader: Pick<PartReader, 'keep' | 'keepNothing'>) {
    this.#maxBytes = maxBytes
    this.#reader = reader
  }

  /** Whether a part has begun. */
  get hasBegun(): boolean {
    return this.#bytes > 0
  }

  /** Keeps bytes of a part that goes on. Nothing is kept of one that is too long. */
  append(bytes: Buffer): void {
    this.#bytes += bytes.length
    if (this.#isTooLong) return
    if (this.#bytes > this.#maxBytes) {
      this.#isTooLong = true
      this.#forget()
      return
    }
    this.#reader.keep(bytes.length)
    this.#kept ??= new GrowingBytes(this.#maxBytes)
    this.#kept.append(bytes)
  }

  /** Bytes of memory in use. */
  get capacity(): number {
    return this.#kept?.capacity ?? 0
  }

  /** Returns the whole part; `undefined` if it has more bytes than allowed. */
  end(rest: Buffer): Buffer | undefined {
    const part = this.hasBegun ? this.#take(rest) : rest
    return part !== undefined && part.length <= this.#maxBytes ? part : undefined
  }

  #take(rest: Buffer): Buffer | undefined {
    // One byte too many is enough to know that the part is too long.
    const isWhole = !this.#isTooLong && this.#bytes + rest.length <= this.#maxBytes
    if (isWhole) this.#kept?.append(rest)
    const part = isWhole ? this.#kept?.take() : undefined
    this.#bytes = 0
    this.#isTooLong = false
    this.#forget()
    return part
  }

  #forget(): void {
    this.#kept?.free()
    this.#kept = undefined
    this.#reader.keepNothing()
  }
}
