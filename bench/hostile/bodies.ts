/** Bodies of the largest default size that cost more than others: the worst known of each kind. */
import { gzipSync } from 'node:zlib'

/** One expensive body. */
export interface HostileBody {
  readonly name: string
  /** Makes the uncompressed body. */
  readonly make: () => Buffer
}

/** The default of `http.max_body_bytes`. */
export const LARGEST_BODY_BYTES = 10_485_760
/** The default of `http.max_records_per_request`. */
export const MOST_RECORDS = 12_000

/** The body as a client would send it at the lowest cost: most compress to some kB. */
export function compressed({ make }: HostileBody): { body: Buffer; contentEncoding: string } {
  return { body: gzipSync(make()), contentEncoding: 'gzip' }
}

/** The process must handle each of these, parsed or refused, within 100 ms of work. */
export const HOSTILE_BODIES: readonly HostileBody[] = [
  // Slow for JSON.parse, or for a walk through its values.
  { name: 'open brackets', make: () => repeated('', '[', '') },
  { name: 'empty arrays', make: () => unknownArray('[]') },
  { name: 'empty objects', make: () => unknownArray('{}') },
  { name: 'objects of one name', make: () => unknownArray('{"a":0}') },
  { name: 'zeros', make: () => unknownArray('0') },
  { name: 'numbers with exponents', make: () => unknownArray('1.2345678901234567e-300') },
  { name: 'empty strings', make: () => unknownArray('""') },
  {
    name: 'different strings',
    make: () => counted('{"x":[', (n) => `"${n}",`, '0],"records":[]}'),
  },
  { name: 'different names', make: () => counted('{"x":{', (n) => `"${n}":0,`, '"":0}}') },
  { name: 'records of different names', make: () => counted(RECORDS, (n) => `{"${n}":0},`, '0]}') },
  { name: 'headers of one record', make: () => counted(HEADERS, (n) => `"${n}":"",`, '"":""}}]}') },
  { name: 'one name again and again', make: () => repeated('{"x":{', '"a":0,', '"a":0}}') },
  // At the limits on parts and names.
  {
    name: 'most parts: empty arrays',
    make: () => padded(most(RECORDS, '[],', MOST_PARTS / 2, '0]}')),
  },
  {
    name: 'most parts: objects',
    make: () => padded(most(UNKNOWN, '{"a":0},', MOST_PARTS / 3, '0]}')),
  },
  { name: 'most parts: strings', make: () => padded(mostStrings()) },
  { name: 'most lists of names', make: () => padded(mostNames(NAMES_PER_OBJECT)) },
  { name: 'most lists of names, nested', make: () => padded(nestedNames()) },
  {
    name: 'most lists of names, one name twice',
    make: () => padded(mostNames(NAMES_PER_OBJECT), '","y":0}'),
  },
  { name: 'most headers', make: () => padded(mostHeaders()) },
  // Text.
  { name: 'escaped zeros', make: () => value('\\u0000') },
  { name: 'escaped quotes', make: () => value('\\"') },
  { name: 'escaped quotes, then an error', make: () => repeated('"', '\\"', '"x') },
  { name: 'escaped lines, then an error', make: () => repeated('"', '\\n', '"x') },
  { name: 'other escapes, then an error', make: () => repeated('"', '\\u0000', '"x') },
  { name: 'digits', make: () => repeated('{"x":', '1', '}') },
  { name: 'white space', make: () => repeated('', ' ', '{}') },
  { name: 'lines, then an error', make: () => repeated('', '\n', '{]') },
  { name: 'replacement characters', make: () => value('\ufffd') },
  { name: 'invalid UTF-8 at the end', make: invalidUtf8 },
  { name: 'a lone surrogate at the end', make: () => value('\u8a9e', '\\ud800') },
  { name: 'base64', make: () => value('QUJD', '', ',"encoding":"base64"') },
  { name: 'a value of mixed width', make: () => value('a\u8a9e') },
  // The field json, whose text is found in the body.
  { name: 'json of escaped quotes', make: () => repeated(`${JSON_OF}"`, '\\"', '"}]}') },
  { name: 'json of mixed width', make: () => repeated(`${JSON_OF}"`, 'a\u8a9e', '"}]}') },
  { name: 'white space before json', make: () => repeated(JSON_OF, ' ', '0}]}') },
  { name: 'json among as many names as possible', make: () => padded(jsonAmongNames()) },
]

/** As many records as a push may have, which fill it. */
export const USUAL_BODY: HostileBody = { name: 'usual records, as many as allowed', make: usual }

const RECORDS = '{"records":['
const UNKNOWN = '{"x":['
const HEADERS = '{"records":[{"topic":"t","data":"","headers":{'
const JSON_OF = '{"records":[{"topic":"t","json":'
const NAMES_PER_OBJECT = 20
const NESTED_LEVELS = 60
/** Just below the limits of a push: see `jsonLimits`. */
const MOST_SHAPES = 900 + 2 * MOST_RECORDS
const MOST_PARTS = 3_000 + 25 * MOST_RECORDS

function unknownArray(element: string): Buffer {
  return repeated(`{"x":[${element}`, `,${element}`, '],"records":[]}')
}

function value(text: string, last = '', more = ''): Buffer {
  return repeated('{"records":[{"topic":"t","data":"', text, `${last}"${more}}]}`)
}

/** Repeats `unit` up to the largest body. */
function repeated(head: string, unit: string, tail: string): Buffer {
  const room = LARGEST_BODY_BYTES - Buffer.byteLength(head + tail)
  return Buffer.from(head + unit.repeat(Math.floor(room / Buffer.byteLength(unit))) + tail)
}

function counted(head: string, unit: (number: string) => string, tail: string): Buffer {
  const units: string[] = []
  let room = LARGEST_BODY_BYTES - head.length - tail.length
  for (let n = 0; room > 0; n += 1) {
    const next = unit(n.toString(36))
    room -= next.length
    if (room >= 0) units.push(next)
  }
  return Buffer.from(head + units.join('') + tail)
}

function most(head: string, unit: string, count: number, tail: string): string {
  return head + unit.repeat(count) + tail
}

/** Fills a body with a value of escapes, which take longer than any other text. */
function padded(text: string, tail = '"}'): Buffer {
  const head = `${text.slice(0, -1)},"y":"`
  return repeated(head, '\\"', tail)
}

function mostStrings(): string {
  const strings = Array.from({ length: MOST_PARTS }, (_, n) => `"${n.toString(36)}abc"`)
  return `${UNKNOWN}${strings.join()}]}`
}

function mostNames(perObject: number): string {
  return `${UNKNOWN}${objectsOf(MOST_SHAPES / perObject, perObject).join()}]}`
}

function objectsOf(count: number, names: number): string[] {
  return Array.from({ length: count }, (_, at) => {
    const members = Array.from({ length: names }, (_none, n) => `"${nameOf(at * names + n)}":0`)
    return `{${members.join()}}`
  })
}

function nestedNames(): string {
  const count = Math.floor(MOST_SHAPES / NESTED_LEVELS)
  const values = Array.from({ length: count }, (_, at) => {
    const open = Array.from({ length: NESTED_LEVELS }, (_none, n) => `{"${nameOf(at * 60 + n)}":`)
    return `${open.join('')}0${'}'.repeat(NESTED_LEVELS)}`
  })
  return `${UNKNOWN}${values.join()}]}`
}

/** Valid records, with headers of the same names. */
function mostHeaders(): string {
  const names = Array.from({ length: 8 }, (_, n) => `"header-${n}":"${n}"`).join()
  const record = `{"topic":"t","data":"","headers":{${names}}}`
  return `${RECORDS}${new Array<string>(MOST_RECORDS).fill(record).join()}]}`
}

/** Valid records, each with names that are compared with `json`. */
function jsonAmongNames(): string {
  const names = Array.from({ length: 9 }, (_, n) => `"\\u006${n}":0`).join()
  const record = `{"topic":"t","json":0,${names}}`
  return `${RECORDS}${new Array<string>(MOST_RECORDS).fill(record).join()}]}`
}

function usual(): Buffer {
  const record = (value: string): string => `{"topic":"t","key":"customer-1","data":"${value}"}`
  const room = Math.floor(LARGEST_BODY_BYTES / MOST_RECORDS) - record('').length - 2
  return Buffer.from(
    `${RECORDS}${new Array<string>(MOST_RECORDS).fill(record('x'.repeat(room))).join()}]}`,
  )
}

function nameOf(number: number): string {
  return number.toString(36)
}

function invalidUtf8(): Buffer {
  const body = value('\ufffd')
  body[body.length - 5] = 0xff
  return body
}
