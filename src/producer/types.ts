import type { ErrorCode } from '../base/errors.ts'

/** Bytes of a key, value or header: as they are, or a string to be written as UTF-8 straight into its batch. */
export type RecordBytes = Buffer | string

/** One Kafka record header. Order and duplicates are kept, as Kafka keeps them. */
export interface RecordHeader {
  readonly key: string
  readonly value: RecordBytes
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

/** Why a record was refused or not delivered, in librdkafka's words. A value, never thrown. */
export interface DeliveryError {
  /** librdkafka's number: negative from the client itself, positive from the broker. */
  readonly number: number
  /** `Message production error: QueueFull (Local: Queue full)`, as rust-rdkafka displays it. */
  readonly text: string
  /** What kind of failure it is to a client of kprf. */
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
      /** The record's timestamp in Kafka: its own, or the broker's where the topic says LogAppendTime. */
      readonly timestampMs: number
    }
  | FailedDelivery

/** Outcome of a record that Kafka did not acknowledge. */
export interface FailedDelivery {
  readonly status: 'notPersisted' | 'possiblyPersisted'
  readonly error: DeliveryError
}

/**
 * Who promised something for a record: how long it may take, and who hears of its end. Each admitted record has one
 * owner, and ends in exactly one of `settled`, `failed` and `handedBack`.
 */
export interface RecordOwner {
  /**
   * Milliseconds from admission until a record of this owner is given up; `Infinity`: never.
   * Source: librdkafka's `message.timeout.ms`, where 0 means never.
   */
  readonly deliveryTimeoutMs: number
  /**
   * Hears of the end of each record, with its index in the call that sent it. Never called during `sendAll`'s own
   * synchronous part. An owner with neither this nor `handedBack` costs no memory for each record.
   */
  readonly settled?: (report: DeliveryReport, index: number) => void
  /** Hears how many records failed together, where there is no `settled`. */
  readonly failed?: (count: number) => void
  /**
   * Takes back, when the producer closes, a record that was neither delivered nor given up. Without it such a record
   * fails, as with librdkafka's purge.
   *
   * @param mayBePersisted - whether the record was sent, so that Kafka may have it.
   */
  readonly handedBack?: (index: number, mayBePersisted: boolean) => void
}

/** What the producer asks and tells of one call of `sendAll`, until each record is admitted or refused. */
export interface SendCall {
  /** Of the records that are admitted. */
  readonly owner: RecordOwner
  /** Milliseconds that the call may wait for room in the queue, for all its records together; 0: not at all. */
  readonly roomWaitMs: number
  /** Whether a record was refused before, and is not to be sent. */
  isRefused(index: number): boolean
  /** A record is not admitted. Called at most once for each index. */
  refused(index: number, error: DeliveryError): void
  /** Every record is admitted or refused. Called once: during `sendAll` itself where nothing had to be waited for. */
  admissionEnded(): void
}

/** At once where nothing must be waited for: a promise for each push would be a good part of its cost. */
export type MaybePromise<T> = T | Promise<T>

/** What the ways into the producer see of it. */
export interface RecordProducer {
  /**
   * Says why a record could not be sent now, whatever room there is: its size, its topic, its partition. Takes no
   * room. `undefined` also where nothing is known of the topic yet.
   */
  vet(record: ProducerRecord): DeliveryError | undefined
  /**
   * Admits the records in order, each on its own: with room for three of five, three are produced and
   * two refused. A record that finds the queue full waits for room, together with those behind it.
   */
  sendAll(records: readonly ProducerRecord[], call: SendCall): void
}
