/** Checks the fields of a record that every route has. Pure. */
import { Mistyped, Problem } from './problem.ts'

/** The longest name of a topic that Kafka allows. All of it is ASCII. */
export const MAX_TOPIC_BYTES = 249
const TOPIC = new RegExp(`^[a-zA-Z0-9._-]{1,${MAX_TOPIC_BYTES}}$`)
/** Kafka's partition numbers are 32-bit integers. */
export const MAX_PARTITION = 2_147_483_647
/** What librdkafka (RD_KAFKA_PARTITION_UA) and its bindings say for: any partition. */
const ANY_PARTITION = -1
/** 2000-01-01. Seconds since 1970, taken for milliseconds, are in its first weeks. */
export const OLD_TIMESTAMP_MS = 946_684_800_000
/** The end of the year 9999. Microseconds since 1970, taken for milliseconds, are far behind it. */
export const MAX_TIMESTAMP_MS = 253_402_300_799_999
export const INVALID_TOPIC = new Problem(
  'INVALID_TOPIC',
  'topic must be 1 to 249 of the characters a-z A-Z 0-9 . _ - and neither . nor ..',
)
const PARTITION_TEXT = `partition must be an integer from 0 to ${MAX_PARTITION}, or -1 for any`
const INVALID_PARTITION = new Problem('INVALID_PARTITION', PARTITION_TEXT)
const PARTITION_OF_OTHER_TYPE = new Mistyped('INVALID_PARTITION', PARTITION_TEXT)
const INVALID_TIMESTAMP = new Problem(
  'INVALID_TIMESTAMP',
  'timestamp must be an integer of milliseconds since 1970, and not after the year 9999',
)
const OLD_TIMESTAMP = new Problem(
  'INVALID_TIMESTAMP',
  'timestamp is before 2000-01-01: send milliseconds, not seconds, or set http.allow_old_timestamps',
)

/** Whether Kafka allows a name for a topic. */
export function isTopic(topic: string): boolean {
  return TOPIC.test(topic) && topic !== '.' && topic !== '..'
}

/** Takes a partition; -1 and `undefined` are any. */
export function parsePartition(value: unknown): number | undefined | Problem {
  if (value === ANY_PARTITION) return undefined
  if (typeof value === 'number' && value < 0 && Number.isInteger(value)) return INVALID_PARTITION
  return parseInteger(value, MAX_PARTITION, PARTITION_OF_OTHER_TYPE)
}

function parseInteger(value: unknown, max: number, problem: Problem): number | undefined | Problem {
  if (value == null) return undefined
  if (typeof value !== 'number' || !Number.isInteger(value)) return problem
  return value >= 0 && value <= max ? value : problem
}

/** Takes a timestamp, milliseconds since 1970; `undefined` is the time of admission. */
export function parseTimestamp(value: unknown, allowsOld: boolean): number | undefined | Problem {
  const timestampMs = parseInteger(value, MAX_TIMESTAMP_MS, INVALID_TIMESTAMP)
  if (timestampMs === undefined || timestampMs instanceof Problem) return timestampMs
  return timestampMs < OLD_TIMESTAMP_MS && !allowsOld ? OLD_TIMESTAMP : timestampMs
}
