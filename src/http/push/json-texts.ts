/** Finds the texts of fields of records, so that they are stored as the client wrote them. */
import { MemberWalk } from '../json-members.ts'

const RECORDS = Buffer.from('records')
const JSON_FIELD = [Buffer.from('json')]
/** Depths within `{"records": [{"json": …}]}`. */
const IN_BODY = 1
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
  forEachField(body, JSON_FIELD, ({ record, start, end }) => {
    texts[record] = body.toString('utf8', start, end)
  })
  return texts
}

/** A field of a record: where its value is in the body, without white space around it. */
interface FoundField {
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
  const walk = new MemberWalk(body, IN_RECORD)
  walk.forEach((depth, value) => {
    if (depth !== IN_RECORD || !walk.isNamed(IN_BODY, RECORDS)) return
    const name = names.findIndex((one) => walk.isNamed(IN_RECORD, one))
    if (name !== -1) take({ record: walk.indexAt(IN_RECORDS), name, ...value })
  })
}
