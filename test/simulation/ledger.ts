import type { Clock } from '../../src/base/clock.ts'
import type { Records } from '../../src/producer/record-columns.ts'
import type { EventSink, ProducerEvent } from '../../src/producer/events.ts'
import type { DeliveryReport, ProducerRecord } from '../../src/producer/types.ts'
import type { Push, PushReply, RecordOffset, RecordOutcome } from '../support/push.ts'

const OK_STATUS = 200

/** The reported outcome of a record. */
export type Fate = 'admitted' | 'refused' | DeliveryReport['status']

/** One record sent. */
export interface Entry {
  readonly id: string
  readonly client: string
  /** Position among all records of its client. */
  readonly sequence: number
  readonly record: ProducerRecord
  /** Whether only the observer reports its outcome. */
  readonly isSilent: boolean
  readonly sentMs: number
  readonly sentEpochMs: number
  fate: Fate
  /** How often an outcome was reported. */
  reportCount: number
  /** librdkafka's number, if there is one. */
  errorNumber: number | undefined
  settledMs: number
  settledEpochMs: number
  /** When its push over HTTP was answered; Infinity for others. */
  answeredMs: number
  /** Its place, if it was reported. */
  place: { readonly partition: number; readonly offset: bigint | undefined } | undefined
  /** Its timestamp, if it was reported. */
  timestampMs: number | undefined
}

/** A batch that was sent again. */
export interface Retry {
  readonly topic: string
  readonly partition: number
  readonly errorNumber: number
  readonly atMs: number
}

/**
 * Records every record that was sent and everything that was reported about it. It identifies a record by its
 * header `id`, and a record without a listener by its timestamp too, which is unique in the run, because the
 * producer's observer sees nothing else of it.
 */
export class Ledger implements EventSink {
  readonly #clock: Clock
  readonly #entries = new Map<string, Entry>()
  readonly #silent = new Map<number, Entry>()
  readonly #sequences = new Map<string, number>()
  readonly #violations: string[] = []
  readonly retries: Retry[] = []
  /** Records reported to the observer, by status. */
  readonly observed = { persisted: 0, notPersisted: 0, possiblyPersisted: 0 }

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** All records, by id. */
  get entries(): ReadonlyMap<string, Entry> {
    return this.#entries
  }

  /** Forbidden reports. */
  get violations(): readonly string[] {
    return this.#violations
  }

  /** The id of a client's next record. */
  nextId(client: string): string {
    return `${client}.${this.#sequences.get(client) ?? 0}`
  }

  /** Adds a record that is about to be sent. */
  enter(client: string, record: ProducerRecord, isSilent: boolean): Entry {
    const id = this.nextId(client)
    const sequence = this.#sequences.get(client) ?? 0
    this.#sequences.set(client, sequence + 1)
    const entry: Entry = {
      ...{ id, client, sequence, record, isSilent, fate: 'admitted', reportCount: 0 },
      sentMs: this.#clock.nowMs(),
      sentEpochMs: this.#clock.epochMs(),
      errorNumber: undefined,
      settledMs: Infinity,
      settledEpochMs: Infinity,
      answeredMs: Infinity,
      place: undefined,
      timestampMs: undefined,
    }
    this.#entries.set(id, entry)
    if (isSilent) this.#silent.set(record.timestampMs ?? -1, entry)
    return entry
  }

  /** Records that a record was not admitted. */
  refuse(entry: Entry, errorNumber: number): void {
    if (entry.reportCount > 0) this.#violations.push(`refused and reported: ${entry.id}`)
    entry.errorNumber = errorNumber
    entry.fate = 'refused'
  }

  /** Records a delivery report. */
  report(entry: Entry, report: DeliveryReport, isDuringSend: boolean): void {
    if (isDuringSend) this.#violations.push(`reported within the call of sendAll: ${entry.id}`)
    if (entry.fate === 'refused') this.#violations.push(`refused and reported: ${entry.id}`)
    this.#settle(entry, report.status)
    if (report.status === 'persisted') {
      const { topic, partition, offset, timestampMs } = report
      if (topic !== entry.record.topic) this.#violations.push(`reported in ${topic}: ${entry.id}`)
      entry.place = { partition, offset }
      entry.timestampMs = timestampMs
    } else {
      entry.errorNumber = report.error.number
    }
  }

  /** Records the reply to a push over HTTP. The observer has reported its records. */
  answer(entries: readonly Entry[], push: Push, reply: PushReply): void {
    const isSync = push.wait_for_send === true
    entries.forEach((entry, index) => {
      entry.answeredMs = this.#clock.nowMs()
      // A push refused as a whole has one element for all of its records.
      const outcome = reply.body.errors[index] ?? reply.body.errors[0]
      if (reply.status === OK_STATUS || outcome?.status === 'ok') {
        this.#answerOk(entry, isSync, reply.body.offsets?.[index] ?? undefined)
      } else if (entry.reportCount === 0) {
        this.#answerRefusal(entry, outcome ?? {})
      } else {
        this.#answerError(entry, reply.status, outcome ?? {})
      }
    })
  }

  #answerOk(entry: Entry, isSync: boolean, place: RecordOffset | undefined): void {
    if (isSync && entry.fate !== 'persisted') {
      this.#violations.push(`answered as persisted, but ${entry.fate}: ${entry.id}`)
    }
    if (!place) return
    const offset = place.offset === null ? undefined : BigInt(place.offset)
    entry.place = { partition: place.partition, offset }
    entry.timestampMs = place.timestamp
  }

  #answerRefusal(entry: Entry, { error_code = 0, outcome }: Partial<RecordOutcome>): void {
    this.refuse(entry, error_code)
    if (outcome !== 'not_persisted') {
      this.#violations.push(`answered ${outcome}, but it was never taken: ${entry.id}`)
    }
  }

  #answerError(
    entry: Entry,
    status: number,
    { error_code: errorNumber, outcome }: Partial<RecordOutcome>,
  ): void {
    if (entry.fate === 'persisted' || errorNumber !== entry.errorNumber) {
      this.#violations.push(
        `answered ${errorNumber}, but ${entry.fate} ${entry.errorNumber}: ${entry.id}`,
      )
    }
    const isUnknown = entry.fate === 'possiblyPersisted'
    if (outcome !== (isUnknown ? 'unknown' : 'not_persisted')) {
      this.#violations.push(`answered ${outcome}, but ${entry.fate}: ${entry.id}`)
    }
    if (isUnknown && status !== 504) {
      this.#violations.push(`answered ${status}, but Kafka may have it: ${entry.id}`)
    }
  }

  /** Notes what the producer says of records that nobody listens for. */
  emit(event: ProducerEvent): void {
    if (event.kind === 'recordsDelivered') {
      this.#observe(event.topic, event.records, 'persisted', undefined)
    } else if (event.kind === 'recordsFailed') {
      const { topic, status, error } = event.failure
      this.#observe(topic, event.records, status, error.number)
    } else if (event.kind === 'batchRetried') {
      const { topic, partition, errorNumber } = event.retry
      this.retries.push({ topic, partition, errorNumber, atMs: this.#clock.nowMs() })
    }
  }

  #observe(
    topic: string,
    records: Records,
    status: DeliveryReport['status'],
    errorNumber: number | undefined,
  ): void {
    this.observed[status] += records.count
    for (let position = 0; position < records.count; position += 1) {
      const timestampMs = records.timestampMsAt(position)
      const entry = this.#silent.get(timestampMs)
      if (entry?.record.topic === topic) {
        this.#settle(entry, status)
        entry.errorNumber = errorNumber
      } else if (!records.ownerAt(position).settled) {
        this.#violations.push(`observed, but never sent: ${topic} at ${timestampMs}`)
      }
    }
  }

  #settle(entry: Entry, status: DeliveryReport['status']): void {
    entry.fate = status
    entry.reportCount += 1
    entry.settledMs = this.#clock.nowMs()
    entry.settledEpochMs = this.#clock.epochMs()
  }
}
