import { isUtf8 } from 'node:buffer'
import { randomInt } from 'node:crypto'
import { ProxyError } from '../base/errors.ts'
import { byteMarks } from './byte-marks.ts'
import { describeJsonError } from './json-error.ts'

/** Parses request bodies as JSON. Of duplicate keys the last counts; a byte order mark is skipped. */
export class JsonParser {
  readonly #limits: JsonLimits
  readonly #scanner: JsonScanner

  constructor(limits: JsonLimits) {
    this.#limits = limits
    this.#scanner = new JsonScanner(limits)
  }

  /**
   * Parses one body.
   *
   * @throws ProxyError `EMPTY_BODY`, `JSON_TOO_DEEP` or `JSON_TOO_COMPLEX` for what is too much to parse,
   * whether or not it is JSON, `INVALID_UTF8`, or `INVALID_JSON` with the place of the error; never with
   * text of the body.
   */
  parse(body: Buffer): unknown {
    if (body.length === 0) throw new ProxyError('EMPTY_BODY', 'the request has no body')
    const excess = this.#scanner.scan(body)
    if (excess !== undefined) throw excessive(excess, this.#limits)
    const text = decodeUtf8(body)
    try {
      return JSON.parse(text)
    } catch {
      throw new ProxyError('INVALID_JSON', `the body is not JSON: ${describeJsonError(text)}`)
    }
  }
}

function excessive(excess: JsonExcess, { maxDepth, maxParts, maxShapes }: JsonLimits): ProxyError {
  switch (excess) {
    case 'maxDepth':
      return new ProxyError('JSON_TOO_DEEP', `the body is nested deeper than ${maxDepth} levels`)
    case 'maxParts':
      return new ProxyError(
        'JSON_TOO_COMPLEX',
        `the body has more than ${maxParts} objects, arrays, colons and commas: send fewer records at once`,
      )
    case 'maxShapes':
      return new ProxyError(
        'JSON_TOO_COMPLEX',
        `the objects of the body have more than ${maxShapes} different lists of names: send fewer records at once`,
      )
  }
}

function decodeUtf8(body: Buffer): string {
  const text = body.toString('utf8')
  // Decoding puts U+FFFD for what is not UTF-8: only a text with one in it needs a second look.
  if (text.includes('\ufffd') && !isUtf8(body)) {
    throw new ProxyError('INVALID_UTF8', 'the body is not valid UTF-8')
  }
  return text.startsWith('\ufeff') ? text.slice(1) : text
}

/** What a body may have. */
export interface JsonLimits {
  /** Arrays and objects within each other. */
  readonly maxDepth: number
  /** Objects, arrays, colons and commas: what the time and memory of JSON.parse grow with. */
  readonly maxParts: number
  /**
   * Different beginnings of the list of names of an object, over all objects. V8 makes a hidden class for
   * each, which takes ten times as long as another object with the same names.
   */
  readonly maxShapes: number
}

/** Which of the {@link JsonLimits} a body exceeds. */
export type JsonExcess = keyof JsonLimits

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const BACKSLASH = 0x5c
const CLOSING_BRACKET = 0x5d
const CLOSING_BRACE = 0x7d

const IS_STRUCTURE = byteMarks('",:[]{}')
const IS_STRING_END = byteMarks('"\\')

/** A short string is walked through; to call a search costs as much as to look at some 25 bytes. */
const NEAR_BYTES = 24
/** How much of a string is walked through after a search that found an escaped quote: more of them follow. */
const ESCAPED_BYTES = 4096
/** A longer name counts as one that was never seen. */
const MAX_HASHED_NAME_BYTES = 256
/** The shortest member is `"":0`, and a comma. */
const MIN_MEMBER_BYTES = 5
/** Bits for each shape that is allowed: of 100 new shapes some 6 are taken for known at the limit. */
const BITS_PER_SHAPE = 8
/** Of a table of bits: powers of two. */
const MIN_MET_BITS = 16
const MAX_MET_BITS = 27

/**
 * Looks at the bytes of a body before JSON.parse does, and refuses what would keep JSON.parse busy for
 * long: up to 150 times longer for each byte than what clients send. One pass without recursion that
 * gives up at the first excess. It does not check the JSON itself: JSON.parse does that.
 * One is used for one body after another.
 */
export class JsonScanner {
  readonly #limits: JsonLimits
  /** The names so far of the object that is open at each level, as a hash. */
  readonly #shapes: Int32Array
  /** One bit for each shape that was met, by its hash. `undefined` before the first large body. */
  #met: Int32Array | undefined
  readonly #metShift: number
  readonly #seed: number
  readonly #multiplier: number
  #metCount = 0
  #scannedBytes = 0

  /** @param seed - of the hashes; unknown to clients, who could make different names with the same hash. */
  constructor(limits: JsonLimits, seed = randomInt(0x7fffffff)) {
    this.#limits = limits
    this.#shapes = new Int32Array(limits.maxDepth + 1)
    this.#seed = seed
    this.#multiplier = Math.imul(seed, 2) + 1
    const bits = Math.ceil(Math.log2(limits.maxShapes * BITS_PER_SHAPE))
    this.#metShift = 32 - Math.min(MAX_MET_BITS, Math.max(MIN_MET_BITS, bits))
  }

  /** How far the scan of the last body went. */
  get scannedBytes(): number {
    return this.#scannedBytes
  }

  /** Returns what the body has too much of; `undefined` where it may be parsed. */
  scan(bytes: Buffer): JsonExcess | undefined {
    const { maxDepth, maxParts } = this.#limits
    const { length } = bytes
    const shapes = this.#shapes
    const countsShapes = this.#begin(length)
    let depth = 0
    let parts = 0
    let nameStart = 0
    let offset = 0
    let excess: JsonExcess | undefined
    while (excess === undefined) {
      while (offset < length && IS_STRUCTURE[bytes[offset] ?? 0] === 0) offset += 1
      if (offset >= length) break
      const byte = bytes[offset]
      offset += 1
      if (byte === QUOTE) {
        nameStart = offset
        offset = endOfString(bytes, offset)
      } else if (byte === CLOSING_BRACE || byte === CLOSING_BRACKET) {
        if (depth > 0) depth -= 1
      } else {
        parts += 1
        if (parts > maxParts) excess = 'maxParts'
        else if (byte === COLON) {
          if (countsShapes && !this.#meet(depth, bytes, nameStart, offset)) excess = 'maxShapes'
        } else if (byte !== COMMA) {
          depth += 1
          if (depth > maxDepth) excess = 'maxDepth'
          else shapes[depth] = this.#seed
        }
      }
    }
    this.#scannedBytes = offset
    return excess
  }

  /** Returns whether a body of this length can have too many shapes at all. */
  #begin(length: number): boolean {
    if (length < this.#limits.maxShapes * MIN_MEMBER_BYTES) return false
    this.#metCount = 0
    if (this.#met === undefined) this.#met = new Int32Array(2 ** (27 - this.#metShift))
    else this.#met.fill(0)
    return true
  }

  /** Adds the name before a colon to the shape of its object. Returns whether there are not too many. */
  #meet(depth: number, bytes: Buffer, nameStart: number, colonEnd: number): boolean {
    const shape = this.#withName(this.#shapes[depth] ?? 0, bytes, nameStart, colonEnd)
    this.#shapes[depth] = shape
    const bit = shape >>> this.#metShift
    const met = this.#met
    if (met === undefined) return true
    const word = met[bit >>> 5] ?? 0
    const mask = 1 << (bit & 31)
    if ((word & mask) === 0 || colonEnd - nameStart > MAX_HASHED_NAME_BYTES) {
      met[bit >>> 5] = word | mask
      this.#metCount += 1
    }
    return this.#metCount <= this.#limits.maxShapes
  }

  #withName(shape: number, bytes: Buffer, start: number, end: number): number {
    const multiplier = this.#multiplier
    const stop = Math.min(end, start + MAX_HASHED_NAME_BYTES)
    let hash = shape
    for (let at = start; at < stop; at += 1) {
      const byte = bytes[at] ?? 0
      if (byte === QUOTE) break
      hash = Math.imul(hash ^ byte, multiplier)
      hash ^= hash >>> 15
    }
    // The end of a name: "ab" and then "c" are other names than "a" and then "bc".
    return Math.imul(hash ^ QUOTE, multiplier)
  }
}

/** Where the string that begins at `start`, behind its quote, is over; the end of the bytes if nowhere. */
function endOfString(bytes: Buffer, start: number): number {
  const { length } = bytes
  let at = start
  let near = start + NEAR_BYTES
  for (;;) {
    const stop = Math.min(near, length)
    for (;;) {
      while (at < stop && IS_STRING_END[bytes[at] ?? 0] === 0) at += 1
      if (at >= stop) break
      if (bytes[at] === QUOTE) return at + 1
      at += 2
    }
    const quote = at < length ? bytes.indexOf(QUOTE, at) : -1
    if (quote === -1) return length
    if (!isEscaped(bytes, at, quote)) return quote + 1
    at = quote + 1
    near = at + ESCAPED_BYTES
  }
}

/** Whether the backslashes before a quote, none of them before `start`, escape it: an odd number does. */
function isEscaped(bytes: Buffer, start: number, quote: number): boolean {
  let at = quote
  while (at > start && bytes[at - 1] === BACKSLASH) at -= 1
  return (quote - at) % 2 === 1
}
