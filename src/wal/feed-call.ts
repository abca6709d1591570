import type {
  DeliveryError,
  DeliveryReport,
  ProducerRecord,
  RecordOwner,
  SendCall,
} from '../producer/types.ts'
import type { Entry } from './log-types.ts'
import { readRecords } from './records.ts'

/**
 * How long records wait for room in the queue, ms, until they are offered anew. Until then they have a place in the
 * line of all pushes.
 */
const ROOM_WAIT_MS = 60_000
/** Memory of a record in the queue beside its bytes. */
const RECORD_BYTES = 256

/** What becomes of the records of a {@link FeedCall}. */
export interface FeedListener {
  /** Kafka has the record. */
  delivered(call: FeedCall, position: number): void
  /** The record was not admitted, or not delivered. */
  failed(call: FeedCall, position: number, error: DeliveryError): void
}

/** Some records of one push of the log, on their way through the producer. */
export class FeedCall implements SendCall, RecordOwner {
  readonly entry: Entry
  readonly records: readonly ProducerRecord[]
  readonly roomWaitMs = ROOM_WAIT_MS
  readonly deliveryTimeoutMs = Infinity
  readonly owner: RecordOwner
  /** Positions of the push that this call sends. */
  readonly #sent = new Set<number>()
  readonly #listener: FeedListener
  #isAdmissionOver = false
  #admission: PromiseWithResolvers<undefined> | undefined

  constructor(entry: Entry, listener: FeedListener) {
    this.entry = entry
    this.records = readRecords(entry.payload, entry.header.recordCount)
    this.owner = this
    this.#listener = listener
  }

  /** The index of a record in its segment. */
  indexOf(position: number): number {
    return this.entry.header.firstIndex + position
  }

  /** Memory that a record takes while it is on its way. */
  bytesOf(position: number): number {
    const record = this.records[position]
    return RECORD_BYTES + (record?.key?.length ?? 0) + (record?.value?.length ?? 0)
  }

  /** Sends this record of the push with the call. */
  include(position: number): void {
    this.#sent.add(position)
  }

  get isEmpty(): boolean {
    return this.#sent.size === 0
  }

  /** Resolves once every record is admitted or has failed; `undefined` if that is so already. */
  get admission(): Promise<undefined> | undefined {
    if (this.#isAdmissionOver) return undefined
    this.#admission ??= Promise.withResolvers()
    return this.#admission.promise
  }

  isRefused(position: number): boolean {
    return !this.#sent.has(position)
  }

  refused(position: number, error: DeliveryError): void {
    this.#listener.failed(this, position, error)
  }

  admissionEnded(): void {
    this.#isAdmissionOver = true
    this.#admission?.resolve(undefined)
  }

  settled(report: DeliveryReport, position: number): void {
    if (report.status === 'persisted') this.#listener.delivered(this, position)
    else this.#listener.failed(this, position, report.error)
  }

  /** The producer closes: the record stays in the log, for the next start. */
  handedBack(): void {
    // Nothing is settled.
  }
}
