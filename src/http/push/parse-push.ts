/**
 * Checks a push and makes producer's records of it. Pure.
 *
 * One invalid record refuses the whole request before anything is produced: a client mends what it
 * wrote wrongly and sends all of it again, and records already produced would then be there twice.
 * What only the producer finds (no room, unknown topic) is told per record instead, while the others
 * are delivered: there the client sends again what failed, unchanged.
 */
import type { ProducerRecord } from '../../producer/types.ts'
import { checkFields, isJsonObject, type UnknownFields } from './fields.ts'
import { parseRecord } from './parse-record.ts'
import { Problem } from './problem.ts'

/** What a push must keep to beyond its form: keys of `http.*` in the configuration. */
export interface PushRules {
  readonly maxRecordsPerRequest: number
  readonly maxTopicsPerRequest: number
  readonly unknownFields: UnknownFields
}

/** A push that can be produced. */
export interface ValidPush {
  readonly kind: 'valid'
  readonly records: readonly ProducerRecord[]
  readonly waitForSend: boolean
  readonly returnOffsets: boolean
}

/** A request body, checked. */
export type ParsedPush =
  | ValidPush
  /** No push at all. */
  | { readonly kind: 'refused'; readonly problem: Problem }
  /** By record index; `undefined` where the record is valid. */
  | {
      readonly kind: 'invalidRecords'
      readonly problems: readonly (Problem | undefined)[]
      readonly waitForSend: boolean
    }

const KNOWN_FIELDS: ReadonlySet<string> = new Set(['records', 'wait_for_send', 'return_offsets'])

interface RawPush {
  readonly records?: unknown
  readonly wait_for_send?: unknown
  readonly return_offsets?: unknown
}

/** Checks a parsed JSON body. */
export function parsePush(body: unknown, rules: PushRules): ParsedPush {
  if (!isJsonObject(body)) return refused('INVALID_REQUEST', 'the body must be an object')
  const misnamed = checkFields(body, KNOWN_FIELDS, rules.unknownFields)
  return misnamed === undefined ? parseFields(body, rules) : { kind: 'refused', problem: misnamed }
}

function parseFields(raw: RawPush, rules: PushRules): ParsedPush {
  const waitForSend = raw.wait_for_send ?? false
  const returnOffsets = raw.return_offsets ?? false
  if (typeof waitForSend !== 'boolean' || typeof returnOffsets !== 'boolean') {
    return refused('INVALID_REQUEST', 'wait_for_send and return_offsets must be true or false')
  }
  if (!Array.isArray(raw.records)) return refused('INVALID_RECORDS', 'records must be an array')
  if (raw.records.length > rules.maxRecordsPerRequest) {
    return refused('TOO_MANY_RECORDS', `records has more than ${rules.maxRecordsPerRequest}`)
  }
  const parsed = parseRecords(raw.records, rules)
  if (parsed instanceof Problem) return { kind: 'refused', problem: parsed }
  const { records, problems } = parsed
  return problems === undefined
    ? { kind: 'valid', records, waitForSend, returnOffsets }
    : { kind: 'invalidRecords', problems, waitForSend }
}

interface ParsedRecords {
  readonly records: readonly ProducerRecord[]
  readonly problems: readonly (Problem | undefined)[] | undefined
}

/** Gives up at the first topic that is one too many. */
function parseRecords(
  raws: readonly unknown[],
  { unknownFields, maxTopicsPerRequest }: PushRules,
): ParsedRecords | Problem {
  const records: ProducerRecord[] = []
  let problems: (Problem | undefined)[] | undefined
  // Fewer records cannot have too many topics: most pushes are not counted.
  const topics = raws.length > maxTopicsPerRequest ? new Set<string>() : undefined
  for (const [index, raw] of raws.entries()) {
    const record = parseRecord(raw, unknownFields)
    if (record instanceof Problem) {
      problems ??= new Array<Problem | undefined>(raws.length).fill(undefined)
      problems[index] = record
    } else {
      records.push(record)
      if (topics && topics.add(record.topic).size > maxTopicsPerRequest) {
        return new Problem(
          'TOO_MANY_TOPICS',
          `records name more than ${maxTopicsPerRequest} topics`,
        )
      }
    }
  }
  return { records, problems }
}

function refused(code: Problem['code'], message: string): ParsedPush {
  return { kind: 'refused', problem: new Problem(code, message) }
}
