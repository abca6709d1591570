/**
 * One batch of records for one partition, from its first record to its last delivery report.
 *
 *     open --seal--> sealed --begin--> in flight --acknowledge--> settled
 *                      ^                   |
 *                      +------release------+
 *
 * `failFirst` takes expired records off the front of an open or sealed batch; a batch that lost all
 * its records is settled. Each record is settled by exactly one of `acknowledge` and `failFirst`.
 */
import { invariant } from '../invariant.ts'
import type { SequenceClaim } from './idempotence.ts'
import { RecordBatchWriter, type RecordSizes } from './record-batch.ts'
import type { DeliveryListener, ProducerRecord } from './types.ts'

/** A record on its way through the queue. */
export interface AdmittedRecord {
  readonly record: ProducerRecord
  readonly sizes: RecordSizes
  /** When it was admitted, by the monotonic clock: the start of linger and message.timeout.ms. */
  readonly admittedMs: number
  /** Its timestamp in Kafka. */
  readonly timestampMs: number
  readonly listener: DeliveryListener | undefined
  /** Position in the request, handed back to the listener. */
  readonly index: number
}

/** What is kept of a record once its bytes are in the batch. */
export interface BufferedRecord {
  readonly admittedMs: number
  readonly timestampMs: number
  readonly valueBytes: number
  readonly listener: DeliveryListener | undefined
  readonly index: number
}

/** Where a batch is on its way. */
export type BatchState = 'open' | 'sealed' | 'inFlight' | 'settled'

/** See the head of this file. */
export class Batch {
  readonly #baseTimestampMs: number
  #state: BatchState = 'open'
  #writer: RecordBatchWriter
  #records: BufferedRecord[] = []
  #reportedCount = 0
  #isSequenced = false

  /** Retries so far that counted against `retries`. */
  countedRetries = 0
  /** Failed attempts so far, for the backoff. */
  attempts = 0
  /** Not to be sent before this time. */
  notBeforeMs = 0
  /** True once an attempt ended without telling whether Kafka has the records. */
  mayBePersisted = false

  /** @param baseTimestampMs - timestamp of the first record. */
  constructor(baseTimestampMs: number) {
    this.#baseTimestampMs = baseTimestampMs
    this.#writer = new RecordBatchWriter(baseTimestampMs)
  }

  get state(): BatchState {
    return this.#state
  }

  /** Records that are not reported yet. */
  get count(): number {
    return this.#records.length - this.#reportedCount
  }

  /** Leading records that were reported although their bytes are still sent. */
  get reportedCount(): number {
    return this.#reportedCount
  }

  /** Records that are sent. */
  get encodedCount(): number {
    return this.#records.length
  }

  /** Whether only an acknowledgement of these very bytes can tell whether Kafka has them. */
  get isFrozen(): boolean {
    return this.#isSequenced && this.mayBePersisted
  }

  /** Size on the wire so far. */
  get sizeBytes(): number {
    return this.#writer.sizeBytes
  }

  /** When the first record was admitted; records follow each other in this order. */
  get firstAdmittedMs(): number {
    return this.#records[this.#reportedCount]?.admittedMs ?? Infinity
  }

  /** Adds a record at the end of an open batch. */
  append(admitted: AdmittedRecord): void {
    this.#assert('open')
    this.#writer.append(admitted.record, admitted.sizes, admitted.timestampMs)
    const { admittedMs, timestampMs, sizes, listener, index } = admitted
    this.#records.push({ admittedMs, timestampMs, valueBytes: sizes.valueBytes, listener, index })
  }

  /** Closes the batch for further records. */
  seal(): void {
    this.#move('open', 'sealed')
  }

  /**
   * Puts the batch in flight and returns its bytes.
   *
   * @param claim - for an idempotent producer.
   */
  begin(claim?: SequenceClaim): Buffer {
    this.#move('sealed', 'inFlight')
    this.#isSequenced = claim !== undefined
    return this.#writer.finish(claim)
  }

  /** Takes a batch that failed out of flight, to be sent again or to fail. */
  release(): void {
    this.#move('inFlight', 'sealed')
  }

  /** Ends the batch's way with Kafka's acknowledgement and hands out its records, but those reported. */
  acknowledge(): readonly BufferedRecord[] {
    this.#move('inFlight', 'settled')
    return this.#records.slice(this.#reportedCount)
  }

  /** Number of leading records that were admitted at or before `sinceMs`. */
  countAdmittedUntil(sinceMs: number): number {
    const later = this.#records.findIndex(
      (record, position) => position >= this.#reportedCount && record.admittedMs > sinceMs,
    )
    return (later === -1 ? this.#records.length : later) - this.#reportedCount
  }

  /**
   * Hands out the first `count` records, to be reported as failed; the others keep their order. They are
   * taken out of the batch too, unless Kafka would then no longer recognise it.
   */
  failFirst(count: number): readonly BufferedRecord[] {
    invariant(
      this.#state === 'open' || this.#state === 'sealed',
      'a batch in flight keeps its records',
    )
    if (count >= this.count) {
      this.#state = 'settled'
      return this.#records.slice(this.#reportedCount)
    }
    const failed = this.#records.slice(this.#reportedCount, this.#reportedCount + count)
    if (this.isFrozen) this.#reportedCount += count
    else this.#keep(count, this.#records.length)
    return failed
  }

  /**
   * Cuts a sealed batch in two halves, so that a record which Kafka refuses does not take the others
   * with it. This batch keeps the first half; the second has the same history.
   */
  split(): Batch {
    this.#assert('sealed')
    invariant(this.count > 1, 'only a batch of several records can be split')
    invariant(!this.isFrozen, 'a batch that Kafka may have stays whole')
    const middle = this.count >>> 1
    const second = new Batch(this.#baseTimestampMs)
    second.#state = 'sealed'
    second.#writer = this.#writer
    second.#records = this.#records
    second.#keep(middle, this.count)
    second.mayBePersisted = this.mayBePersisted
    second.countedRetries = this.countedRetries
    second.attempts = this.attempts
    this.#keep(0, middle)
    return second
  }

  /** Encodes records `from` up to `to` anew: Kafka wants their offset deltas to count from 0. */
  #keep(from: number, to: number): void {
    const writer = new RecordBatchWriter(this.#baseTimestampMs, this.#writer.sizeBytes)
    writer.appendFrom(this.#writer, from, to)
    this.#writer = writer
    this.#records = this.#records.slice(from, to)
  }

  #assert(expected: BatchState): void {
    invariant(
      this.#state === expected,
      `a batch that is ${this.#state} was taken to be ${expected}`,
    )
  }

  #move(from: BatchState, to: BatchState): void {
    this.#assert(from)
    this.#state = to
  }
}
