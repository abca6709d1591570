/**
 * Checks a push and converts it to records for the producer. Pure.
 *
 * One invalid record refuses the whole request before anything is produced, unless `http.invalid_records` says
 * otherwise: the client corrects it and sends everything again, and records that were already produced would then be
 * stored twice. Errors that only the
 * producer can find (no room, unknown topic) are reported per record, while the others are delivered: the client
 * then sends only the failed records again.
 */
import { invariant } from '../../base/invariant.ts'
import type { HttpConfig } from '../../config/types.ts'
import type { ProducerRecord, RecordBytes, RecordHeader } from '../../producer/types.ts'
import { JsonTexts } from './json-texts.ts'
import { checkFields, isJsonObject, missing, type UnknownFields } from './fields.ts'
import { areUnreadable, type Problems } from './invalid-records.ts'
import { isBase64Encoding, parseBytes } from './parse-bytes.ts'
import { parseHeaders } from './parse-headers.ts'
import type { Misspellings } from './misspellings.ts'
import { Mistyped, Problem } from './problem.ts'
import { INVALID_TOPIC, isTopic, parsePartition, parseTimestamp } from './record-fields.ts'

/** Limits of a push: keys of `http.*` in the configuration. */
export interface PushRules extends RecordRules {
  readonly maxRecordsPerRequest: number
  readonly maxTopicsPerRequest: number
  readonly invalidRecords: HttpConfig['invalidRecords']
  readonly replies: HttpConfig['replies']
}

/** The same for each record. */
export interface RecordRules {
  readonly unknownFields: UnknownFields
  readonly allowOldTimestamps: boolean
}

/** A push that can be produced. */
export interface ValidPush {
  readonly kind: 'valid'
  readonly records: readonly ProducerRecord[]
  /** Set if there are invalid records beside them. */
  readonly problems: Problems | undefined
  readonly waitForSend: boolean
  readonly returnOffsets: boolean
}

/** A push of which nothing may be produced. */
export interface InvalidRecords {
  readonly kind: 'invalidRecords'
  readonly problems: Problems
  readonly waitForSend: boolean
}

/** The result of the check of a request body. */
export type ParsedPush =
  | ValidPush
  /** The body is not a push. */
  | { readonly kind: 'refused'; readonly problem: Problem }
  | InvalidRecords

export const PUSH_FIELDS: ReadonlySet<string> = new Set([
  'records',
  'wait_for_send',
  'return_offsets',
])

interface RawPush {
  readonly records?: unknown
  readonly wait_for_send?: unknown
  readonly return_offsets?: unknown
}

/** A body and what it was parsed to. */
export interface JsonBody {
  readonly bytes: Buffer
  readonly json: unknown
}

/**
 * Checks a parsed JSON body.
 *
 * @param misspellings - is told the unknown fields that are ignored.
 */
export function parsePush(
  { bytes, json }: JsonBody,
  rules: PushRules,
  misspellings?: Misspellings,
): ParsedPush {
  if (!isJsonObject(json)) return refused('INVALID_REQUEST', 'the body must be a JSON object')
  const misnamed = checkFields(json, PUSH_FIELDS, rules.unknownFields, misspellings)
  return misnamed === undefined
    ? parsePushFields(json, rules, { rules, misspellings, jsonTexts: new JsonTexts(bytes) })
    : { kind: 'refused', problem: misnamed }
}

function parsePushFields(raw: RawPush, rules: PushRules, context: RecordContext): ParsedPush {
  const waitForSend = raw.wait_for_send ?? false
  const returnOffsets = raw.return_offsets ?? false
  if (typeof waitForSend !== 'boolean' || typeof returnOffsets !== 'boolean') {
    return refused('INVALID_REQUEST', 'wait_for_send and return_offsets must be true or false')
  }
  if (raw.records === undefined) {
    return { kind: 'refused', problem: missing('records', 'INVALID_RECORDS', raw, PUSH_FIELDS) }
  }
  if (!Array.isArray(raw.records)) return refused('INVALID_RECORDS', 'records must be an array')
  const excess = tooManyRecords(raw.records.length, rules)
  if (excess !== undefined) return { kind: 'refused', problem: excess }
  const parsed = parseRecords(raw.records, rules, context)
  if (parsed instanceof Problem) return { kind: 'refused', problem: parsed }
  const { records, problems } = parsed
  return problems === undefined || areRefusedAlone(problems, rules)
    ? { kind: 'valid', records, problems, waitForSend, returnOffsets }
    : { kind: 'invalidRecords', problems, waitForSend }
}

/** The problem of a request with too many records; `undefined` if it has none. */
export function tooManyRecords(
  count: number,
  { maxRecordsPerRequest }: Pick<PushRules, 'maxRecordsPerRequest'>,
): Problem | undefined {
  if (count <= maxRecordsPerRequest) return undefined
  return new Problem(
    'TOO_MANY_RECORDS',
    `the request has ${count} records, and ${maxRecordsPerRequest} are allowed (http.max_records_per_request)`,
  )
}

/** The topic of one record of a body, for the log; `undefined` if Kafka does not allow it. */
export function topicOfRecord(body: unknown, index: number): string | undefined {
  const records = isJsonObject(body) ? body['records'] : undefined
  const record: unknown = Array.isArray(records) ? records[index] : undefined
  const topic = isJsonObject(record) ? record['topic'] : undefined
  return typeof topic === 'string' && isTopic(topic) ? topic : undefined
}

/**
 * Clients of the Rust kprf are told of a field of the wrong type by 400. Refused alone, its record would be lost without
 * a word: a client that does not wait is answered ok.
 */
function areRefusedAlone(problems: Problems, { invalidRecords, replies }: PushRules): boolean {
  if (invalidRecords === 'refuse_request') return false
  return replies === 'readme' || !areUnreadable(problems)
}

/** The records of a request, and what is wrong with the others. */
export interface ParsedRecords {
  readonly records: readonly ProducerRecord[]
  readonly problems: Problems | undefined
}

/** Stops at the first topic above the limit. */
function parseRecords(
  raws: readonly unknown[],
  { maxTopicsPerRequest }: PushRules,
  context: RecordContext,
): ParsedRecords | Problem {
  const parsed = parseEach(raws, (raw, index) => parseRecord(raw, index, context))
  // Topics are counted only if there are enough records to exceed the limit: for most pushes they are not.
  if (raws.length <= maxTopicsPerRequest) return parsed
  const topics = new Set<string>()
  for (const { topic } of parsed.records) {
    if (topics.add(topic).size > maxTopicsPerRequest) {
      return new Problem(
        'TOO_MANY_TOPICS',
        `the records name more than ${maxTopicsPerRequest} topics (http.max_topics_per_request)`,
      )
    }
  }
  return parsed
}

/** Makes a record of each element. */
export function parseEach(
  raws: readonly unknown[],
  parse: (raw: unknown, index: number) => ProducerRecord | Problem,
): ParsedRecords {
  const records: ProducerRecord[] = []
  let problems: (Problem | undefined)[] | undefined
  for (const [index, raw] of raws.entries()) {
    const record = parse(raw, index)
    if (record instanceof Problem) {
      problems ??= new Array<Problem | undefined>(raws.length).fill(undefined)
      problems[index] = record
    } else {
      records.push(record)
    }
  }
  return { records, problems }
}

function refused(code: Problem['code'], message: string): ParsedPush {
  return { kind: 'refused', problem: new Problem(code, message) }
}

const NO_HEADERS: readonly RecordHeader[] = []

export const RECORD_FIELDS: ReadonlySet<string> = new Set([
  'topic',
  'data',
  'json',
  'key',
  'partition',
  'headers',
  'timestamp',
  'encoding',
])

interface RawRecord {
  readonly topic?: unknown
  readonly data?: unknown
  readonly json?: unknown
  readonly key?: unknown
  readonly partition?: unknown
  readonly headers?: unknown
  readonly timestamp?: unknown
  readonly encoding?: unknown
}

/** What the records of one push share. */
export interface RecordContext {
  readonly rules: RecordRules
  readonly misspellings: Misspellings | undefined
  readonly jsonTexts: Pick<JsonTexts, 'of'>
}

/** Converts one element of `records` to a record. An optional field that is null counts as absent. */
export function parseRecord(
  element: unknown,
  index: number,
  context: RecordContext,
): ProducerRecord | Problem {
  if (!isJsonObject(element)) return NO_OBJECT
  const { rules, misspellings } = context
  return (
    checkFields(element, RECORD_FIELDS, rules.unknownFields, misspellings) ??
    parseRecordFields(element, index, context)
  )
}

function parseRecordFields(
  raw: RawRecord,
  index: number,
  { rules, misspellings, jsonTexts }: RecordContext,
): ProducerRecord | Problem {
  const { topic } = raw
  if (topic === undefined) return missing('topic', 'INVALID_TOPIC', raw, RECORD_FIELDS)
  if (typeof topic !== 'string') return TOPIC_OF_OTHER_TYPE
  if (!isTopic(topic)) return INVALID_TOPIC
  const isBase64 = isBase64Encoding(raw.encoding)
  if (isBase64 === undefined) return INVALID_ENCODING
  const key = raw.key == null ? null : parseBytes(raw.key, 'key', isBase64)
  if (key instanceof Problem) return key
  const value =
    raw.json === undefined ? parseData(raw, isBase64) : parseJson(raw, jsonTexts.of(index))
  if (value instanceof Problem) return value
  if (value === null && key === null) return TOMBSTONE_WITHOUT_KEY
  const partition = parsePartition(raw.partition)
  if (partition instanceof Problem) return partition
  const timestampMs = parseTimestamp(raw.timestamp, rules.allowOldTimestamps)
  if (timestampMs instanceof Problem) return timestampMs
  const headers =
    raw.headers == null ? NO_HEADERS : parseHeaders(raw.headers, rules.unknownFields, misspellings)
  if (headers instanceof Problem) return headers
  return { topic, partition, key, value, headers, timestampMs }
}

/** `json` is any JSON; its text becomes the value, so that `null` is no tombstone. */
function parseJson({ data }: RawRecord, text: string | undefined): RecordBytes | Problem {
  if (data !== undefined) return DATA_AND_JSON
  invariant(text !== undefined, 'the body has the json of each record')
  return text
}

function parseData(raw: RawRecord, isBase64: boolean): RecordBytes | null | Problem {
  const { data } = raw
  if (data === undefined) return missing('data', 'INVALID_RECORD', raw, RECORD_FIELDS)
  if (data === null) return null
  return typeof data === 'string' ? parseBytes(data, 'data', isBase64) : DATA_OF_OTHER_TYPE
}

const NO_OBJECT = new Mistyped('INVALID_RECORD', 'a record must be a JSON object')
const TOPIC_OF_OTHER_TYPE = new Mistyped('INVALID_TOPIC', 'topic must be a string')
const INVALID_ENCODING = new Problem('INVALID_RECORD', 'encoding must be "utf8" or "base64"')
const TOMBSTONE_WITHOUT_KEY = new Mistyped(
  'INVALID_RECORD',
  'a record whose data is null (a tombstone) needs a key',
)
const DATA_AND_JSON = new Problem('INVALID_RECORD', 'a record must have data or json, not both')
const DATA_OF_OTHER_TYPE = new Mistyped(
  'INVALID_RECORD',
  'data must be a string or null: send JSON in the field json, or written into a string',
)
