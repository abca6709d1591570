import { ownBytes } from '../own-bytes.ts'
import type { PartReader } from './read-records.ts'

/** The beginning of a part that goes on in the next piece of its body. */
export class PartBuffer {
  readonly #maxBytes: number
  readonly #reader: Pick<PartReader, 'keep' | 'keepNothing'>
  #pieces: Buffer[] = []
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
      this.#pieces = []
      this.#reader.keepNothing()
      return
    }
    this.#reader.keep(bytes.length)
    this.#pieces.push(ownBytes(bytes))
  }

  /** Returns the whole part; `undefined` if it has more bytes than allowed. */
  end(rest: Buffer): Buffer | undefined {
    const part = this.hasBegun ? this.#take(rest) : rest
    return part !== undefined && part.length <= this.#maxBytes ? part : undefined
  }

  #take(rest: Buffer): Buffer | undefined {
    const part = this.#isTooLong ? undefined : Buffer.concat([...this.#pieces, rest])
    this.#pieces = []
    this.#bytes = 0
    this.#isTooLong = false
    this.#reader.keepNothing()
    return part
  }
}
