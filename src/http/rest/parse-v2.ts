/** Makes records of a body of the API v2 of the Confluent REST Proxy. Pure. */
import type { HttpConfig } from '../../config/types.ts'
import type { ProducerRecord, RecordBytes, RecordHeader } from '../../producer/types.ts'
import type { JsonParser } from '../parse-json.ts'
import { checkFields, isJsonObject, type JsonObject, missing } from '../push/fields.ts'
import { parseBytes } from '../push/parse-bytes.ts'
import { parseHeaders } from '../push/parse-headers.ts'
import type { Misspellings } from '../push/misspellings.ts'
import {
  parseEach,
  type ParsedPush,
  type PushRules,
  type RecordRules,
  tooManyRecords,
} from '../push/parse-push.ts'
import { Problem } from '../push/problem.ts'
import { INVALID_TOPIC, isTopic, parsePartition, parseTimestamp } from '../push/record-fields.ts'
import { parametersOf, switchOf } from '../query.ts'
import { type CutBody, cutValues } from './cut-values.ts'
import type { EmbeddedFormat } from './v2-media-type.ts'

/** Keys of `http.*`. */
export interface RestRules extends RecordRules, Pick<PushRules, 'maxRecordsPerRequest'> {
  readonly invalidRecords: HttpConfig['invalidRecords']
}

/** What the head of a request says. */
export interface RestHead {
  readonly topic: string
  /** Of the path; `undefined` if that has none. */
  readonly partition: number | undefined
  /** Whether the client does not wait: Strimzi's `?async=true`. */
  readonly isAsync: boolean
}

export const REST_PARAMETERS: ReadonlySet<string> = new Set(['async'])
export const REST_BODY_FIELDS: ReadonlySet<string> = new Set([
  ...['records', 'key_schema', 'key_schema_id', 'value_schema', 'value_schema_id'],
])
export const REST_RECORD_FIELDS: ReadonlySet<string> = new Set([
  ...['key', 'value', 'partition', 'timestamp', 'headers'],
])
const INTEGER = /^\d{1,10}$/

/** @param misspellings - is told the parameters that are ignored. */
export function parseRestHead(
  params: { readonly topic?: string; readonly partition?: string },
  url: string | undefined,
  { unknownFields }: RestRules,
  misspellings: Misspellings,
): RestHead | Problem {
  const { topic = '' } = params
  if (!isTopic(topic)) return INVALID_TOPIC
  const partition = partitionOf(params.partition)
  if (partition instanceof Problem) return partition
  const values = parametersOf(url, REST_PARAMETERS, unknownFields, misspellings)
  if (values instanceof Problem) return values
  const isAsync = switchOf(values, 'async')
  return isAsync instanceof Problem ? isAsync : { topic, partition, isAsync }
}

function partitionOf(text: string | undefined): number | undefined | Problem {
  if (text === undefined) return undefined
  return parsePartition(INTEGER.test(text) ? Number(text) : text)
}

/** Reads bodies. */
export interface RestParserOptions {
  readonly rules: RestRules
  readonly jsonParser: JsonParser
  readonly misspellings: Misspellings
}

/** @throws ProxyError if the body is no JSON. */
export function parseRestBody(
  body: Buffer,
  format: EmbeddedFormat,
  head: RestHead,
  { rules, jsonParser, misspellings }: RestParserOptions,
): ParsedPush {
  let cut: CutBody | undefined
  if (format === 'json') {
    jsonParser.check(body)
    cut = cutValues(body)
  }
  // What is around keys and values must not have a name twice, and a client may not care within them.
  const json = jsonParser.parse(cut?.rest ?? body)
  if (!isJsonObject(json)) return refused('INVALID_REQUEST', 'the body must be a JSON object')
  const misnamed = checkFields(json, REST_BODY_FIELDS, rules.unknownFields, misspellings)
  if (misnamed) return { kind: 'refused', problem: misnamed }
  const { records: raws } = json
  if (!Array.isArray(raws) || raws.length === 0) {
    return refused('INVALID_RECORDS', 'records must be an array of at least one record')
  }
  const excess = tooManyRecords(raws.length, rules)
  if (excess !== undefined) return { kind: 'refused', problem: excess }
  const { records, problems } = parseEach(raws, (raw, index) =>
    parseRecord(raw, { index, format, head, cut, rules, misspellings }),
  )
  const waitForSend = !head.isAsync
  return problems === undefined || rules.invalidRecords !== 'refuse_request'
    ? { kind: 'valid', records, problems, waitForSend, returnOffsets: waitForSend }
    : { kind: 'invalidRecords', problems, waitForSend }
}

interface RecordContext {
  readonly index: number
  readonly format: EmbeddedFormat
  readonly head: RestHead
  /** For the format `json`. */
  readonly cut: CutBody | undefined
  readonly rules: RestRules
  readonly misspellings: Misspellings
}

function parseRecord(raw: unknown, context: RecordContext): ProducerRecord | Problem {
  if (!isJsonObject(raw)) return NO_OBJECT
  const { head, rules, misspellings } = context
  const misnamed = checkFields(raw, REST_RECORD_FIELDS, rules.unknownFields, misspellings)
  if (misnamed) return misnamed
  if (raw['value'] === undefined) return missing('value', 'INVALID_RECORD', raw, REST_RECORD_FIELDS)
  const key = bytesOf(raw, 'key', context)
  if (key instanceof Problem) return key
  const value = bytesOf(raw, 'value', context)
  if (value instanceof Problem) return value
  if (raw['partition'] != null && head.partition !== undefined) return TWO_PARTITIONS
  const partition = head.partition ?? parsePartition(raw['partition'])
  if (partition instanceof Problem) return partition
  const timestampMs = parseTimestamp(raw['timestamp'], rules.allowOldTimestamps)
  if (timestampMs instanceof Problem) return timestampMs
  const headers = headersOf(raw['headers'], context)
  if (headers instanceof Problem) return headers
  return { topic: head.topic, partition, key, value, headers, timestampMs }
}

function bytesOf(
  raw: JsonObject,
  field: 'key' | 'value',
  { index, format, cut }: RecordContext,
): RecordBytes | null | Problem {
  if (raw[field] == null) return null
  if (format !== 'json') return parseBytes(raw[field], field, format === 'binary')
  const text = cut?.textOf(index, field)
  return text === undefined || text === 'null' ? null : text
}

/** Values of headers are in base64. */
function headersOf(
  raw: unknown,
  { rules, misspellings }: RecordContext,
): readonly RecordHeader[] | Problem {
  if (raw == null) return NO_HEADERS
  if (!Array.isArray(raw)) return NO_HEADER_LIST
  const list = raw.map((header: unknown) =>
    isJsonObject(header) ? { encoding: 'base64', ...header } : header,
  )
  return parseHeaders(list, rules.unknownFields, misspellings)
}

function refused(code: Problem['code'], message: string): ParsedPush {
  return { kind: 'refused', problem: new Problem(code, message) }
}

const NO_HEADERS: readonly RecordHeader[] = []
const NO_OBJECT = new Problem('INVALID_RECORD', 'a record must be a JSON object')
const NO_HEADER_LIST = new Problem(
  'INVALID_HEADERS',
  'headers must be a list of {"key", "value"} with values in base64',
)
const TWO_PARTITIONS = new Problem(
  'INVALID_PARTITION',
  'the path has a partition, and so has the record: leave out one of them',
)
