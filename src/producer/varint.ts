/**
 * Kafka's variable-length integers: zigzag, then seven bits a byte, least significant first
 * (as Protocol Buffers' sint64). Values are JavaScript safe integers, so that a timestamp delta
 * needs no BigInt.
 */

const CONTINUES = 0x80
const SEVEN_BITS = 0x7f
/** From here on the 32-bit operators would cut the value off. */
const BEYOND_32_BITS = 0x80000000

/** Maps small magnitudes of either sign to small unsigned numbers. */
function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value
}

/** Number of bytes that {@link writeVarint} takes for `value`. */
export function sizeOfVarint(value: number): number {
  let rest = zigzag(value)
  let size = 1
  for (; rest >= BEYOND_32_BITS; size++) rest = Math.floor(rest / 128)
  for (; rest > SEVEN_BITS; size++) rest >>>= 7
  return size
}

/** Writes `value` at `offset` and returns the offset behind it. */
export function writeVarint(buffer: Buffer, offset: number, value: number): number {
  let rest = zigzag(value)
  let at = offset
  for (; rest >= BEYOND_32_BITS; rest = Math.floor(rest / 128)) {
    buffer[at++] = (rest % 128) | CONTINUES
  }
  for (; rest > SEVEN_BITS; rest >>>= 7) buffer[at++] = (rest & SEVEN_BITS) | CONTINUES
  buffer[at++] = rest
  return at
}

/** Reads the integer at `offset`: the value, and the offset behind it. */
export function readVarint(buffer: Buffer, offset: number): [value: number, end: number] {
  let result = 0
  let factor = 1
  let at = offset
  for (;;) {
    const byte = buffer.readUInt8(at++)
    result += (byte & SEVEN_BITS) * factor
    if (byte < CONTINUES) break
    factor *= 128
  }
  return [result % 2 === 0 ? result / 2 : -(result + 1) / 2, at]
}
