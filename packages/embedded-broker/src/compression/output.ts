/** The output of a decompression, which later parts may repeat. */
import { MalformedFrame } from '../protocol/reader.ts'

/** Most that one batch may decompress to, so that a few bytes cannot fill the memory. */
export const MAX_OUTPUT_BYTES = 268_435_456

const INITIAL_CAPACITY_BYTES = 4_096

/** Grows with what is written. */
export class Output {
  #bytes = Buffer.allocUnsafe(INITIAL_CAPACITY_BYTES)
  #length = 0

  get length(): number {
    return this.#length
  }

  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  append(literal: Buffer): void {
    this.#reserve(literal.length)
    this.#length += literal.copy(this.#bytes, this.#length)
  }

  /** Repeats what was written `distance` bytes ago; the repetition may overlap itself. */
  repeat(distance: number, lengthBytes: number): void {
    if (distance < 1 || distance > this.#length) throw new MalformedFrame(`distance ${distance}`)
    this.#reserve(lengthBytes)
    const end = this.#length + lengthBytes
    while (this.#length < end) {
      const source = this.#length - distance
      const stepBytes = Math.min(distance, end - this.#length)
      this.#bytes.copyWithin(this.#length, source, source + stepBytes)
      this.#length += stepBytes
    }
  }

  #reserve(lengthBytes: number): void {
    const wanted = this.#length + lengthBytes
    if (wanted > MAX_OUTPUT_BYTES) throw new MalformedFrame(`more than ${MAX_OUTPUT_BYTES} bytes`)
    if (wanted <= this.#bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(wanted, this.#bytes.length * 2))
    this.#bytes.copy(grown, 0, 0, this.#length)
    this.#bytes = grown
  }
}
