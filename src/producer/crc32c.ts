/**
 * Computes CRC-32C (Castagnoli), which Kafka requires for every record batch; node:zlib has only the other CRC-32.
 * Slicing by 16 in WebAssembly: 4 KiB take 1.6 us, the copy included; the best JavaScript version takes 2.6 us, a
 * byte-by-byte one 9 us.
 *
 * `?? 0` has no effect: it only tells the compiler what it cannot know of typed arrays, at no measurable cost.
 */
import { CRC32C_MODULE } from './crc32c-module.ts'

const POLYNOMIAL_REVERSED = 0x82f63b78
const SLICES = 16
/** The offset of the bytes, after the table. */
const WINDOW_AT = SLICES * 256 * 4

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer }
  update(at: number, end: number, crc: number): number
}

const module = new WebAssembly.Module(Buffer.from(CRC32C_MODULE, 'base64'))
const loop = new WebAssembly.Instance<Exports>(module).exports
const window = Buffer.from(loop.memory.buffer, WINDOW_AT)
new Int32Array(loop.memory.buffer).set(makeTable())

/** At `slice * 256 + byte`: the CRC of `byte` followed by `slice` zero bytes. */
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
 * @param previous - CRC of the bytes before these.
 */
export function crc32c(bytes: Buffer, start = 0, end: number = bytes.length, previous = 0): number {
  let crc = ~previous
  for (let at = start; at < end; at += window.length) {
    const copied = bytes.copy(window, 0, at, Math.min(end, at + window.length))
    crc = loop.update(WINDOW_AT, WINDOW_AT + copied, crc)
  }
  return ~crc >>> 0
}

/**
 * Computes the CRC-32C of two concatenated byte sequences from their CRCs: the first is shifted by the length of
 * the second, a multiplication by a power of x modulo the polynomial, and the second is added.
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
