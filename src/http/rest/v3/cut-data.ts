import { MemberWalk } from '../../json-members.ts'

/** The parts of a record that hold data. */
export type DataField = 'key' | 'value'

/** The data of keys and values, cut out of a body. */
export interface CutData {
  /** The body with `0` in its place. */
  readonly rest: Buffer
  /** The text of the data of a record, as the client wrote it; `undefined` if it has none. */
  textOf(record: number, field: DataField): string | undefined
}

const ENTRIES = Buffer.from('entries')
const DATA = Buffer.from('data')
const FIELDS = [
  { field: 'key', name: Buffer.from('key') },
  { field: 'value', name: Buffer.from('value') },
] as const
const PLACEHOLDER = Buffer.from('0')
/** Depths within `{"entries": […]}`. */
const IN_BODY = 1
const IN_ENTRIES = 2

/**
 * Cuts the data out of a record, or out of each record of a batch, so that it keeps its bytes: JSON.parse would round
 * numbers, and keep one of two members with the same name.
 *
 * @param body - valid JSON: `{"value": {"data": …}}`, or the same within `{"entries": […]}`.
 */
export function cutData(body: Buffer, kind: 'record' | 'batch'): CutData {
  const isBatch = kind === 'batch'
  const inRecord = isBatch ? IN_ENTRIES + 1 : IN_BODY
  const inField = inRecord + 1
  const walk = new MemberWalk(body, inField)
  const texts = { key: new Map<number, string>(), value: new Map<number, string>() }
  const pieces: Buffer[] = []
  let copied = 0
  walk.forEach((depth, { start, end }) => {
    if (depth !== inField || !walk.isNamed(inField, DATA)) return
    if (isBatch && !walk.isNamed(IN_BODY, ENTRIES)) return
    const found = FIELDS.find(({ name }) => walk.isNamed(inRecord, name))
    if (found === undefined) return
    pieces.push(body.subarray(copied, start), PLACEHOLDER)
    copied = end
    const record = isBatch ? walk.indexAt(IN_ENTRIES) : 0
    texts[found.field].set(record, body.toString('utf8', start, end))
  })
  pieces.push(body.subarray(copied))
  return {
    rest: Buffer.concat(pieces),
    textOf: (record, field) => texts[field].get(record),
  }
}
