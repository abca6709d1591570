/** Reads single values of a JSON body. Pure. */
import { ProxyError } from '../../base/errors.ts'
import type { JsonParser } from '../parse-json.ts'

/** The JSON of a body, which is parsed when a value is first asked for. */
export class JsonContent {
  readonly #body: Buffer
  readonly #parser: Pick<JsonParser, 'parse'>
  #json: { readonly value: unknown } | undefined

  /** @param parser - has limits, so that no body takes long. What it refuses is no JSON. */
  constructor(body: Buffer, parser: Pick<JsonParser, 'parse'>) {
    this.#body = body
    this.#parser = parser
  }

  /**
   * The value at a JSON Pointer (RFC 6901) if it is a text, a number or a truth value, as text; `undefined` otherwise,
   * also if the body is no JSON. A number is as the sender wrote it.
   *
   * @param pointer - its parts, without escapes.
   */
  textAt(pointer: readonly string[]): string | undefined {
    this.#json ??= { value: this.#parse() }
    const value = valueAt(this.#json.value, pointer)
    switch (typeof value) {
      case 'string':
        return value
      case 'boolean':
        return String(value)
      case 'number':
        // A larger one was rounded: two ids would become one.
        return Number.isSafeInteger(value) && !Object.is(value, -0)
          ? String(value)
          : textOf(valueAt(JSON.parse(textIn(this.#body), keepDigits), pointer))
      default:
        return undefined
    }
  }

  #parse(): unknown {
    try {
      return this.#parser.parse(this.#body)
    } catch (error) {
      if (error instanceof ProxyError) return undefined
      throw error
    }
  }
}

/** The parts of a JSON Pointer. */
export function pointerParts(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

function valueAt(json: unknown, pointer: readonly string[]): unknown {
  let value = json
  for (const name of pointer) {
    if (typeof value !== 'object' || value === null) return undefined
    // The length of an array is none of its elements.
    if (Array.isArray(value) && !/^(?:0|[1-9]\d*)$/.test(name)) return undefined
    value = Object.getOwnPropertyDescriptor(value, name)?.value
  }
  return value
}

type Reviver = NonNullable<Parameters<typeof JSON.parse>[1]>

/** As the parser reads it: without a byte order mark. */
function textIn(body: Buffer): string {
  return body.toString().replace(/^\ufeff/, '')
}

/** https://github.com/tc39/proposal-json-parse-with-source */
const keepDigits: Reviver = (_name, value: unknown, context?: { readonly source?: string }) =>
  typeof value === 'number' ? (context?.source ?? value) : value

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
