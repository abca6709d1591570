/** Finds where the members of objects are in a body, so that their values keep the bytes that the client wrote. */
import { byteMarks } from './byte-marks.ts'
import { endOfString } from './json-string.ts'

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const BACKSLASH = 0x5c
const CLOSING_BRACKET = 0x5d
const CLOSING_BRACE = 0x7d
const IS_STRUCTURE = byteMarks('",:[]{}')
const IS_SPACE = byteMarks(' \t\r\n')
const NONE = -1

/** A member of an object: the place of its value, without white space around it. */
export interface MemberValue {
  readonly start: number
  readonly end: number
}

/** One walk through a body, which must be valid JSON. Depth 1 is within the outermost object or array. */
export class MemberWalk {
  readonly #body: Buffer
  readonly #maxDepth: number
  /** By depth: the name of the last member, with its quotes; where its value begins; commas so far. */
  readonly #nameStarts: Int32Array
  readonly #nameEnds: Int32Array
  readonly #valueStarts: Int32Array
  readonly #commas: Int32Array

  /** @param maxDepth - the depth of the deepest members that are looked for. */
  constructor(body: Buffer, maxDepth: number) {
    this.#body = body
    this.#maxDepth = maxDepth
    this.#nameStarts = new Int32Array(maxDepth + 1)
    this.#nameEnds = new Int32Array(maxDepth + 1)
    this.#valueStarts = new Int32Array(maxDepth + 1)
    this.#commas = new Int32Array(maxDepth + 1)
  }

  /** The number of elements or members before the current one of the array or object at this depth. */
  indexAt(depth: number): number {
    return this.#commas[depth] ?? 0
  }

  /**
   * Whether the current member of the object at this depth has this name.
   *
   * @param name - of characters that need no escape in JSON; a body may write each of them as an escape.
   */
  isNamed(depth: number, name: Buffer): boolean {
    const body = this.#body
    const start = this.#nameStarts[depth] ?? 0
    const end = this.#nameEnds[depth] ?? 0
    const length = end - start - 2
    if (length === name.length) return body.compare(name, 0, length, start + 1, end - 1) === 0
    if (length < name.length || !body.subarray(start, end).includes(BACKSLASH)) return false
    return JSON.parse(body.toString('utf8', start, end)) === name.toString()
  }

  /** Calls a function for each member down to the deepest depth, when its value is over. */
  forEach(take: (depth: number, value: MemberValue) => void): void {
    const body = this.#body
    const maxDepth = this.#maxDepth
    let depth = 0
    let nameStart = 0
    let nameEnd = 0
    for (let at = 0; at < body.length;) {
      const byte = body[at] ?? 0
      at += 1
      if (IS_STRUCTURE[byte] === 0) continue
      if (byte === QUOTE) {
        nameStart = at - 1
        at = nameEnd = endOfString(body, at)
      } else if (byte === COLON) {
        if (depth <= maxDepth) {
          this.#nameStarts[depth] = nameStart
          this.#nameEnds[depth] = nameEnd
          this.#valueStarts[depth] = at
        }
      } else if (byte === COMMA || byte === CLOSING_BRACKET || byte === CLOSING_BRACE) {
        if (depth <= maxDepth) this.#endMember(depth, at - 1, take)
        if (byte !== COMMA) depth -= 1
      } else {
        depth += 1
        if (depth <= maxDepth) {
          this.#valueStarts[depth] = NONE
          this.#commas[depth] = 0
        }
      }
    }
  }

  #endMember(depth: number, at: number, take: (depth: number, value: MemberValue) => void): void {
    const start = this.#valueStarts[depth] ?? NONE
    if (start !== NONE) take(depth, this.#trimmed(start, at))
    this.#valueStarts[depth] = NONE
    this.#commas[depth] = (this.#commas[depth] ?? 0) + 1
  }

  #trimmed(from: number, to: number): MemberValue {
    const body = this.#body
    let start = from
    let end = to
    while (start < end && IS_SPACE[body[start] ?? 0] === 1) start += 1
    while (end > start && IS_SPACE[body[end - 1] ?? 0] === 1) end -= 1
    return { start, end }
  }
}
