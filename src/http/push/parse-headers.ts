/**
 * Checks the headers of a record: an object of strings, or a list, which keeps the order whatever the names are, and
 * can have a name twice, null and bytes. Pure.
 */
import type { RecordHeader } from '../../producer/types.ts'
import { checkFields, isJsonObject, missing, type UnknownFields } from './fields.ts'
import type { Misspellings } from './misspellings.ts'
import { isBase64Encoding, loneSurrogate, parseBytes } from './parse-bytes.ts'
import { Problem } from './problem.ts'

/** Each costs an allocation or two, and Kafka's clients read them all. Nobody is known to need more. */
export const MAX_HEADERS = 1_000

export const HEADER_FIELDS: ReadonlySet<string> = new Set(['key', 'value', 'encoding'])

interface RawHeader {
  readonly key?: unknown
  readonly value?: unknown
  readonly encoding?: unknown
}

const INVALID_HEADERS = new Problem(
  'INVALID_HEADERS',
  'headers must be an object of strings, or a list of {"key", "value", "encoding"}',
)
const NAMELESS_HEADER = new Problem('INVALID_HEADERS', 'the name of a header must not be empty')
const TOO_MANY_HEADERS = new Problem(
  'INVALID_HEADERS',
  `a record must have at most ${MAX_HEADERS} headers`,
)

/** Makes Kafka's headers of the field `headers`. */
export function parseHeaders(
  raw: unknown,
  unknownFields: UnknownFields,
  misspellings?: Misspellings,
): readonly RecordHeader[] | Problem {
  if (Array.isArray(raw)) return parseHeaderList(raw, unknownFields, misspellings)
  if (!isJsonObject(raw)) return INVALID_HEADERS
  const headers: RecordHeader[] = []
  // What JSON.parse makes has no inherited fields; a list of all of them would be made before they are counted.
  for (const key in raw) {
    const value = raw[key]
    if (headers.length === MAX_HEADERS) return TOO_MANY_HEADERS
    if (key === '') return NAMELESS_HEADER
    if (typeof value !== 'string') return INVALID_HEADERS
    if (!key.isWellFormed() || !value.isWellFormed()) return loneSurrogate('a header')
    headers.push({ key, value })
  }
  return headers
}

function parseHeaderList(
  raws: readonly unknown[],
  unknownFields: UnknownFields,
  misspellings: Misspellings | undefined,
): readonly RecordHeader[] | Problem {
  if (raws.length > MAX_HEADERS) {
    return invalid(`a record has ${raws.length} headers, and ${MAX_HEADERS} are allowed`)
  }
  const headers: RecordHeader[] = []
  for (const [index, raw] of raws.entries()) {
    if (!isJsonObject(raw)) return INVALID_HEADERS
    const header =
      checkFields(raw, HEADER_FIELDS, unknownFields, misspellings) ??
      parseHeader(raw, `headers[${index}]`)
    if (header instanceof Problem) return header
    headers.push(header)
  }
  return headers
}

function parseHeader(raw: RawHeader, at: string): RecordHeader | Problem {
  const { key, value, encoding } = raw
  if (key === undefined) return missing(`${at}.key`, 'INVALID_HEADERS', raw, HEADER_FIELDS)
  if (value === undefined) return missing(`${at}.value`, 'INVALID_HEADERS', raw, HEADER_FIELDS)
  if (typeof key !== 'string') return invalid(`${at}.key must be a string`)
  if (key === '') return NAMELESS_HEADER
  if (!key.isWellFormed()) return loneSurrogate(`${at}.key`)
  const isBase64 = isBase64Encoding(encoding)
  if (isBase64 === undefined) {
    return invalid(`${at}.encoding must be "utf8" or "base64"`)
  }
  if (value === null) return { key, value }
  if (typeof value !== 'string') return invalid(`${at}.value must be a string or null`)
  const bytes = parseBytes(value, `${at}.value`, isBase64)
  return bytes instanceof Problem ? bytes : { key, value: bytes }
}

function invalid(message: string): Problem {
  return new Problem('INVALID_HEADERS', message)
}
