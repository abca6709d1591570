/** Finds the text of the field `json` of each record, so that it is stored as the client wrote it. */
import { byteMarks } from '../byte-marks.ts'
import { endOfString } from '../json-string.ts'

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const CLOSING_BRACKET = 0x5d
const CLOSING_BRACE = 0x7d
const IS_STRUCTURE = byteMarks('",:[]{}')

/** Depths within `{"records": [{"json": …}]}`. */
const IN_PUSH = 1
const IN_RECORDS = 2
const IN_RECORD = 3

/** The texts of one body, which must be a valid push. It is read when the first text is asked for. */
export class JsonTexts {
  readonly #body: Buffer
  #texts: readonly (string | undefined)[] | undefined

  constructor(body: Buffer) {
    this.#body = body
  }

  /** The text of the field `json` of this record, without white space around it; `undefined` if it has none. */
  of(recordIndex: number): string | undefined {
    this.#texts ??= findTexts(this.#body)
    return this.#texts[recordIndex]
  }
}

function findTexts(body: Buffer): readonly (string | undefined)[] {
  const texts: (string | undefined)[] = []
  let depth = 0
  let isInRecords = false
  let index = 0
  let nameStart = 0
  let nameEnd = 0
  let valueStart: number | undefined
  for (let at = 0; at < body.length;) {
    const byte = body[at] ?? 0
    at += 1
    if (IS_STRUCTURE[byte] === 0) continue
    if (byte === QUOTE) {
      nameStart = at - 1
      at = nameEnd = endOfString(body, at)
    } else if (byte === COLON) {
      if (depth === IN_PUSH) isInRecords = isName(body, nameStart, nameEnd, 'records')
      else if (depth === IN_RECORD && isInRecords && isName(body, nameStart, nameEnd, 'json')) {
        valueStart = at
      }
    } else if (byte === COMMA || byte === CLOSING_BRACKET || byte === CLOSING_BRACE) {
      if (depth === IN_RECORD && valueStart !== undefined) {
        texts[index] = body.toString('utf8', valueStart, at - 1).trim()
        valueStart = undefined
      }
      if (byte !== COMMA) depth -= 1
      else if (depth === IN_RECORDS && isInRecords) index += 1
    } else {
      depth += 1
    }
  }
  return texts
}

/** JSON may write each character of a name as an escape. */
function isName(body: Buffer, start: number, end: number, name: string): boolean {
  return JSON.parse(body.toString('utf8', start, end)) === name
}
