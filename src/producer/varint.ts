/**
 * Kafka's variable-length integers: zigzag, then seven bits per byte, least significant first (as Protocol Buffers'
 * sint64). Values are safe integers of JavaScript, so that a timestamp delta needs no BigInt. The zigzag number may
 * not be safe, so its bytes are computed without forming it.
 */

const CONTINUES = 0x80
const SEVEN_BITS = 0x7f
/** The first byte has the sign in its lowest bit, and this many values above it. */
const FIRST_BYTE_VALUES = 64
/** From this value on, the 32-bit operators would truncate. */
const BEYOND_32_BITS = 0x80000000

/** Whether a value fits the 32-bit operators, which are several times as fast. */
function isInt32(value: number): boolean {
  return value === (value | 0)
}

function zigzag32(value: number): number {
  return ((value << 1) ^ (value >> 31)) >>> 0
}

/** The zigzag value without the sign bit. */
function magnitude(value: number): number {
  return value < 0 ? -value - 1 : value
}

/** Number of bytes that {@link writeVarint} takes for `value`. */
export function sizeOfVarint(value: number): number {
  let size = 1
  if (isInt32(value)) {
    for (let rest = zigzag32(value) >>> 7; rest > 0; rest >>>= 7) size++
    return size
  }
  let rest = Math.floor(magnitude(value) / FIRST_BYTE_VALUES)
  for (; rest >= BEYOND_32_BITS; size++) rest = Math.floor(rest / 128)
  for (; rest > 0; size++) rest >>>= 7
  return size
}

/** Writes `value` at `offset` and returns the offset after it. */
export function writeVarint(buffer: Buffer, offset: number, value: number): number {
  let at = offset
  if (isInt32(value)) {
    let rest = zigzag32(value)
    for (; rest >= CONTINUES; rest >>>= 7) buffer[at++] = (rest & SEVEN_BITS) | CONTINUES
    buffer[at++] = rest
    return at
  }
  const whole = magnitude(value)
  let byte = ((whole % FIRST_BYTE_VALUES) << 1) | (value < 0 ? 1 : 0)
  let rest = Math.floor(whole / FIRST_BYTE_VALUES)
  while (rest > 0) {
    buffer[at++] = byte | CONTINUES
    byte = rest % 128
    rest = rest >= BEYOND_32_BITS ? Math.floor(rest / 128) : rest >>> 7
  }
  buffer[at++] = byte
  return at
}

/** Reads the integer at `offset`; returns the value and the offset after it. */
export function readVarint(buffer: Buffer, offset: number): [value: number, end: number] {
  let at = offset
  let byte = buffer.readUInt8(at++)
  const isNegative = (byte & 1) === 1
  let whole = (byte & SEVEN_BITS) >>> 1
  for (let factor = FIRST_BYTE_VALUES; byte >= CONTINUES; factor *= 128) {
    byte = buffer.readUInt8(at++)
    whole += (byte & SEVEN_BITS) * factor
  }
  return [isNegative ? -whole - 1 : whole, at]
}
