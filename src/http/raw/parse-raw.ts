/** Reads what a raw request says of its record beside the value: in its path, its query and its headers. Pure. */
import type { ProducerRecord, RecordBytes, RecordHeader } from '../../producer/types.ts'
import { checkFields } from '../push/fields.ts'
import { loneSurrogate } from '../push/parse-bytes.ts'
import type { Misspellings } from '../push/misspellings.ts'
import type { RecordRules } from '../push/parse-push.ts'
import { Problem } from '../push/problem.ts'
import { parseQuery, type QueryPairs, switchOf, valuesOf } from '../query.ts'
import { INVALID_TOPIC, isTopic, parsePartition, parseTimestamp } from '../push/record-fields.ts'
import { isKept, requestHeaders } from '../push/request-headers.ts'

/** Limits of raw requests: keys of `http.*` in the configuration. */
export interface RawRules extends RecordRules {
  /** Names of request headers, in lower case, that become record headers. */
  readonly forwardHeaders: ReadonlySet<string>
}

/** A raw request without its body. */
export interface RawHead {
  readonly topic: string
  /** Without the question mark. */
  readonly query: string
  /** Names and values, alternating. */
  readonly rawHeaders: readonly string[]
}

/** What a raw request says of its record. */
export interface RawRecord extends Omit<ProducerRecord, 'value'> {
  /** Whether an empty body is a tombstone and not an empty value. */
  readonly isTombstone: boolean
  readonly waitForSend: boolean
}

export const RAW_PARAMETERS: ReadonlySet<string> = new Set([
  ...['key', 'key_base64', 'partition', 'timestamp', 'wait', 'tombstone'],
])

/** `?header.trace=a1` is the record header `trace`. */
const HEADER_PARAMETER = 'header.'
const KEY_HEADER = 'kafka-key'
const HEADER_HEADER = 'kafka-header-'
const KAFKA_HEADERS = 'kafka-'
const INTEGER = /^-?\d{1,15}$/

/** @param misspellings - is told the parameters that are ignored. */
export function parseRaw(
  { topic, query, rawHeaders }: RawHead,
  rules: RawRules,
  misspellings?: Misspellings,
): RawRecord | Problem {
  if (!isTopic(topic)) return INVALID_TOPIC
  const pairs = parseQuery(query)
  if (pairs instanceof Problem) return pairs
  const parameters = parametersOf(pairs)
  if (parameters instanceof Problem) return parameters
  const { values, headers: ofQuery } = parameters
  const misnamed = checkFields(
    Object.fromEntries(values),
    RAW_PARAMETERS,
    rules.unknownFields,
    misspellings,
  )
  if (misnamed) return misnamed
  const sent = parseHeaders(rawHeaders, rules.forwardHeaders)
  if (sent instanceof Problem) return sent
  const key = keyOf(values, sent.key)
  if (key instanceof Problem) return key
  const partition = parsePartition(numberOf(values.get('partition')))
  if (partition instanceof Problem) return partition
  const timestampMs = parseTimestamp(numberOf(values.get('timestamp')), rules.allowOldTimestamps)
  if (timestampMs instanceof Problem) return timestampMs
  const waitForSend = switchOf(values, 'wait')
  if (waitForSend instanceof Problem) return waitForSend
  const isTombstone = switchOf(values, 'tombstone')
  if (isTombstone instanceof Problem) return isTombstone
  const headers = [...sent.headers, ...ofQuery]
  return { topic, partition, timestampMs, key, headers, isTombstone, waitForSend }
}

/** The record with its value, the body. */
export function withValue(record: RawRecord, body: Buffer): ProducerRecord | Problem {
  const { topic, partition, timestampMs, key, headers, isTombstone } = record
  const base = { topic, partition, timestampMs, key, headers }
  if (!isTombstone) return { ...base, value: body }
  if (body.length > 0) return TOMBSTONE_WITH_BODY
  return key === null ? TOMBSTONE_WITHOUT_KEY : { ...base, value: null }
}

interface Parameters {
  readonly values: ReadonlyMap<string, string>
  readonly headers: readonly RecordHeader[]
}

function parametersOf(pairs: QueryPairs): Parameters | Problem {
  const others: QueryPairs = pairs.filter(([name]) => !name.startsWith(HEADER_PARAMETER))
  const values = valuesOf(others, RAW_PARAMETERS)
  if (values instanceof Problem) return values
  const headers = pairs
    .filter(([name]) => name.startsWith(HEADER_PARAMETER))
    .map(([name, value]) => ({ key: name.slice(HEADER_PARAMETER.length), value }))
  return headers.some(({ key }) => key === '') ? EMPTY_NAME : { values, headers }
}

function parseHeaders(
  rawHeaders: readonly string[],
  forwardHeaders: ReadonlySet<string>,
): { readonly key: RecordBytes | undefined; readonly headers: readonly RecordHeader[] } | Problem {
  let key: RecordBytes | undefined
  const headers: RecordHeader[] = []
  for (const { written, name, value } of requestHeaders(rawHeaders)) {
    if (isKept(name, forwardHeaders)) headers.push({ key: name, value })
    else if (name === KEY_HEADER) {
      if (key !== undefined) return TWO_KEYS
      key = value
    } else if (name.startsWith(HEADER_HEADER)) {
      if (name.length === HEADER_HEADER.length) return EMPTY_NAME
      headers.push({ key: written.slice(HEADER_HEADER.length), value })
    } else if (name.startsWith(KAFKA_HEADERS)) return UNKNOWN_HEADER
  }
  return { key, headers }
}

function keyOf(
  values: ReadonlyMap<string, string>,
  ofHeader: RecordBytes | undefined,
): RecordBytes | null | Problem {
  const text = values.get('key')
  const encoded = values.get('key_base64')
  const given = [text, encoded, ofHeader].filter((one) => one !== undefined)
  if (given.length > 1) return TWO_KEYS
  if (text?.isWellFormed() === false) return loneSurrogate('key')
  return encoded === undefined ? (text ?? ofHeader ?? null) : decodeBase64(encoded)
}

/** Takes base64 and base64url (RFC 4648, sections 4 and 5), with padding or without. */
function decodeBase64(text: string): Buffer | Problem {
  // A plus that was not encoded is a space by now.
  const bytes = Buffer.from(text.replaceAll(' ', '+'), 'base64')
  const plain = text.replaceAll(' ', '-').replaceAll('+', '-').replaceAll('/', '_')
  return bytes.toString('base64url') === plain.replace(/={0,2}$/, '') ? bytes : NO_BASE64
}

/** A text that is no number is left for the check of the field. */
function numberOf(text: string | undefined): unknown {
  return text !== undefined && INTEGER.test(text) ? Number(text) : text
}

const NO_BASE64 = new Problem('INVALID_BASE64', 'key_base64 must be base64 or base64url (RFC 4648)')
const TWO_KEYS = new Problem(
  'DUPLICATE_NAME',
  'the key is given more than once: by key, key_base64 and Kafka-Key together',
)
const UNKNOWN_HEADER = new Problem(
  'UNKNOWN_FIELD',
  'a header that begins with Kafka- is neither Kafka-Key nor Kafka-Header-NAME; partition and timestamp belong in the query',
)
const EMPTY_NAME = new Problem('INVALID_HEADERS', 'a record header needs a name')
const TOMBSTONE_WITHOUT_KEY = new Problem('INVALID_RECORD', 'a tombstone needs a key')
const TOMBSTONE_WITH_BODY = new Problem(
  'INVALID_RECORD',
  'with tombstone=true, the body must be empty',
)
