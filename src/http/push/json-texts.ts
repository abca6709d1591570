/** Finds the texts of fields of records, so that they are stored as the client wrote them. */
import { byteMarks } from '../byte-marks.ts'
import { endOfString } from '../json-string.ts'

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const BACKSLASH = 0x5c
const CLOSING_BRACKET = 0x5d
const CLOSING_BRACE = 0x7d
const IS_STRUCTURE = byteMarks('",:[]{}')
const IS_SPACE = byteMarks(' \t\r\n')

/** Depths within `{"records": [{"json": …}]}`. */
const IN_BODY = 1
const IN_RECORDS = 2
const IN_RECORD = 3

const RECORDS = Buffer.from('records')
const JSON_FIELD = [Buffer.from('json')]

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
  forEachField(body, JSON_FIELD, ({ record, start, end }) => {
    texts[record] = body.toString('utf8', start, end)
  })
  return texts
}

/** A field of a record: where its value is in the body, without white space around it. */
export interface FoundField {
  /** The index of its record. */
  readonly record: number
  /** The index of its name among those that were looked for. */
  readonly name: number
  readonly start: number
  readonly end: number
}

/**
 * Finds fields of the records of `{"records": […]}`, in the order of the body.
 *
 * @param body - valid JSON.
 * @param names - as bytes, which need no escape in JSON.
 */
export function forEachField(
  body: Buffer,
  names: readonly Buffer[],
  take: (field: FoundField) => void,
): void {
  let depth = 0
  let isInRecords = false
  let record = 0
  let nameStart = 0
  let nameEnd = 0
  let name = -1
  let valueStart = 0
  for (let at = 0; at < body.length;) {
    const byte = body[at] ?? 0
    at += 1
    if (IS_STRUCTURE[byte] === 0) continue
    if (byte === QUOTE) {
      nameStart = at - 1
      at = nameEnd = endOfString(body, at)
    } else if (byte === COLON) {
      if (depth === IN_BODY) isInRecords = isName(body, nameStart, nameEnd, RECORDS)
      else if (depth === IN_RECORD && isInRecords) {
        name = indexOfName(body, nameStart, nameEnd, names)
        valueStart = at
      }
    } else if (byte === COMMA || byte === CLOSING_BRACKET || byte === CLOSING_BRACE) {
      if (depth === IN_RECORD && name !== -1) {
        take({ record, name, ...trimmed(body, valueStart, at - 1) })
        name = -1
      }
      if (byte !== COMMA) depth -= 1
      else if (depth === IN_RECORDS && isInRecords) record += 1
    } else {
      depth += 1
    }
  }
}

function trimmed(body: Buffer, from: number, to: number): { start: number; end: number } {
  let start = from
  let end = to
  while (start < end && IS_SPACE[body[start] ?? 0] === 1) start += 1
  while (end > start && IS_SPACE[body[end - 1] ?? 0] === 1) end -= 1
  return { start, end }
}

function indexOfName(body: Buffer, start: number, end: number, names: readonly Buffer[]): number {
  for (const [index, name] of names.entries()) if (isName(body, start, end, name)) return index
  return -1
}

/** JSON may write each character of a name as an escape. */
function isName(body: Buffer, start: number, end: number, name: Buffer): boolean {
  const length = end - start - 2
  if (length === name.length) return body.compare(name, 0, length, start + 1, end - 1) === 0
  if (length < name.length) return false
  if (!body.subarray(start, end).includes(BACKSLASH)) return false
  return JSON.parse(body.toString('utf8', start, end)) === name.toString()
}
