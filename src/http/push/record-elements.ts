/**
 * The part of a reply that tells the fate of each record, as JSON text and bounded in size. A reply can
 * have 10,000 elements, nearly all of them alike: the text of each kind is written once.
 */
import { invariant } from '../../base/invariant.ts'
import type { DeliveryError, DeliveryReport, FailedDelivery } from '../../producer/types.ts'
import { failedElement, type Outcome, pushBody, type Refusal } from '../error-body.ts'
import { HTTP_MAPPINGS } from '../error-mapper.ts'
import type { Problem } from './problem.ts'

/** Records of an invalid push that are described; of up to so many, all are. */
const MAX_DESCRIBED_RECORDS = 100
/** Failed records of one push whose elements have texts; those of further ones have the number only. */
const MAX_FULL_ELEMENTS = 1_000

/** Bounds of what is written, in bytes, its comma included. All of it is ASCII. */
const FULL_ELEMENT_BYTES = 480
const COMPACT_ELEMENT_BYTES = 72
/** Beside the name of the topic. */
const OFFSET_BYTES = 112
/** What stands before and after the elements: the message with a text, the request id, the counts. */
const FRAME_BYTES = 1_024

const DELIVERED_ELEMENT = '{"status":"ok","error":""}'
const NOT_SENT_ELEMENT = failedElement(
  'not sent: another record of this request is invalid',
  HTTP_MAPPINGS.RECORD_NOT_SENT.errorCode,
  'not_persisted',
)

const OUTCOMES: Record<FailedDelivery['status'], Outcome> = {
  notPersisted: 'not_persisted',
  possiblyPersisted: 'unknown',
}

/**
 * Bounds the reply to a push, whatever becomes of its records.
 *
 * @param topicBytes - length of the topics of all records together, where offsets are asked for.
 */
export function largestReplyBytes(recordCount: number, topicBytes?: number): number {
  const full = Math.min(recordCount, MAX_FULL_ELEMENTS)
  const elements = full * FULL_ELEMENT_BYTES + (recordCount - full) * COMPACT_ELEMENT_BYTES
  const offsets = topicBytes === undefined ? 0 : recordCount * OFFSET_BYTES + topicBytes
  return FRAME_BYTES + elements + offsets
}

/**
 * Writes the body of a push of which records failed: one element per record, in request order.
 *
 * @param failures - by record index; `undefined` where the record did not fail.
 * @param decisive - what the status of the reply stands for.
 * @param offsets - JSON of where the others went, if that was asked for.
 */
export function failedPushBody(
  failures: readonly (FailedDelivery | undefined)[],
  decisive: Refusal,
  requestId: string,
  offsets?: string,
): string {
  const full = new ElementTexts(({ text, number }, outcome) => failedElement(text, number, outcome))
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
 * Writes the body of a push of which nothing was sent because some records are invalid: an element for
 * each record, but of a large push only for the first ones from the first invalid record on.
 *
 * @param problems - by record index; `undefined` where a record has none of its own.
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

/** Writes the body of a push of which no record failed and whose client asked where they went. */
export function offsetsBody(offsets: string): string {
  return `{"status":"ok","errors":[]${offsetsField(offsets)}}`
}

/** Writes where each record went, in request order; null for one that is not known to be in Kafka. */
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
