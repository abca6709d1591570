/**
 * Says where and why a text is not JSON, without a word of the text itself. JSON.parse's own messages
 * quote the text, and only some of them tell the place. Used once JSON.parse has failed.
 */

const WHITESPACE = ' \t\n\r'
const NUMBER_START = '-0123456789'
const LITERALS = ['true', 'false', 'null']
const ESCAPE = /["\\/bfnrt]|u[0-9a-fA-F]{4}/y
const RAW_CONTROL_CHARACTERS_END = 0x20

/** What may come next between tokens. `first…` states also allow the end of an empty container. */
type Expecting = 'value' | 'firstItem' | 'firstName' | 'name' | 'colon' | 'next'

/** Describes the first error of a text that is not JSON, such as `line 1, column 3: expected a value`. */
export function describeJsonError(text: string): string {
  const error = new JsonScanner(text).findError()
  if (error === undefined) return 'no reason found'
  const before = text.slice(0, error.offset)
  const line = before.split('\n').length
  const column = error.offset - before.lastIndexOf('\n')
  const end = error.offset === text.length ? ', but the body ends there' : ''
  return `line ${line}, column ${column}: ${error.sentence}${end}`
}

interface JsonError {
  readonly offset: number
  readonly sentence: string
}

/** Walks a text by the grammar of RFC 8259; without recursion, so that nesting cannot exhaust the stack. */
class JsonScanner {
  readonly #text: string
  readonly #open: ('{' | '[')[] = []
  #offset = 0
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

  /** Takes one token, or a string or number whole; or sets the error. */
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
    const character = this.#text.charAt(this.#offset)
    this.#isAfterString = character === '"'
    if (this.#take('{')) this.#enter('{')
    else if (this.#take('[')) this.#enter('[')
    else if (this.#isAfterString) this.#string('next')
    else if (character !== '' && NUMBER_START.includes(character)) this.#number()
    else if (LITERALS.some((literal) => this.#take(literal))) this.#expecting = 'next'
    else this.#fail(`expected ${wanted}`)
  }

  #enter(container: '{' | '['): void {
    this.#open.push(container)
    this.#expecting = container === '{' ? 'firstName' : 'firstItem'
  }

  #name(wanted: string): void {
    if (this.#text.charAt(this.#offset) === '"') this.#string('colon')
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

  /** The commonest mistake by far: JSON put into a string as it is, whose first quote ends the string. */
  #hinted(sentence: string): string {
    return this.#isAfterString
      ? `${sentence} (a double quote inside a string needs a backslash before it)`
      : sentence
  }

  #string(then: Expecting): void {
    this.#offset += 1
    for (; this.#offset < this.#text.length; this.#offset += 1) {
      const character = this.#text.charAt(this.#offset)
      if (character === '"') {
        this.#offset += 1
        this.#expecting = then
        return
      }
      if (character.charCodeAt(0) < RAW_CONTROL_CHARACTERS_END) {
        this.#fail('a control character in a string is written as an escape such as \\n')
        return
      }
      if (character === '\\' && !this.#escape()) return
    }
    this.#fail('expected the end of a string')
  }

  /** Moves to the last character of an escape. */
  #escape(): boolean {
    ESCAPE.lastIndex = this.#offset + 1
    const escape = ESCAPE.exec(this.#text)
    if (escape === null) {
      this.#fail('a backslash in a string is followed by one of " \\ / b f n r t or uXXXX')
      return false
    }
    this.#offset += escape[0].length
    return true
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
    const start = this.#offset
    while (isDigit(this.#text.charAt(this.#offset))) this.#offset += 1
    if (this.#offset > start) return true
    this.#fail('expected a digit')
    return false
  }

  #skipWhitespace(): void {
    while (this.#offset < this.#text.length && WHITESPACE.includes(this.#text.charAt(this.#offset)))
      this.#offset += 1
  }

  #take(token: string): boolean {
    if (!this.#text.startsWith(token, this.#offset)) return false
    this.#offset += token.length
    return true
  }

  #fail(sentence: string): void {
    this.#error = { offset: this.#offset, sentence }
  }
}

function isDigit(character: string): boolean {
  return character >= '0' && character <= '9'
}
