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

/** Learns the outcome of one admitted record. Called once, never during `sendAll`'s own synchronous part. */
export type DeliveryListener = (report: DeliveryReport, index: number) => void

/** By record index: why it was not admitted, or `undefined` where it was. */
export type Refusals = readonly (DeliveryError | undefined)[]

/** At once where nothing must be waited for: a promise for each push would be a good part of its cost. */
export type MaybePromise<T> = T | Promise<T>

/** What the HTTP edge sees of the producer. */
export interface RecordProducer {
  /**
   * Admits the records in order, each on its own: with room for three of five, three are produced and
   * two refused. A record that finds the queue full waits for room, together with those behind it, for
   * up to `kafka.queue_full_wait_ms` in all. Never rejects for a Kafka failure.
   *
   * @param onDelivery - called once for each admitted record, with its index in `records`.
   * @returns `undefined` when all were admitted.
   */
  sendAll(
    records: readonly ProducerRecord[],
    onDelivery?: DeliveryListener,
  ): MaybePromise<Refusals | undefined>
}
