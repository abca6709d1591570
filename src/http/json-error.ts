/**
 * Finds where and why a text is not JSON, without quoting it. The messages of JSON.parse quote the text, and only
 * some have the position. Used after JSON.parse has failed.
 */

import { byteMarks } from './byte-marks.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const LOWERCASE_U = 0x75
const TAB = 0x09
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const SPACE = 0x20
const ZERO = 0x30
const NINE = 0x39
const RAW_CONTROL_CHARACTERS_END = 0x20
/** The characters of tokens other than strings. */
const CODES = {
  ...{ '{': 0x7b, '}': 0x7d, '[': 0x5b, ']': 0x5d, ':': 0x3a, ',': 0x2c },
  ...{ '-': 0x2d, '+': 0x2b, '.': 0x2e, e: 0x65, E: 0x45, '0': 0x30 },
} as const
type Character = keyof typeof CODES
const LITERALS = ['true', 'false', 'null']
/** The characters that may follow a backslash, except u. */
const IS_ESCAPED = byteMarks('"\\/bfnrt')
const HEX_DIGITS = 4

/** The next allowed token. The `first…` states also allow the end of an empty container. */
type Expecting = 'value' | 'firstItem' | 'firstName' | 'name' | 'colon' | 'next'

/** What a text is: a whole body, one record of a body, or one line of a body, whose number its reader knows. */
export type JsonTextKind = 'body' | 'record' | 'line'

/** Describes the first error of a text that is not JSON, for example `line 1, column 3: expected a value`. */
export function describeJsonError(text: string, kind: JsonTextKind = 'body'): string {
  const error = new JsonErrorFinder(text).findError()
  if (error === undefined) return 'kprf cannot find the place of the error'
  const end = error.offset === text.length ? `, but the ${kind} ends there` : ''
  const line = kind === 'line' ? '' : `line ${error.line}, `
  return `${line}column ${error.column}: ${error.sentence}${end}`
}

interface JsonError {
  readonly offset: number
  readonly line: number
  readonly column: number
  readonly sentence: string
}

/**
 * Walks a text by the grammar of RFC 8259, without recursion, so that nesting cannot exhaust the stack. It looks at
 * each character at most twice and copies none: about as fast as JSON.parse for every text.
 */
class JsonErrorFinder {
  readonly #text: string
  readonly #open: ('{' | '[')[] = []
  #offset = 0
  #line = 1
  /**
   * The offset of the line's first character. A line can end only between tokens: in a string, a line end is an
   * error.
   */
  #lineStart = 0
  #expecting: Expecting = 'value'
  #isAfterString = false
  #error: JsonError | undefined

  constructor(text: string) {
    this.#text = text
  }

  findError(): JsonError | undefined {
    while (this.#error === undefined) {
      this.#skipWhitespace()
      const isComplete = this.#expecting === 'next' && this.#open.length === 0
      if (isComplete && this.#offset === this.#text.length) return undefined
      this.#step()
    }
    return this.#error
  }

  /** Reads one token, or sets the error. */
  #step(): void {
    switch (this.#expecting) {
      case 'value':
        this.#value('a value')
        break
      case 'firstItem':
        if (!this.#close(']')) this.#value("a value or ']'")
        break
      case 'firstName':
        if (!this.#close('}')) this.#name("a property name in double quotes or '}'")
        break
      case 'name':
        this.#name('a property name in double quotes')
        break
      case 'colon':
        if (this.#take(':')) this.#expecting = 'value'
        else this.#fail("expected ':' after the property name")
        break
      case 'next':
        this.#next()
        break
    }
  }

  #value(wanted: string): void {
    const code = this.#code()
    this.#isAfterString = code === QUOTE
    if (this.#take('{')) this.#enter('{')
    else if (this.#take('[')) this.#enter('[')
    else if (this.#isAfterString) this.#string('next')
    else if (code === CODES['-'] || isDigit(code)) this.#number()
    else if (this.#takeLiteral()) this.#expecting = 'next'
    else this.#fail(`expected ${wanted}`)
  }

  #enter(container: '{' | '['): void {
    this.#open.push(container)
    this.#expecting = container === '{' ? 'firstName' : 'firstItem'
  }

  #name(wanted: string): void {
    if (this.#code() === QUOTE) this.#string('colon')
    else this.#fail(`expected ${wanted}`)
  }

  #next(): void {
    const container = this.#open.at(-1)
    if (container === undefined) {
      this.#fail(this.#hinted('expected nothing after the value'))
      return
    }
    const end = container === '{' ? '}' : ']'
    if (this.#take(',')) this.#expecting = container === '{' ? 'name' : 'value'
    else if (!this.#close(end)) this.#fail(this.#hinted(`expected ',' or '${end}' after the value`))
  }

  #close(end: '}' | ']'): boolean {
    if (!this.#take(end)) return false
    this.#open.pop()
    this.#expecting = 'next'
    this.#isAfterString = false
    return true
  }

  /**
   * Adds a hint for the most common mistake by far: JSON inside a string without escapes, whose first quote ends
   * the string.
   */
  #hinted(sentence: string): string {
    return this.#isAfterString
      ? `${sentence} (a double quote inside a string needs a backslash before it)`
      : sentence
  }

  #string(then: Expecting): void {
    const text = this.#text
    let at = this.#offset + 1
    for (;;) {
      let code = text.charCodeAt(at)
      while (code >= RAW_CONTROL_CHARACTERS_END && code !== QUOTE && code !== BACKSLASH) {
        at += 1
        code = text.charCodeAt(at)
      }
      this.#offset = at
      if (code !== BACKSLASH) {
        this.#endString(code, then)
        return
      }
      const escapeLength = escapeLengthAt(text, at)
      if (escapeLength === 0) {
        this.#fail('a backslash in a string must be followed by one of " \\ / b f n r t or uXXXX')
        return
      }
      at += escapeLength
    }
  }

  /** @param code - of the character that ends the string; NaN at the end of the text. */
  #endString(code: number, then: Expecting): void {
    if (code === QUOTE) {
      this.#offset += 1
      this.#expecting = then
    } else if (Number.isNaN(code)) {
      this.#fail('expected the end of a string')
    } else {
      this.#fail('a control character in a string must be written as an escape such as \\n')
    }
  }

  #number(): void {
    this.#take('-')
    if (!this.#take('0') && !this.#digits()) return
    if (this.#take('.') && !this.#digits()) return
    if ((this.#take('e') || this.#take('E')) && !this.#exponent()) return
    this.#expecting = 'next'
  }

  #exponent(): boolean {
    if (!this.#take('+')) this.#take('-')
    return this.#digits()
  }

  #digits(): boolean {
    const text = this.#text
    const start = this.#offset
    let at = start
    while (isDigit(text.charCodeAt(at))) at += 1
    this.#offset = at
    if (at > start) return true
    this.#fail('expected a digit')
    return false
  }

  #skipWhitespace(): void {
    const text = this.#text
    let at = this.#offset
    for (; ; at += 1) {
      const code = text.charCodeAt(at)
      if (code === LINE_FEED) {
        this.#line += 1
        this.#lineStart = at + 1
      } else if (code !== SPACE && code !== TAB && code !== CARRIAGE_RETURN) {
        break
      }
    }
    this.#offset = at
  }

  #take(character: Character): boolean {
    if (this.#code() !== CODES[character]) return false
    this.#offset += 1
    return true
  }

  #takeLiteral(): boolean {
    const literal = LITERALS.find((one) => this.#text.startsWith(one, this.#offset))
    this.#offset += literal?.length ?? 0
    return literal !== undefined
  }

  /** NaN after the end of the text, which equals no character. */
  #code(): number {
    return this.#text.charCodeAt(this.#offset)
  }

  #fail(sentence: string): void {
    const offset = this.#offset
    this.#error = { offset, line: this.#line, column: offset - this.#lineStart + 1, sentence }
  }
}

/** Length of the escape at a backslash; 0 if it is not valid. */
function escapeLengthAt(text: string, at: number): number {
  const code = text.charCodeAt(at + 1)
  if (code !== LOWERCASE_U) return IS_ESCAPED[code] === 1 ? 2 : 0
  for (let digit = at + 2; digit < at + 2 + HEX_DIGITS; digit += 1) {
    if (!isHexDigit(text.charCodeAt(digit))) return 0
  }
  return 2 + HEX_DIGITS
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE
}

function isHexDigit(code: number): boolean {
  const letter = code | 0x20
  return isDigit(code) || (letter >= 0x61 && letter <= 0x66)
}
