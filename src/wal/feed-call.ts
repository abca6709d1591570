import type {
  DeliveryError,
  DeliveryReport,
  ProducerRecord,
  RecordOwner,
  SendCall,
} from '../producer/types.ts'
import type { LoggedPush } from './log-types.ts'
import type { TopicLane } from './topic-lane.ts'

/**
 * How long records wait for room in the queue, ms, until they are offered anew. Until then they have a place in the
 * line of all pushes.
 */
const ROOM_WAIT_MS = 60_000
/** Memory of a record in the queue beside its bytes. */
const RECORD_BYTES = 256

const NO_RECORDS: readonly ProducerRecord[] = []

/** What becomes of the records of a {@link FeedCall}. */
export interface FeedListener {
  /** Kafka has the record. */
  delivered(call: FeedCall, position: number): void
  /** The record was not admitted, or not delivered. */
  failed(call: FeedCall, position: number, error: DeliveryError): void
}

/** A record on its way. */
export interface FedRecord {
  readonly lane: TopicLane
  /** Memory that it takes. */
  readonly bytes: number
}

/**
 * Some records of one push of the log, on their way through the producer. Once they are admitted, it has no
 * reference to them: their bytes are part of larger memory, which would be held for as long as one of them waits.
 */
export class FeedCall implements SendCall, RecordOwner {
  readonly push: LoggedPush
  readonly acceptedMs: number
  readonly roomWaitMs = ROOM_WAIT_MS
  readonly deliveryTimeoutMs = Infinity
  readonly owner: RecordOwner
  readonly #listener: FeedListener
  #records: readonly ProducerRecord[]
  /** Of those records that this call sends. */
  readonly #fed: (FedRecord | undefined)[] = []
  #isAdmissionOver = false
  #admission: PromiseWithResolvers<undefined> | undefined
  #again: Promise<readonly ProducerRecord[] | undefined> | undefined

  /**
   * @param records - all of the push.
   * @param acceptedMs - when they were accepted, monotonic ms.
   */
  constructor(
    push: LoggedPush,
    records: readonly ProducerRecord[],
    acceptedMs: number,
    listener: FeedListener,
  ) {
    this.push = push
    this.acceptedMs = acceptedMs
    this.owner = this
    this.#records = records
    this.#listener = listener
  }

  /** All records of the push; none once those of the call are admitted. */
  get records(): readonly ProducerRecord[] {
    return this.#records
  }

  /** Sends the record at this position with the call. @returns what it takes. */
  include(position: number, lane: TopicLane): FedRecord {
    const { key, value } = this.#records[position] ?? {}
    const bytes = RECORD_BYTES + (key?.length ?? 0) + (value?.length ?? 0)
    return (this.#fed[position] = { lane, bytes })
  }

  /** The record at this position, if the call sends it. */
  fed(position: number): FedRecord | undefined {
    return this.#fed[position]
  }

  get isEmpty(): boolean {
    return this.#fed.length === 0
  }

  /** Resolves once every record is admitted or has failed; `undefined` if that is so already. */
  get admission(): Promise<undefined> | undefined {
    if (this.#isAdmissionOver) return undefined
    this.#admission ??= Promise.withResolvers()
    return this.#admission.promise
  }

  /** Reads all records of the push again, once for all that need one of them. */
  readAgain(
    read: (push: LoggedPush) => Promise<readonly ProducerRecord[] | undefined>,
  ): Promise<readonly ProducerRecord[] | undefined> {
    this.#again ??= read(this.push)
    return this.#again
  }

  isRefused(position: number): boolean {
    return this.#fed[position] === undefined
  }

  refused(position: number, error: DeliveryError): void {
    this.#listener.failed(this, position, error)
  }

  admissionEnded(): void {
    this.#isAdmissionOver = true
    this.#records = NO_RECORDS
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
