/** Cuts a JSON array into the texts of its elements, so that each is stored as the client wrote it. */
import { byteMarks } from '../byte-marks.ts'
import { endOfString } from '../json-string.ts'

const QUOTE = 0x22
const COMMA = 0x2c
const OPENING_BRACKET = 0x5b
const OPENING_BRACE = 0x7b
const IS_STRUCTURE = byteMarks('",[]{}')

/**
 * Returns the text of each element, without white space around it.
 *
 * @param body - a JSON array: only its structure is looked at.
 */
export function elementTexts(body: Buffer): readonly string[] {
  const texts: string[] = []
  let depth = 0
  let start = 0
  for (let at = 0; at < body.length;) {
    const byte = body[at] ?? 0
    at += 1
    if (IS_STRUCTURE[byte] === 0) continue
    if (byte === QUOTE) at = endOfString(body, at)
    else if (byte === OPENING_BRACKET || byte === OPENING_BRACE) {
      depth += 1
      if (depth === 1) start = at
    } else {
      if (depth === 1) {
        texts.push(body.toString('utf8', start, at - 1).trim())
        start = at
      }
      if (byte !== COMMA) depth -= 1
    }
  }
  // No element is empty: it is what stands between the brackets of an array that is.
  return texts[0] === '' ? [] : texts
}
