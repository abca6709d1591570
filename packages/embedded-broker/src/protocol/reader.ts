/** Reads the primitive types of Kafka's wire protocol from one frame, and never past its end. */

/** The bytes do not follow the protocol. Kafka closes the connection of a client that sends such a request. */
export class MalformedFrame extends Error {
  override readonly name = 'MalformedFrame'
}

/** A cursor over one frame. Every read that would pass the end throws {@link MalformedFrame}. */
export class Reader {
  readonly #bytes: Buffer
  #offset = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset
  }

  int8(): number {
    return this.#bytes.readInt8(this.#advance(1))
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#advance(2))
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#advance(4))
  }

  int64(): bigint {
    return this.#bytes.readBigInt64BE(this.#advance(8))
  }

  /** Unsigned base-128 number of at most 32 bits, least significant group first. */
  unsignedVarint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#bytes.readUInt8(this.#advance(1))
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    throw new MalformedFrame('varint is longer than five bytes')
  }

  /** Zigzag-coded signed number of at most 32 bits. */
  varint(): number {
    const zigzag = this.unsignedVarint()
    return (zigzag >>> 1) ^ -(zigzag & 1)
  }

  /** Zigzag-coded signed number of at most 64 bits; exact up to 2^52, which covers every timestamp. */
  varlong(): number {
    let zigzag = 0
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#bytes.readUInt8(this.#advance(1))
      zigzag += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2
    }
    throw new MalformedFrame('varlong is longer than ten bytes')
  }

  /** A view of the next bytes, not a copy. */
  slice(lengthBytes: number): Buffer {
    if (lengthBytes < 0) throw new MalformedFrame(`negative length ${lengthBytes}`)
    const start = this.#advance(lengthBytes)
    return this.#bytes.subarray(start, start + lengthBytes)
  }

  #advance(lengthBytes: number): number {
    if (lengthBytes > this.remaining) {
      throw new MalformedFrame(`${lengthBytes} bytes wanted, ${this.remaining} left`)
    }
    const start = this.#offset
    this.#offset += lengthBytes
    return start
  }
}
