/** Writes the primitive types of Kafka's wire protocol into one growing buffer. */

const INITIAL_CAPACITY_BYTES = 256

/** Collects one frame. */
export class Writer {
  #bytes = Buffer.allocUnsafe(INITIAL_CAPACITY_BYTES)
  #length = 0

  /** What was written so far: a view, valid until the next write. */
  bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  int8(value: number): void {
    this.#reserve(1)
    this.#length = this.#bytes.writeInt8(value, this.#length)
  }

  int16(value: number): void {
    this.#reserve(2)
    this.#length = this.#bytes.writeInt16BE(value, this.#length)
  }

  int32(value: number): void {
    this.#reserve(4)
    this.#length = this.#bytes.writeInt32BE(value, this.#length)
  }

  int64(value: bigint): void {
    this.#reserve(8)
    this.#length = this.#bytes.writeBigInt64BE(value, this.#length)
  }

  /** Unsigned base-128 number of at most 32 bits, least significant group first. */
  unsignedVarint(value: number): void {
    this.#reserve(5)
    let rest = value
    while (rest >= 0x80) {
      this.#length = this.#bytes.writeUInt8((rest & 0x7f) | 0x80, this.#length)
      rest = Math.floor(rest / 0x80)
    }
    this.#length = this.#bytes.writeUInt8(rest, this.#length)
  }

  raw(bytes: Buffer): void {
    this.#reserve(bytes.length)
    this.#length += bytes.copy(this.#bytes, this.#length)
  }

  #reserve(lengthBytes: number): void {
    const wanted = this.#length + lengthBytes
    if (wanted <= this.#bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(wanted, this.#bytes.length * 2))
    this.#bytes.copy(grown, 0, 0, this.#length)
    this.#bytes = grown
  }
}
