/**
 * Writes the part of a reply that has one element per record, as JSON text of bounded size. A reply may have 10,000
 * elements, most of them equal, so each kind is written once.
 */
import { invariant } from '../../base/invariant.ts'
import type { DeliveryError, DeliveryReport, FailedDelivery } from '../../producer/types.ts'
import { failedElement, type Outcome, pushBody, type Refusal } from '../error-body.ts'
import { HTTP_MAPPINGS, messageOf } from '../error-mapper.ts'
import type { Problem } from './problem.ts'

/** Number of described records of an invalid push. Up to this many records, all are described. */
const MAX_DESCRIBED_RECORDS = 100
/** Number of failed records whose elements have texts; the others have only the number. */
export const MAX_FULL_ELEMENTS = 1_000

/** Upper bounds of the written elements, bytes, with their comma. All of it is ASCII. */
const FULL_ELEMENT_BYTES = 512
/** What the element of an invalid record may have beyond that: its text may quote a name of 64 characters, twice. */
const QUOTED_NAME_BYTES = 256
const COMPACT_ELEMENT_BYTES = 72
/** The upper bound of any element, bytes. */
export const MAX_ELEMENT_BYTES = FULL_ELEMENT_BYTES + QUOTED_NAME_BYTES
/** Without the name of the topic. */
const OFFSET_BYTES = 112
/** The part around the elements: message, request id and counts. */
const FRAME_BYTES = 1_024

const DELIVERED_ELEMENT = '{"status":"ok","error":""}'
/** Of a valid record in a push that is refused for another one. */
export const NOT_SENT_TEXT = 'not sent: another record of this request is invalid'
const NOT_SENT_ELEMENT = failedElement(
  NOT_SENT_TEXT,
  HTTP_MAPPINGS.RECORD_NOT_SENT.errorCode,
  'not_persisted',
)

const OUTCOMES: Record<FailedDelivery['status'], Outcome> = {
  notPersisted: 'not_persisted',
  possiblyPersisted: 'unknown',
}

/**
 * Returns an upper bound of the reply to a push, bytes.
 *
 * @param topicBytes - total length of the topics of all records, if offsets were requested.
 * @param invalidCount - number of invalid records beside which the others are produced.
 */
export function largestReplyBytes(
  recordCount: number,
  topicBytes?: number,
  invalidCount = 0,
): number {
  const full = Math.min(recordCount, MAX_FULL_ELEMENTS)
  const quoted = Math.min(invalidCount, MAX_FULL_ELEMENTS) * QUOTED_NAME_BYTES
  const elements = full * FULL_ELEMENT_BYTES + (recordCount - full) * COMPACT_ELEMENT_BYTES + quoted
  const offsets = topicBytes === undefined ? 0 : recordCount * OFFSET_BYTES + topicBytes
  return FRAME_BYTES + elements + offsets
}

/**
 * Writes the body of a push with failed records: one element per record, in request order.
 *
 * @param failures - by record index; `undefined` for records that did not fail.
 * @param decisive - the error that sets the status of the reply.
 * @param offsets - JSON of the offsets of the other records, if requested.
 */
export function failedPushBody(
  failures: readonly (FailedDelivery | undefined)[],
  decisive: Refusal,
  requestId: string,
  offsets?: string,
): string {
  const full = new ElementTexts(fullElement)
  const compact = new ElementTexts(({ number }, outcome) => compactElement(number, outcome))
  let failedCount = 0
  const elements = failures.map((failure) => {
    if (failure === undefined) return DELIVERED_ELEMENT
    failedCount += 1
    return (failedCount > MAX_FULL_ELEMENTS ? compact : full).of(failure)
  })
  const omitted = failedCount - MAX_FULL_ELEMENTS
  const fields = omitted > 0 ? `,"texts_omitted":${omitted}` : ''
  return pushBody(elements, fields + offsetsField(offsets), decisive, requestId)
}

/**
 * Writes the body of a push with invalid records, of which nothing was produced: one element per record; for a
 * large push, only the first ones, starting with the first invalid record.
 *
 * @param problems - by record index; `undefined` for valid records.
 */
export function invalidPushBody(
  problems: readonly (Problem | undefined)[],
  decisive: Refusal,
  requestId: string,
): string {
  const isWhole = problems.length <= MAX_DESCRIBED_RECORDS
  const from = isWhole ? 0 : problems.findIndex((problem) => problem !== undefined)
  invariant(from >= 0, 'a push is invalid because of a record')
  const described = problems.slice(from, from + MAX_DESCRIBED_RECORDS)
  const elements = described.map((problem) =>
    problem === undefined
      ? NOT_SENT_ELEMENT
      : failedElement(problem.message, HTTP_MAPPINGS[problem.code].errorCode, 'not_persisted'),
  )
  const omitted = problems.length - described.length
  const fields = isWhole ? '' : `,"errors_from":${from},"errors_omitted":${omitted}`
  return pushBody(elements, fields, decisive, requestId)
}

/** Writes the body of a push without failures whose client asked for offsets. */
export function offsetsBody(offsets: string): string {
  return `{"status":"ok","errors":[]${offsetsField(offsets)}}`
}

/** Writes the offset of each record, in request order; null for a record that is not known to be in Kafka. */
export function offsetsOf(reports: readonly (DeliveryReport | undefined)[]): string {
  return `[${reports.map(offsetOf).join(',')}]`
}

function offsetOf(report: DeliveryReport | undefined): string {
  if (report?.status !== 'persisted') return 'null'
  const { topic, partition, offset, timestampMs } = report
  const number = offset === undefined ? 'null' : `"${offset}"`
  return `{"topic":${JSON.stringify(topic)},"partition":${partition},"offset":${number},"timestamp":${timestampMs}}`
}

function offsetsField(offsets: string | undefined): string {
  return offsets === undefined ? '' : `,"offsets":${offsets}`
}

/** Writes the element of one failed record, with its texts. At most {@link MAX_ELEMENT_BYTES}. */
export function elementOf({ status, error }: FailedDelivery): string {
  return fullElement(error, OUTCOMES[status])
}

function fullElement({ text, number, detail }: DeliveryError, outcome: Outcome): string {
  return failedElement(text, number, outcome, messageOf({ text, detail }))
}

function compactElement(number: number, outcome: Outcome): string {
  return `{"status":"error","error_code":${number},"outcome":"${outcome}"}`
}

/** Writes the element of each kind of failure once. */
class ElementTexts {
  readonly #write: (error: DeliveryError, outcome: Outcome) => string
  readonly #texts = {
    notPersisted: new Map<DeliveryError, string>(),
    possiblyPersisted: new Map<DeliveryError, string>(),
  }

  constructor(write: (error: DeliveryError, outcome: Outcome) => string) {
    this.#write = write
  }

  of({ status, error }: FailedDelivery): string {
    const texts = this.#texts[status]
    let text = texts.get(error)
    if (text === undefined) {
      text = this.#write(error, OUTCOMES[status])
      texts.set(error, text)
    }
    return text
  }
}
