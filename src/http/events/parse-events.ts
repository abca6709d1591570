/** Makes records of the events of a request. Pure. */
import type { ProducerRecord } from '../../producer/types.ts'
import type { InvalidRecords, PushRules, ValidPush } from '../push/parse-push.ts'
import { parseEach, tooManyRecords } from '../push/parse-push.ts'
import { Problem } from '../push/problem.ts'
import type { EventHead } from './binary-event.ts'
import { elementTexts } from './element-texts.ts'
import { keyOfJsonEvent } from './json-event.ts'

/** Limits of a batch: keys of `http.*` in the configuration. */
export type EventRules = Pick<
  PushRules,
  'maxRecordsPerRequest' | 'invalidRecords' | 'unknownFields'
>

/** The type of an event that was cut out of a batch, which Kafka has not (Kafka protocol binding, 3). */
const STRUCTURED = [
  { key: 'content-type', value: 'application/cloudevents+json; charset=utf-8' },
] as const

/** A batch that could be read: each event has a record, or a problem. */
type ParsedBatch = ValidPush | InvalidRecords

/** The record of an event. Its timestamp is the time of admission: the time of the event is an attribute. */
export function recordOf(
  topic: string,
  { key, headers }: EventHead,
  value: ProducerRecord['value'],
): ProducerRecord {
  return { topic, key, value, headers, partition: undefined, timestampMs: undefined }
}

/** Makes one record in structured mode of each event of a batch: its own bytes are the value. */
export function parseBatch(
  { bytes, json }: { readonly bytes: Buffer; readonly json: unknown },
  { topic, waitForSend }: { readonly topic: string; readonly waitForSend: boolean },
  rules: EventRules,
): ParsedBatch | Problem {
  if (!Array.isArray(json)) return NO_ARRAY
  const excess = tooManyRecords(json.length, rules)
  if (excess !== undefined) return excess
  const texts = elementTexts(bytes)
  const { records, problems } = parseEach(json, (event, index) => {
    const key = keyOfJsonEvent(event)
    return key instanceof Problem
      ? key
      : recordOf(topic, { key, headers: STRUCTURED }, texts[index] ?? '')
  })
  return problems === undefined || rules.invalidRecords !== 'refuse_request'
    ? { kind: 'valid', records, problems, waitForSend, returnOffsets: waitForSend }
    : { kind: 'invalidRecords', problems, waitForSend }
}

const NO_ARRAY = new Problem('INVALID_REQUEST', 'a batch of events must be a JSON array')
