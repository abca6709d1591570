import { forEachField } from '../push/json-texts.ts'

/** Keys and values of records, cut out of a body. */
export interface CutBody {
  /** The body with `0` in their places. */
  readonly rest: Buffer
  /** The text of the field of a record, as the client wrote it; `undefined` if it has none. */
  textOf(record: number, field: 'key' | 'value'): string | undefined
}

const FIELDS = ['key', 'value'] as const
const NAMES = FIELDS.map((field) => Buffer.from(field))
const PLACEHOLDER = Buffer.from('0')

/**
 * Cuts keys and values out of `{"records": [{"key": …, "value": …}]}`, so that they keep their bytes: JSON.parse would
 * round numbers, and keep one of two members with the same name.
 *
 * @param body - valid JSON.
 */
export function cutValues(body: Buffer): CutBody {
  const pieces: Buffer[] = []
  const texts = FIELDS.map((): (string | undefined)[] => [])
  let copied = 0
  forEachField(body, NAMES, ({ record, name, start, end }) => {
    pieces.push(body.subarray(copied, start), PLACEHOLDER)
    copied = end
    const ofField = texts[name]
    if (ofField !== undefined) ofField[record] = body.toString('utf8', start, end)
  })
  pieces.push(body.subarray(copied))
  return {
    rest: Buffer.concat(pieces),
    textOf: (record, field) => texts[FIELDS.indexOf(field)]?.[record],
  }
}
