/**
 * CRC-32C (Castagnoli), which Kafka wants over every record batch; node:zlib has only the other
 * CRC-32. Sliced by eight: eight table look-ups consume eight bytes at a time, which is 3.6 times as
 * fast in JavaScript as byte by byte (1.7 against 0.47 GB/s where it was measured).
 *
 * `?? 0` never happens: it tells the compiler what a typed array cannot, and costs nothing measurable.
 */

const POLYNOMIAL_REVERSED = 0x82f63b78
const SLICES = 8

/** `TABLE[slice * 256 + byte]`: the CRC of `byte` followed by `slice` zero bytes. */
const TABLE = makeTable()

function makeTable(): Int32Array {
  const table = new Int32Array(SLICES * 256)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL_REVERSED : crc >>> 1
    table[byte] = crc
  }
  for (let index = 256; index < table.length; index++) {
    const previous = table[index - 256] ?? 0
    table[index] = (previous >>> 8) ^ (table[previous & 0xff] ?? 0)
  }
  return table
}

/**
 * Computes the CRC-32C of `bytes` from `start` up to `end`, as an unsigned 32-bit number.
 *
 * @param previous - CRC of what comes before these bytes.
 */
export function crc32c(
  bytes: Uint8Array,
  start = 0,
  end: number = bytes.length,
  previous = 0,
): number {
  let crc = ~previous
  let at = start
  for (const lastFull = end - SLICES; at <= lastFull; at += SLICES) {
    const low =
      crc ^
      ((bytes[at] ?? 0) |
        ((bytes[at + 1] ?? 0) << 8) |
        ((bytes[at + 2] ?? 0) << 16) |
        ((bytes[at + 3] ?? 0) << 24))
    crc =
      (TABLE[0x700 | (low & 0xff)] ?? 0) ^
      (TABLE[0x600 | ((low >>> 8) & 0xff)] ?? 0) ^
      (TABLE[0x500 | ((low >>> 16) & 0xff)] ?? 0) ^
      (TABLE[0x400 | (low >>> 24)] ?? 0) ^
      (TABLE[0x300 | (bytes[at + 4] ?? 0)] ?? 0) ^
      (TABLE[0x200 | (bytes[at + 5] ?? 0)] ?? 0) ^
      (TABLE[0x100 | (bytes[at + 6] ?? 0)] ?? 0) ^
      (TABLE[bytes[at + 7] ?? 0] ?? 0)
  }
  for (; at < end; at++) crc = (TABLE[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0) ^ (crc >>> 8)
  return ~crc >>> 0
}

/**
 * Computes the CRC-32C of two sequences of bytes, one behind the other, of which only the CRCs are known: that
 * of the first is shifted by the length of the second, which is a multiplication by a power of x modulo the
 * polynomial, and added.
 */
export function combineCrc32c(first: number, second: number, secondBytes: number): number {
  return (multiply(powerOfX(secondBytes * 8), first) ^ second) >>> 0
}

/** The polynomials 1 and x, whose coefficients are stored in reverse. */
const ONE = 1 << 31
const X = 1 << 30

/** `POWERS[n]`: x to the power 2^n, modulo the polynomial. */
const POWERS = makePowers()

function makePowers(): Int32Array {
  const powers = new Int32Array(32)
  let power = X
  for (let n = 0; n < powers.length; n++) {
    powers[n] = power
    power = multiply(power, power)
  }
  return powers
}

/** x to the power `exponent`, modulo the polynomial. */
function powerOfX(exponent: number): number {
  let product = ONE
  let n = 0
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) product = multiply(POWERS[n % POWERS.length] ?? 0, product)
    n++
  }
  return product
}

/** The product of two polynomials modulo that of the CRC. */
function multiply(one: number, other: number): number {
  let product = 0
  let factor = other
  for (let bit = 31; bit >= 0; bit--) {
    if ((one >>> bit) & 1) product ^= factor
    factor = factor & 1 ? (factor >>> 1) ^ POLYNOMIAL_REVERSED : factor >>> 1
  }
  return product
}
