/**
 * Takes checked records through the rate limit and the producer. Every record ends in exactly one of:
 * refused by the limit, refused by the producer, admitted (asynchronous), reported on (synchronous).
 */
import type {
  DeliveryError,
  DeliveryReport,
  FailedDelivery,
  MaybePromise,
  ProducerRecord,
  RecordProducer,
  Refusals,
} from '../../producer/types.ts'
import { HTTP_MAPPINGS } from '../error-mapper.ts'
import type { Admission, RateLimits, RecordsByTopic } from '../rate-limiter.ts'

/** What became of the records of a push; both by record index. */
export interface SendOutcome {
  /** `undefined` when no record failed. */
  readonly failures: readonly (FailedDelivery | undefined)[] | undefined
  /** `undefined` when delivery was not waited for. */
  readonly reports: readonly (DeliveryReport | undefined)[] | undefined
  readonly rateLimited: RateLimited | undefined
}

/** Records refused by the rate limit. */
export interface RateLimited {
  readonly recordsByTopic: RecordsByTopic
  /** When all of these topics have room again. */
  readonly retryAfterSeconds: number
}

/** What {@link sendRecords} works with. */
export interface SendOptions {
  readonly producer: RecordProducer
  readonly rateLimits: RateLimits | undefined
}

/** The Rust kprf's text, which its clients match on. */
const RATE_LIMITED: FailedDelivery = {
  status: 'notPersisted',
  error: {
    number: HTTP_MAPPINGS.RATE_LIMITED.errorCode,
    text: 'ratelimit',
    code: 'RATE_LIMITED',
  },
}

/** The failure of a refused record, by its error: nearly all records of a push share one. */
const REFUSED = new WeakMap<DeliveryError, FailedDelivery>()

/** Called once the producer has admitted or refused every record. */
export type AdmissionListener = () => void

/**
 * Sends the records that their rate limits let through, all together.
 *
 * @param onAdmission - given to wait for delivery too; without it the outcome is that of admission.
 */
export function sendRecords(
  records: readonly ProducerRecord[],
  { producer, rateLimits }: SendOptions,
  onAdmission?: AdmissionListener,
): MaybePromise<SendOutcome> {
  const wanted = rateLimits && countLimited(records, rateLimits)
  if (rateLimits === undefined || wanted === undefined) return send(records, producer, onAdmission)
  return sendLimited(records, { producer, rateLimits }, wanted, onAdmission)
}

async function sendLimited(
  records: readonly ProducerRecord[],
  { producer, rateLimits }: { producer: RecordProducer; rateLimits: RateLimits },
  wanted: RecordsByTopic,
  onAdmission: AdmissionListener | undefined,
): Promise<SendOutcome> {
  const limited = limitRates(records, await rateLimits.admit(wanted))
  if (limited === undefined) return send(records, producer, onAdmission)
  const sent = await send(limited.admitted, producer, onAdmission)
  return merge(limited, sent, records.length)
}

interface Limited {
  readonly admitted: readonly ProducerRecord[]
  /** Where the admitted records were in the request. */
  readonly positions: readonly number[]
  readonly rateLimited: RateLimited
}

/** Counts the records of topics that have a limit; `undefined` when there are none. */
function countLimited(
  records: readonly ProducerRecord[],
  rateLimits: RateLimits,
): RecordsByTopic | undefined {
  let wanted: Map<string, number> | undefined
  for (const { topic } of records) {
    if (rateLimits.has(topic)) addTo((wanted ??= new Map<string, number>()), topic)
  }
  return wanted
}

/** The first records of each topic are let through, as if they had come one after another. */
function limitRates(
  records: readonly ProducerRecord[],
  { admitted: admittedByTopic, retryAfterSeconds }: Admission,
): Limited | undefined {
  const left = new Map(admittedByTopic)
  const admitted: ProducerRecord[] = []
  const positions: number[] = []
  const recordsByTopic = new Map<string, number>()
  records.forEach((record, index) => {
    const room = left.get(record.topic) ?? Infinity
    if (room > 0) {
      left.set(record.topic, room - 1)
      admitted.push(record)
      positions.push(index)
    } else {
      addTo(recordsByTopic, record.topic)
    }
  })
  if (recordsByTopic.size === 0) return undefined
  return { admitted, positions, rateLimited: { recordsByTopic, retryAfterSeconds } }
}

function addTo(counts: Map<string, number>, topic: string): void {
  counts.set(topic, (counts.get(topic) ?? 0) + 1)
}

/** Puts what became of the admitted records back to where they were in the request. */
function merge(
  { positions, rateLimited }: Limited,
  { failures: sentFailures, reports: sentReports }: SendOutcome,
  recordCount: number,
): SendOutcome {
  const failures = new Array<FailedDelivery | undefined>(recordCount).fill(RATE_LIMITED)
  const reports = new Array<DeliveryReport | undefined>(recordCount).fill(undefined)
  positions.forEach((position, index) => {
    failures[position] = sentFailures?.[index]
    reports[position] = sentReports?.[index]
  })
  return { failures, reports: sentReports && reports, rateLimited }
}

function send(
  records: readonly ProducerRecord[],
  producer: RecordProducer,
  onAdmission: AdmissionListener | undefined,
): MaybePromise<SendOutcome> {
  if (onAdmission !== undefined) return sendAndWait(records, producer, onAdmission)
  const refusals = records.length === 0 ? undefined : producer.sendAll(records)
  return refusals instanceof Promise ? refusals.then(outcomeOf) : outcomeOf(refusals)
}

function outcomeOf(refusals: Refusals | undefined): SendOutcome {
  const failures = refusals?.map((refusal) => refusal && failureOf(refusal))
  return { failures, reports: undefined, rateLimited: undefined }
}

/** Holds on to no record once it is admitted: while thousands wait, the collector would copy them all about. */
function sendAndWait(
  records: readonly ProducerRecord[],
  producer: RecordProducer,
  onAdmission: AdmissionListener,
): MaybePromise<SendOutcome> {
  const deliveries = new Deliveries(records.length)
  if (records.length === 0) return deliveries.outcome(undefined)
  const admission = producer.sendAll(records, (report, index) => {
    deliveries.add(report, index)
  })
  if (admission instanceof Promise) {
    return admission.then((refusals) => deliveries.waitFor(refusals, onAdmission))
  }
  return deliveries.waitFor(admission, onAdmission)
}

/** The reports of a push whose client waits for them. */
class Deliveries {
  readonly #reports: (DeliveryReport | undefined)[]
  readonly #settled = Promise.withResolvers<undefined>()
  /**
   * Reports of the first records may come while others still wait for room in the queue: the count
   * starts at all of them, and those refused are taken off once they are known.
   */
  #outstanding: number
  #hasFailed = false

  constructor(recordCount: number) {
    this.#reports = new Array<undefined>(recordCount).fill(undefined)
    this.#outstanding = recordCount
  }

  add(report: DeliveryReport, index: number): void {
    this.#reports[index] = report
    if (report.status !== 'persisted') this.#hasFailed = true
    this.#outstanding -= 1
    if (this.#outstanding === 0) this.#settled.resolve(undefined)
  }

  async waitFor(
    refusals: Refusals | undefined,
    onAdmission: AdmissionListener,
  ): Promise<SendOutcome> {
    onAdmission()
    for (const refusal of refusals ?? []) if (refusal !== undefined) this.#outstanding -= 1
    if (this.#outstanding > 0) await this.#settled.promise
    return this.outcome(refusals)
  }

  outcome(refusals: Refusals | undefined): SendOutcome {
    const reports = this.#reports
    const isDelivered = refusals === undefined && !this.#hasFailed
    const failures = isDelivered ? undefined : failuresOf(refusals, reports)
    return { failures, reports, rateLimited: undefined }
  }
}

function failuresOf(
  refusals: Refusals | undefined,
  reports: readonly (DeliveryReport | undefined)[],
): readonly (FailedDelivery | undefined)[] {
  return reports.map((report, index) => {
    if (report !== undefined) return report.status === 'persisted' ? undefined : report
    const refusal = refusals?.[index]
    return refusal && failureOf(refusal)
  })
}

/** What was never admitted is certainly not in Kafka. */
function failureOf(refusal: DeliveryError): FailedDelivery {
  let failure = REFUSED.get(refusal)
  if (failure === undefined) {
    failure = { status: 'notPersisted', error: refusal }
    REFUSED.set(refusal, failure)
  }
  return failure
}
