/**
 * One batch of records for one partition, from its first record to its last delivery report.
 *
 *     open --seal--> sealed --begin--> in flight --acknowledge--> settled
 *                      ^                   |
 *                      +------release------+
 *
 * `failFirst` takes expired records off the front; a batch that lost all its records is settled, but one in
 * flight stays there until its request is over. Each record is handed out for its report by exactly one of
 * `acknowledge` and `failFirst`.
 */
import { invariant } from '../base/invariant.ts'
import type { SequenceClaim } from './idempotence.ts'
import type { ChunkPool } from './chunk-pool.ts'
import { RecordBatchWriter, type RecordSizes } from './record-batch.ts'
import { RecordColumns, type PendingRecord, type Records } from './record-columns.ts'
import type { ProducerRecord } from './types.ts'

/** A record on its way through the queue. */
export interface AdmittedRecord extends PendingRecord {
  readonly record: ProducerRecord
  readonly sizes: RecordSizes
}

/** Where a batch is on its way. */
export type BatchState = 'open' | 'sealed' | 'inFlight' | 'settled'

/** See the head of this file. */
export class Batch {
  readonly #baseTimestampMs: number
  readonly #pool: ChunkPool
  #state: BatchState = 'open'
  #writer: RecordBatchWriter
  #records = new RecordColumns()
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

  /**
   * @param baseTimestampMs - timestamp of the first record.
   * @param pool - where the memory for its bytes comes from.
   */
  constructor(baseTimestampMs: number, pool: ChunkPool) {
    this.#baseTimestampMs = baseTimestampMs
    this.#pool = pool
    this.#writer = new RecordBatchWriter(baseTimestampMs, pool)
  }

  get state(): BatchState {
    return this.#state
  }

  /** Records that are not reported yet. */
  get count(): number {
    return this.#records.count - this.#reportedCount
  }

  /** Leading records that were reported although their bytes are still sent. */
  get reportedCount(): number {
    return this.#reportedCount
  }

  /** Records that are sent. */
  get encodedCount(): number {
    return this.#records.count
  }

  /** Whether only an acknowledgement of these very bytes can tell whether Kafka has them. */
  get isFrozen(): boolean {
    return this.#isSequenced && this.mayBePersisted
  }

  /** Size on the wire so far. */
  get sizeBytes(): number {
    return this.#writer.sizeBytes
  }

  /** When the first record that is not reported was admitted; records follow each other in this order. */
  get firstAdmittedMs(): number {
    return this.count === 0 ? Infinity : this.#records.admittedMsAt(this.#reportedCount)
  }

  /** Adds a record at the end of an open batch. */
  append(admitted: AdmittedRecord): void {
    this.#assert('open')
    this.#writer.append(admitted.record, admitted.sizes, admitted.timestampMs)
    this.#records.push(admitted)
  }

  /** Closes the batch for further records. */
  seal(): void {
    this.#move('open', 'sealed')
  }

  /**
   * Puts the batch in flight and returns its bytes, which are its own until it is out of flight again.
   *
   * @param claim - for an idempotent producer.
   */
  begin(claim?: SequenceClaim): readonly Buffer[] {
    if (this.#reportedCount > 0 && !this.isFrozen) {
      this.#keep(this.#reportedCount, this.#records.count)
    }
    this.#move('sealed', 'inFlight')
    this.#isSequenced = claim !== undefined
    return this.#writer.finish(claim)
  }

  /** Takes a batch that failed out of flight, to be sent again or to fail. */
  release(): void {
    this.#move('inFlight', 'sealed')
    if (this.count === 0) this.#settle()
  }

  /** Ends the batch's way with Kafka's acknowledgement and hands out its records, but those reported. */
  acknowledge(): Records {
    this.#assert('inFlight')
    const records = this.#rest()
    this.#settle()
    return records
  }

  /** Number of leading records, of those not reported, that were admitted at or before `sinceMs`. */
  countAdmittedUntil(sinceMs: number): number {
    let position = this.#reportedCount
    while (position < this.#records.count && this.#records.admittedMsAt(position) <= sinceMs) {
      position += 1
    }
    return position - this.#reportedCount
  }

  /**
   * Hands out the first `count` records, to be reported as failed; the others keep their order. They are
   * taken out of the batch too, unless it is in flight, or Kafka would then no longer recognise it.
   */
  failFirst(count: number): Records {
    invariant(this.#state !== 'settled', 'a settled batch has no records')
    const isInFlight = this.#state === 'inFlight'
    if (count >= this.count) {
      const records = this.#rest()
      if (isInFlight) this.#reportedCount = this.#records.count
      else this.#settle()
      return records
    }
    const failed = this.#records.slice(this.#reportedCount, this.#reportedCount + count)
    if (isInFlight || this.isFrozen) this.#reportedCount += count
    else this.#keep(this.#reportedCount + count, this.#records.count)
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
    const middle = this.#reportedCount + (this.count >>> 1)
    const second = new Batch(this.#baseTimestampMs, this.#pool)
    second.#state = 'sealed'
    second.#writer.appendFrom(this.#writer, middle, this.#records.count)
    second.#records = this.#records.slice(middle, this.#records.count)
    second.mayBePersisted = this.mayBePersisted
    second.countedRetries = this.countedRetries
    second.attempts = this.attempts
    this.#keep(this.#reportedCount, middle)
    return second
  }

  /** The records that are not reported. */
  #rest(): Records {
    if (this.#reportedCount === 0) return this.#records
    return this.#records.slice(this.#reportedCount, this.#records.count)
  }

  /** Encodes records `from` up to `to` anew: Kafka wants their offset deltas to count from 0. */
  #keep(from: number, to: number): void {
    const writer = new RecordBatchWriter(this.#baseTimestampMs, this.#pool)
    writer.appendFrom(this.#writer, from, to)
    this.#writer.release()
    this.#writer = writer
    this.#records = this.#records.slice(from, to)
    this.#reportedCount = 0
  }

  /** The one place where a batch's way ends and its memory goes back. */
  #settle(): void {
    this.#state = 'settled'
    this.#writer.release()
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
