import type { ErrorCode } from '../base/errors.ts'

/** Bytes of a key, value or header; a string is written as UTF-8 directly into its batch. */
export type RecordBytes = Buffer | string

/** One Kafka record header. Order and duplicates are kept, as Kafka keeps them. */
export interface RecordHeader {
  readonly key: string
  readonly value: RecordBytes | null
}

/** One record to be produced. Checked by the caller: a topic that Kafka allows, partition >= 0. */
export interface ProducerRecord {
  readonly topic: string
  /** Explicit partition; `undefined` lets the partitioner choose. */
  readonly partition: number | undefined
  readonly key: RecordBytes | null
  /** `null` is a tombstone. */
  readonly value: RecordBytes | null
  readonly headers: readonly RecordHeader[]
  /** Milliseconds since the epoch; `undefined` means the time of admission. */
  readonly timestampMs: number | undefined
}

/** Why a record was refused or not delivered, in librdkafka's terms. A value, never thrown. */
export interface DeliveryError {
  /** librdkafka's number: negative from the client itself, positive from the broker. */
  readonly number: number
  /** `Message production error: QueueFull (Local: Queue full)`, as rust-rdkafka displays it. */
  readonly text: string
  /** What is known of this record beyond that, such as sizes. */
  readonly detail?: string
  /** The error code for clients of kprf. */
  readonly code: ErrorCode
}

/**
 * Final outcome of one record, reported exactly once.
 *
 * - `persisted`: Kafka acknowledged it (with acks 0: it was written to the socket).
 * - `notPersisted`: it is certain that Kafka does not have it.
 * - `possiblyPersisted`: it was sent, and no answer tells whether Kafka has it.
 */
export type DeliveryReport =
  | {
      readonly status: 'persisted'
      readonly topic: string
      readonly partition: number
      /** `undefined` with acks 0, when Kafka reports none. */
      readonly offset: bigint | undefined
      /** The timestamp in Kafka: the record's own, or the broker's if the topic uses LogAppendTime. */
      readonly timestampMs: number
    }
  | FailedDelivery

/** Outcome of a record that Kafka did not acknowledge. */
export interface FailedDelivery {
  readonly status: 'notPersisted' | 'possiblyPersisted'
  /** Of the record, for the log. */
  readonly topic?: string | undefined
  readonly error: DeliveryError
}

/**
 * The owner of a record sets how long its delivery may take, and gets its outcome. Each admitted record has one
 * owner, and ends in exactly one of `settled`, `failed` and `handedBack`.
 */
export interface RecordOwner {
  /**
   * Time from admission until a record expires, ms: more than 0; `Infinity` means never. Source: librdkafka's
   * `message.timeout.ms`, where 0 means never.
   */
  readonly deliveryTimeoutMs: number
  /** Whether a client waits for the delivery, for metrics. @defaultValue false */
  readonly isAwaited?: boolean
  /**
   * When the records were accepted, monotonic ms, for metrics; it may be before the start of the process.
   *
   * @defaultValue when they were admitted
   */
  readonly acceptedMs?: number
  /**
   * Receives the report of each record, with its index in the call that sent it. Never called during the
   * synchronous part of `sendAll`. An owner with neither this nor `handedBack` needs no memory per record.
   */
  readonly settled?: (report: DeliveryReport, index: number) => void
  /** Receives the number of records that failed together, if there is no `settled`. */
  readonly failed?: (count: number) => void
  /**
   * Receives, when the producer closes, a record that was neither delivered nor given up. Without it such a record
   * fails, as after librdkafka's purge.
   *
   * @param mayBePersisted - whether the record was sent, so that Kafka may have it.
   */
  readonly handedBack?: (index: number, mayBePersisted: boolean) => void
}

/** The interface between the producer and one call of `sendAll`, until each record is admitted or refused. */
export interface SendCall {
  /** The owner of the admitted records. */
  readonly owner: RecordOwner
  /** Time that the call may wait for room in the queue, for all its records together, ms; 0 means no wait. */
  readonly roomWaitMs: number
  /** Whether a record was already refused and must not be sent. */
  isRefused(index: number): boolean
  /** A record is not admitted. Called at most once for each index. */
  refused(index: number, error: DeliveryError, topic?: string): void
  /** Every record is admitted or refused. Called once, during `sendAll` itself if there was no wait. */
  admissionEnded(): void
}

/** A value without a promise if there is no wait: a promise per push would be a large part of its cost. */
export type MaybePromise<T> = T | Promise<T>

/** The producer as its callers see it. */
export interface RecordProducer {
  /**
   * Returns why a record could not be sent now, apart from room: its size, its topic or its partition. Reserves no
   * room. `undefined` also if nothing is known of the topic yet.
   */
  vet(record: ProducerRecord): DeliveryError | undefined
  /**
   * Admits the records in order, each on its own: with room for three of five, three are produced and two refused.
   * A record without room waits for it, together with the records after it.
   */
  sendAll(records: readonly ProducerRecord[], call: SendCall): void
}
