import { isUtf8 } from 'node:buffer'
import { randomInt } from 'node:crypto'
import { ProxyError } from '../base/errors.ts'
import { byteMarks } from './byte-marks.ts'
import { describeForeignForm } from './foreign-form.ts'
import { describeDuplicate } from './json-duplicates.ts'
import { describeJsonError, type JsonTextKind } from './json-error.ts'
import { endOfString } from './json-string.ts'

/** Parses request bodies as JSON. A byte order mark is skipped. */
export class JsonParser {
  readonly #limits: JsonLimits
  readonly #kind: JsonTextKind
  readonly #scanner: JsonScanner

  /** @param kind - what the texts are, for the messages. */
  constructor(limits: JsonLimits, kind: JsonTextKind = 'body') {
    this.#limits = limits
    this.#kind = kind
    this.#scanner = new JsonScanner(limits)
  }

  /**
   * Parses one body.
   *
   * @throws ProxyError `EMPTY_BODY`; `JSON_TOO_DEEP` or `JSON_TOO_COMPLEX` above the limits, valid JSON or not;
   * `INVALID_UTF8`; `INVALID_JSON` with the position of the error; `DUPLICATE_NAME`. The message quotes nothing of the
   * body but a short name.
   */
  parse(body: Buffer): unknown {
    const value = this.check(body)
    // Of two members with the same name JSON.parse keeps the last.
    if (countMembers(value) < this.#scanner.memberCount) {
      throw new ProxyError('DUPLICATE_NAME', describeDuplicate(body, this.#kind))
    }
    return value
  }

  /**
   * As {@link parse}, for a text that is passed on as it is: a name may come twice in an object.
   *
   * @returns what JSON.parse makes of it.
   */
  check(body: Buffer): unknown {
    if (body.length === 0) throw new ProxyError('EMPTY_BODY', 'the request has no body')
    const form = describeForeignForm(body)
    if (form !== undefined) throw new ProxyError('INVALID_UTF8', form)
    const excess = this.#scanner.scan(body)
    if (excess !== undefined) throw excessive(excess, this.#limits, this.#kind)
    const text = decodeUtf8(body, this.#kind)
    try {
      return JSON.parse(text)
    } catch {
      const where = describeJsonError(text, this.#kind)
      throw new ProxyError('INVALID_JSON', `the ${this.#kind} is not JSON: ${where}`)
    }
  }
}

function excessive(
  excess: JsonExcess,
  { maxDepth, maxParts, maxShapes }: JsonLimits,
  kind: JsonTextKind,
): ProxyError {
  switch (excess) {
    case 'maxDepth':
      return new ProxyError('JSON_TOO_DEEP', `the ${kind} is nested deeper than ${maxDepth} levels`)
    case 'maxParts':
      return new ProxyError(
        'JSON_TOO_COMPLEX',
        `the ${kind} has more than ${maxParts} objects, arrays, colons and commas: send fewer records at once, or raise http.max_records_per_request`,
      )
    case 'maxShapes':
      return new ProxyError(
        'JSON_TOO_COMPLEX',
        `the objects of the ${kind} have more than ${maxShapes} different lists of names: send fewer records at once, or raise http.max_records_per_request`,
      )
  }
}

/** Members of all objects of a value. Its depth is limited. */
function countMembers(value: unknown): number {
  let count = 0
  if (Array.isArray(value)) {
    const elements: readonly unknown[] = value
    for (const element of elements) if (isContainer(element)) count += countMembers(element)
  } else if (isContainer(value)) {
    // What JSON.parse makes has no inherited members, and for-in allocates nothing.
    for (const name in value) {
      const member = value[name]
      count += isContainer(member) ? 1 + countMembers(member) : 1
    }
  }
  return count
}

function isContainer(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function decodeUtf8(body: Buffer, kind: JsonTextKind): string {
  const text = body.toString('utf8')
  // Decoding replaces invalid bytes by U+FFFD, so only a text with U+FFFD needs a second check.
  if (text.includes('\ufffd') && !isUtf8(body)) {
    throw new ProxyError('INVALID_UTF8', `the ${kind} is not valid UTF-8`)
  }
  return text.startsWith('\ufeff') ? text.slice(1) : text
}

/** Limits of the structure of a body. */
export interface JsonLimits {
  /** Nesting of arrays and objects. */
  readonly maxDepth: number
  /** Objects, arrays, colons and commas. The time and memory of JSON.parse grow with their number. */
  readonly maxParts: number
  /**
   * Different prefixes of the list of names in an object, over all objects. V8 creates a hidden class for each,
   * which takes ten times as long as another object with the same names.
   */
  readonly maxShapes: number
}

/** Which of the {@link JsonLimits} a body exceeds. */
export type JsonExcess = keyof JsonLimits

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const CLOSING_BRACKET = 0x5d
const CLOSING_BRACE = 0x7d

const IS_STRUCTURE = byteMarks('",:[]{}')

/** A longer name counts as new. */
const MAX_HASHED_NAME_BYTES = 256
/** The shortest member is `"":0`, and a comma. */
const MIN_MEMBER_BYTES = 5
/** Bits per allowed shape: at the limit, about 6 of 100 new shapes count as known. */
const BITS_PER_SHAPE = 8
/** Size of the bit table, as powers of two. */
const MIN_MET_BITS = 16
const MAX_MET_BITS = 27

/**
 * Scans a body before JSON.parse and refuses bodies that would keep JSON.parse busy for long: up to 150 times
 * longer per byte than usual ones. One pass without recursion, which stops at the first excess. It does not
 * validate the JSON; JSON.parse does. One scanner is used for many bodies, one at a time.
 */
export class JsonScanner {
  readonly #limits: JsonLimits
  /** Per level, a hash of the names of the open object so far. */
  readonly #shapes: Int32Array
  /** One bit per known shape, by its hash. `undefined` before the first large body. */
  #met: Int32Array | undefined
  readonly #metShift: number
  readonly #seed: number
  readonly #multiplier: number
  #metCount = 0
  #scannedBytes = 0
  #memberCount = 0

  /**
   * @param seed - of the hashes. It must be unknown to clients, which could otherwise construct names with equal
   * hashes.
   */
  constructor(limits: JsonLimits, seed = randomInt(0x7fffffff)) {
    this.#limits = limits
    this.#shapes = new Int32Array(limits.maxDepth + 1)
    this.#seed = seed
    this.#multiplier = Math.imul(seed, 2) + 1
    const bits = Math.ceil(Math.log2(limits.maxShapes * BITS_PER_SHAPE))
    this.#metShift = 32 - Math.min(MAX_MET_BITS, Math.max(MIN_MET_BITS, bits))
  }

  /** Bytes that the last scan read. */
  get scannedBytes(): number {
    return this.#scannedBytes
  }

  /** Members of all objects of the last body, if that is JSON. */
  get memberCount(): number {
    return this.#memberCount
  }

  /** Scans one body. @returns the first limit that it exceeds; `undefined` if it exceeds none. */
  scan(bytes: Buffer): JsonExcess | undefined {
    const { maxDepth, maxParts } = this.#limits
    const { length } = bytes
    const shapes = this.#shapes
    const countsShapes = this.#begin(length)
    let depth = 0
    let parts = 0
    let members = 0
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
          members += 1
          if (countsShapes && !this.#meet(depth, bytes, nameStart, offset)) excess = 'maxShapes'
        } else if (byte !== COMMA) {
          depth += 1
          if (depth > maxDepth) excess = 'maxDepth'
          else shapes[depth] = this.#seed
        }
      }
    }
    this.#scannedBytes = offset
    this.#memberCount = members
    return excess
  }

  /** Resets the bit table. Returns whether a body of this length can have too many shapes at all. */
  #begin(length: number): boolean {
    if (length < this.#limits.maxShapes * MIN_MEMBER_BYTES) return false
    this.#metCount = 0
    if (this.#met === undefined) this.#met = new Int32Array(2 ** (27 - this.#metShift))
    else this.#met.fill(0)
    return true
  }

  /**
   * Adds the name before a colon to the shape of its object. Returns whether the number of shapes is within the
   * limit.
   */
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
    // Marks the end of a name: "ab", "c" must differ from "a", "bc".
    return Math.imul(hash ^ QUOTE, multiplier)
  }
}
