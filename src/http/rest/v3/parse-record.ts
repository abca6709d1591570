/** Makes a record of an object of the API v3 of the Confluent REST Proxy. Pure. */
import type { ProducerRecord, RecordBytes, RecordHeader } from '../../../producer/types.ts'
import { checkFields, isJsonObject, type JsonObject, missing } from '../../push/fields.ts'
import { parseBytes } from '../../push/parse-bytes.ts'
import { parseHeaders } from '../../push/parse-headers.ts'
import type { RecordRules } from '../../push/parse-push.ts'
import { isDateTime } from '../../date-time.ts'
import { Problem } from '../../push/problem.ts'
import { parsePartition, parseTimestamp } from '../../push/record-fields.ts'
import type { DataField } from './cut-data.ts'

/** How data is written: in base64, as JSON, or as text. */
type DataType = 'BINARY' | 'JSON' | 'STRING'

/** What a receipt says of a key or a value. */
export interface DataNote {
  readonly type: DataType
  /** Bytes. */
  readonly size: number
}

/** A record, and what its receipt says of it. */
export interface V3Record {
  readonly record: ProducerRecord
  /** `undefined` for null. */
  readonly key: DataNote | undefined
  readonly value: DataNote | undefined
}

/** What the records of a request share. */
export interface V3Context {
  readonly topic: string
  readonly rules: RecordRules
  /** The text of the data of a field, as the client wrote it; `undefined` if it has none. */
  readonly dataOf: (field: DataField) => string | undefined
}

const RECORD_FIELDS: ReadonlySet<string> = new Set([
  ...['id', 'partition_id', 'headers', 'key', 'value', 'timestamp'],
])
const DATA_FIELDS: ReadonlySet<string> = new Set([
  ...['type', 'data', 'subject', 'subject_name_strategy', 'schema', 'schema_id', 'schema_version'],
])
interface Data {
  readonly bytes: RecordBytes | null
  readonly note: DataNote | undefined
}

/** @param raw - the object, with anything in place of the data. */
export function parseV3Record(raw: unknown, context: V3Context): V3Record | Problem {
  if (!isJsonObject(raw)) return NO_OBJECT
  const { topic, rules } = context
  const misnamed = checkFields(raw, RECORD_FIELDS, rules.unknownFields)
  if (misnamed) return misnamed
  const lacking = valueLacking(raw)
  if (lacking) return lacking
  const key = parseData(raw, 'key', context)
  if (key instanceof Problem) return key
  const value = parseData(raw, 'value', context)
  if (value instanceof Problem) return value
  const partition = parsePartition(raw['partition_id'])
  if (partition instanceof Problem || raw['partition_id'] === ANY_PARTITION) return NO_PARTITION
  const timestampMs = parseTime(raw['timestamp'], rules)
  if (timestampMs instanceof Problem) return timestampMs
  const headers = parseV3Headers(raw['headers'], context)
  if (headers instanceof Problem) return headers
  return {
    record: { topic, partition, key: key.bytes, value: value.bytes, headers, timestampMs },
    ...{ key: key.note, value: value.note },
  }
}

/** A record with a key may be without a value: that deletes the key, so a misspelt value must not count as none. */
function valueLacking(raw: JsonObject): Problem | undefined {
  if (raw['value'] !== undefined) return undefined
  const hasUnknown = Object.keys(raw).some((name) => !RECORD_FIELDS.has(name))
  return raw['key'] == null || hasUnknown
    ? missing('value', 'INVALID_RECORD', raw, RECORD_FIELDS)
    : undefined
}

function parseData(
  raw: JsonObject,
  field: DataField,
  { rules, dataOf }: V3Context,
): Data | Problem {
  const data = raw[field]
  if (data == null) return NOTHING
  if (!isJsonObject(data)) return invalid(`${field} must be an object with type and data`)
  const misnamed = checkFields(data, DATA_FIELDS, rules.unknownFields)
  if (misnamed) return misnamed
  const text = dataOf(field)
  if (text === undefined) return missing(`${field}.data`, 'INVALID_RECORD', data, DATA_FIELDS)
  if (text === 'null') return NOTHING
  const { type } = data
  if (type !== 'BINARY' && type !== 'JSON' && type !== 'STRING') return unknownType(field)
  const bytes =
    type === 'JSON' ? text : parseBytes(JSON.parse(text), `${field}.data`, type === 'BINARY')
  if (bytes instanceof Problem) return bytes
  return { bytes, note: { type, size: Buffer.byteLength(bytes) } }
}

function unknownType(field: DataField): Problem {
  return invalid(
    `${field}.type must be BINARY, JSON or STRING: kprf has no schema registry, which other types need`,
  )
}

function parseTime(
  raw: unknown,
  { allowOldTimestamps }: RecordRules,
): number | undefined | Problem {
  if (raw == null) return undefined
  if (typeof raw !== 'string' || !isDateTime(raw)) return NO_TIME
  const timestampMs = parseTimestamp(Date.parse(raw), true)
  if (timestampMs instanceof Problem) return NO_TIME
  const isOld = parseTimestamp(timestampMs, allowOldTimestamps) instanceof Problem
  return isOld ? OLD_TIME : timestampMs
}

/** Values of headers are in base64. */
function parseV3Headers(raw: unknown, { rules }: V3Context): readonly RecordHeader[] | Problem {
  if (raw == null) return NO_HEADERS
  if (!Array.isArray(raw)) return NO_HEADER_LIST
  const named: readonly unknown[] = raw
  const list: unknown[] = []
  for (const header of named) {
    if (!isJsonObject(header)) return NO_HEADER_LIST
    const misnamed = checkFields(header, HEADER_FIELDS, rules.unknownFields)
    if (misnamed) return misnamed
    const { name: key, value = null } = header
    if (key === undefined)
      return missing('a header’s name', 'INVALID_HEADERS', header, HEADER_FIELDS)
    list.push({ key, value, encoding: 'base64' })
  }
  return parseHeaders(list, rules.unknownFields)
}

function invalid(message: string): Problem {
  return new Problem('INVALID_RECORD', message)
}

/** Elsewhere, this stands for any partition; in this API the field is left out. */
const ANY_PARTITION = -1
const HEADER_FIELDS: ReadonlySet<string> = new Set(['name', 'value'])
const NOTHING: Data = { bytes: null, note: undefined }
const NO_HEADERS: readonly RecordHeader[] = []
const NO_OBJECT = invalid('a record must be a JSON object')
const NO_PARTITION = new Problem(
  'INVALID_PARTITION',
  'partition_id must be an integer of at least 0',
)
const NO_HEADER_LIST = new Problem(
  'INVALID_HEADERS',
  'headers must be a list of {"name", "value"} with values in base64',
)
const NO_TIME = new Problem(
  'INVALID_TIMESTAMP',
  'timestamp must be a time as in RFC 3339, such as 2026-01-31T12:00:00Z',
)
const OLD_TIME = new Problem(
  'INVALID_TIMESTAMP',
  'timestamp is before 2000-01-01: set http.allow_old_timestamps if that is meant',
)
