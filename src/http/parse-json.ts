import { isUtf8 } from 'node:buffer'
import { ProxyError } from '../base/errors.ts'
import { describeJsonError } from './json-error.ts'
import { type JsonExcess, type JsonLimits, JsonScanner } from './json-scan.ts'

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
