/**
 * The states of a batch:
 *
 *     open --seal--> sealed --begin--> in flight --acknowledge--> settled
 *                      ^                   |
 *                      +------release------+
 *
 * Expired records are removed in every state. A batch without records is settled, but a batch in flight stays in
 * flight until its request has ended. Each record is taken out for its report once: by `acknowledge`, `takeExpired`,
 * `takeAt` or `takeAll`.
 */
import { invariant } from '../base/invariant.ts'
import type { SequenceClaim } from './idempotence.ts'
import type { ChunkPool } from './chunk-pool.ts'
import { readKey } from './read-record.ts'
import { RecordBatchWriter, type RecordSizes } from './record-batch.ts'
import { PendingRecords, type PositionedRecord, type RecordRun } from './pending-records.ts'
import type { PendingRecord, Records } from './record-columns.ts'
import type { ProducerRecord } from './types.ts'

/** A record in the queue. */
export interface AdmittedRecord extends PendingRecord {
  readonly record: ProducerRecord
  readonly sizes: RecordSizes
}

/** The state of a batch. */
export type BatchState = 'open' | 'sealed' | 'inFlight' | 'settled'

/** A batch of records for one partition, from its first record to its last delivery report. */
export class Batch {
  readonly #pool: ChunkPool
  #state: BatchState = 'open'
  #writer: RecordBatchWriter
  #records = new PendingRecords()
  #isSequenced = false

  /** Retries that counted against `retries`. */
  countedRetries = 0
  /** Failed attempts, for the backoff. */
  attempts = 0
  /** The batch must not be sent before this time. */
  notBeforeMs = 0
  /** True after an attempt whose outcome is unknown. */
  mayBePersisted = false

  /**
   * @param baseTimestampMs - timestamp of the first record.
   * @param pool - provides the memory for the encoded records.
   */
  constructor(baseTimestampMs: number, pool: ChunkPool) {
    this.#pool = pool
    this.#writer = new RecordBatchWriter(baseTimestampMs, pool)
  }

  get state(): BatchState {
    return this.#state
  }

  /** Number of records not yet reported. */
  get count(): number {
    return this.#records.count
  }

  /** Number of encoded records; in flight, some of them may already be reported. */
  get encodedCount(): number {
    return this.#records.encodedCount
  }

  /**
   * Whether the bytes must not change, because only an acknowledgement of the same bytes can tell whether Kafka has
   * them.
   */
  get isFrozen(): boolean {
    return this.#isSequenced && this.mayBePersisted
  }

  /** Size on the wire, bytes. */
  get sizeBytes(): number {
    return this.#writer.sizeBytes
  }

  /** When the first unreported record was admitted. Records are in this order. */
  get firstAdmittedMs(): number {
    return this.#records.firstAdmittedMs
  }

  /** When the first unreported record expires; `Infinity` if none does. */
  get firstDeadlineMs(): number {
    return this.#records.firstDeadlineMs
  }

  /**
   * When the first record would expire with the longest timeout of all records; `Infinity` if one never expires.
   */
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
   * Puts the batch in flight and returns its bytes, which stay valid until it leaves flight.
   *
   * @param claim - for an idempotent producer.
   */
  begin(claim?: SequenceClaim): readonly Buffer[] {
    if (!this.isFrozen) this.#dropReported()
    this.#move('sealed', 'inFlight')
    this.#isSequenced = claim !== undefined
    return this.#writer.finish(claim)
  }

  /** Takes a failed batch out of flight, to be sent again or to fail. */
  release(): void {
    this.#move('inFlight', 'sealed')
    if (this.count === 0) this.#settle()
  }

  /**
   * Settles the batch after Kafka's acknowledgement.
   *
   * @returns its unreported records and their positions in the batch, which determine their offsets.
   */
  acknowledge(): readonly RecordRun[] {
    this.#assert('inFlight')
    const runs = this.#records.takeRuns()
    this.#settle()
    return runs
  }

  /**
   * Removes and returns the expired records, to be reported; the others keep their order. Their bytes are removed
   * too, unless the batch is in flight or frozen: Kafka would no longer recognise it. The bytes are removed when half
   * of the batch has expired, or when it is sent: encoding the others again for every few records takes too long.
   */
  takeExpired(nowMs: number): Records {
    this.#assertUnsettled()
    const expired = this.#records.takeExpired(nowMs)
    if (this.#state === 'inFlight') return expired
    if (this.count === 0) this.#settle()
    else if (!this.isFrozen && 2 * this.count <= this.encodedCount) this.#dropReported()
    return expired
  }

  /**
   * Removes and returns the records at these positions of a sealed batch, to be reported as failed. Their bytes are
   * removed when it is sent again.
   */
  takeAt(positions: readonly number[]): readonly PositionedRecord[] {
    this.#assert('sealed')
    invariant(!this.isFrozen, 'a batch that Kafka may have stays whole')
    const taken = this.#records.takeAt(positions)
    if (this.count === 0) this.#settle()
    return taken
  }

  /** Removes and returns all records, to be reported as failed. */
  takeAll(): Records {
    this.#assertUnsettled()
    const records = this.#records.takeAll()
    if (this.#state !== 'inFlight') this.#settle()
    return records
  }

  /**
   * Splits a sealed batch in two halves, so that a record that Kafka refuses does not fail the others. This batch
   * keeps the first half; the second has the same history.
   */
  split(): Batch {
    this.#assert('sealed')
    invariant(this.count > 1, 'only a batch of several records can be split')
    invariant(!this.isFrozen, 'a batch that Kafka may have stays whole')
    this.#dropReported()
    const { count } = this
    const middle = count >>> 1
    const second = this.#makeSibling()
    second.#writer.appendFrom(this.#writer, (position) => position >= middle)
    second.#records = this.#records.part(middle, count)
    this.#keep((position) => position < middle, this.#records.part(0, middle))
    return second
  }

  /**
   * Moves records of a sealed batch to others, which have the same history; records of one group to one batch, in
   * their order. This batch keeps the others, and is settled if there are none.
   *
   * @param groupOf - the group of a record; `undefined` if it stays.
   */
  moveOut<Group>(
    groupOf: (record: PendingRecord, key: Buffer | null) => Group | undefined,
  ): ReadonlyMap<Group, Batch> {
    this.#assert('sealed')
    invariant(!this.isFrozen, 'a batch that Kafka may have stays whole')
    this.#dropReported()
    const moved = new Map<Group, Batch>()
    const kept = this.#makeSibling()
    let position = 0
    for (const encoded of this.#writer.records()) {
      const record = this.#records.at(position)
      const group = groupOf(record, readKey(encoded))
      const batch = group === undefined ? kept : (moved.get(group) ?? this.#makeSibling())
      if (group !== undefined) moved.set(group, batch)
      batch.#writer.appendEncoded(encoded)
      batch.#records.push(record)
      position += 1
    }
    this.#writer.release()
    this.#writer = kept.#writer
    this.#records = kept.#records
    if (this.count === 0) this.#settle()
    return moved
  }

  /** Makes an empty sealed batch with the same history. */
  #makeSibling(): Batch {
    const sibling = new Batch(this.#writer.baseTimestampMs, this.#pool)
    sibling.#state = 'sealed'
    sibling.mayBePersisted = this.mayBePersisted
    sibling.countedRetries = this.countedRetries
    sibling.attempts = this.attempts
    return sibling
  }

  /** Removes the reported records from the bytes. */
  #dropReported(): void {
    const records = this.#records
    if (records.count === records.encodedCount) return
    this.#keep((position) => !records.isReported(position), records.part(0, records.encodedCount))
  }

  /** Encodes the kept records again, because Kafka requires offset deltas that count from 0. */
  #keep(isKept: (position: number) => boolean, records: PendingRecords): void {
    const writer = new RecordBatchWriter(this.#writer.baseTimestampMs, this.#pool)
    writer.appendFrom(this.#writer, isKept)
    this.#writer.release()
    this.#writer = writer
    this.#records = records
  }

  /** The only place where a batch is settled and its memory released. */
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
