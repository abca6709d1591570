/**
 * One batch of records for one partition, from its first record to its last delivery report.
 *
 *     open --seal--> sealed --begin--> in flight --acknowledge--> settled
 *                      ^                   |
 *                      +------release------+
 *
 * Records that expire are taken out on the way. A batch that has lost all its records is settled, but one in
 * flight stays in flight until its request is over. Each record is handed out for its report once: by
 * `acknowledge`, `takeExpired` or `takeAll`.
 */
import { invariant } from '../base/invariant.ts'
import type { SequenceClaim } from './idempotence.ts'
import type { ChunkPool } from './chunk-pool.ts'
import { RecordBatchWriter, type RecordSizes } from './record-batch.ts'
import { PendingRecords, type RecordRun } from './pending-records.ts'
import type { PendingRecord, Records } from './record-columns.ts'
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
  #records = new PendingRecords()
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
    return this.#records.count
  }

  /** Records that are sent: of a batch in flight, some of them may be reported already. */
  get encodedCount(): number {
    return this.#records.encodedCount
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
    return this.#records.firstAdmittedMs
  }

  /** When the first record that is not reported expires; `Infinity` when none does. */
  get firstDeadlineMs(): number {
    return this.#records.firstDeadlineMs
  }

  /** When the first record would expire with the longest timeout of all; `Infinity` when one has no end. */
  get longestDeadlineMs(): number {
    return this.#records.longestDeadlineMs
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
    if (!this.isFrozen) this.#dropReported()
    this.#move('sealed', 'inFlight')
    this.#isSequenced = claim !== undefined
    return this.#writer.finish(claim)
  }

  /** Takes a batch that failed out of flight, to be sent again or to fail. */
  release(): void {
    this.#move('inFlight', 'sealed')
    if (this.count === 0) this.#settle()
  }

  /**
   * Ends the batch's way with Kafka's acknowledgement.
   *
   * @returns its records, but those reported, and where they are in the batch: their offsets follow from it.
   */
  acknowledge(): readonly RecordRun[] {
    this.#assert('inFlight')
    const runs = this.#records.takeRuns()
    this.#settle()
    return runs
  }

  /**
   * Hands out the records whose time is over, to be reported; the others keep their order. They are taken out of the
   * bytes too, unless the batch is in flight or frozen: Kafka would no longer recognise it.
   */
  takeExpired(nowMs: number): Records {
    this.#assertUnsettled()
    const expired = this.#records.takeExpired(nowMs)
    if (this.#state === 'inFlight') return expired
    if (this.count === 0) this.#settle()
    else if (!this.isFrozen) this.#dropReported()
    return expired
  }

  /** Hands out all its records, to be reported as failed. */
  takeAll(): Records {
    this.#assertUnsettled()
    const records = this.#records.takeAll()
    if (this.#state !== 'inFlight') this.#settle()
    return records
  }

  /**
   * Cuts a sealed batch in two halves, so that a record which Kafka refuses does not take the others
   * with it. This batch keeps the first half; the second has the same history.
   */
  split(): Batch {
    this.#assert('sealed')
    invariant(this.count > 1, 'only a batch of several records can be split')
    invariant(!this.isFrozen, 'a batch that Kafka may have stays whole')
    this.#dropReported()
    const { count } = this
    const middle = count >>> 1
    const second = new Batch(this.#baseTimestampMs, this.#pool)
    second.#state = 'sealed'
    second.#writer.appendFrom(this.#writer, (position) => position >= middle)
    second.#records = this.#records.part(middle, count)
    second.mayBePersisted = this.mayBePersisted
    second.countedRetries = this.countedRetries
    second.attempts = this.attempts
    this.#keep((position) => position < middle, this.#records.part(0, middle))
    return second
  }

  /** Takes the reported records out of the bytes. */
  #dropReported(): void {
    const records = this.#records
    if (records.count === records.encodedCount) return
    this.#keep((position) => !records.isReported(position), records.part(0, records.encodedCount))
  }

  /** Encodes some records anew: Kafka wants their offset deltas to count from 0. */
  #keep(isKept: (position: number) => boolean, records: PendingRecords): void {
    const writer = new RecordBatchWriter(this.#baseTimestampMs, this.#pool)
    writer.appendFrom(this.#writer, isKept)
    this.#writer.release()
    this.#writer = writer
    this.#records = records
  }

  /** The one place where a batch's way ends and its memory goes back. */
  #settle(): void {
    this.#state = 'settled'
    this.#writer.release()
  }

  #assertUnsettled(): void {
    invariant(this.#state !== 'settled', 'a settled batch has no records')
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
