/**
 * The records of a batch, or of a topic that is not known yet, until each was handed out for its report: because its
 * time is over, or with all others. Positions never change, so that they stay those of the encoded records.
 *
 * Nearly always all records have the same delivery timeout. Then they expire from the front, and only the first must
 * be looked at. Where owners differ in it, all are, whenever one of them has expired.
 */
import { RecordColumns, type PendingRecord, type Records } from './record-columns.ts'

/** Records next to each other that were not handed out, from one position up to another. */
export interface Run {
  readonly from: number
  readonly to: number
}

/** Records that Kafka acknowledged together, and where they are among those that were sent. */
export interface RecordRun {
  readonly from: number
  readonly records: Records
}

/** See the head of this file. */
export class PendingRecords {
  readonly #columns: RecordColumns
  /** Position of the first record that was not handed out: all before it were. */
  #first = 0
  /** Positions behind it that were; `undefined` as long as there were none. */
  #reported: Set<number> | undefined
  #count: number
  #reportedValueBytes = 0
  #firstDeadlineMs = Infinity

  constructor(columns = new RecordColumns()) {
    this.#columns = columns
    this.#count = columns.count
    this.#findFirstDeadline()
  }

  /** Number of records that were not handed out. */
  get count(): number {
    return this.#count
  }

  /** Number of records, those included that were handed out. */
  get encodedCount(): number {
    return this.#columns.count
  }

  /** Bytes of the values of records that were not handed out. */
  get valueBytes(): number {
    return this.#columns.valueBytes - this.#reportedValueBytes
  }

  /** When the first record was admitted; `Infinity` when there is none. */
  get firstAdmittedMs(): number {
    return this.#count === 0 ? Infinity : this.#columns.admittedMsAt(this.#first)
  }

  /** When the first record expires; `Infinity` when none does. */
  get firstDeadlineMs(): number {
    return this.#firstDeadlineMs
  }

  /** When the first record would expire with the longest timeout of all. */
  get longestDeadlineMs(): number {
    return this.firstAdmittedMs + this.#columns.longestTimeoutMs
  }

  /** Adds a record at the end. */
  push(record: PendingRecord): void {
    this.#columns.push(record)
    this.#count += 1
    const deadlineMs = record.admittedMs + record.owner.deliveryTimeoutMs
    if (deadlineMs < this.#firstDeadlineMs) this.#firstDeadlineMs = deadlineMs
  }

  /** The record at a position. */
  at(position: number): PendingRecord {
    return this.#columns.at(position)
  }

  /** Whether the record at a position was handed out. */
  isReported(position: number): boolean {
    return position < this.#first || this.#reported?.has(position) === true
  }

  /** Hands out the records whose deadline is at or before `nowMs`. */
  takeExpired(nowMs: number): Records {
    const expired = new RecordColumns()
    if (this.#firstDeadlineMs > nowMs) return expired
    for (const position of this.#positions()) {
      if (this.#columns.deadlineMsAt(position) <= nowMs) {
        expired.push(this.#columns.at(position))
        this.#report(position)
      } else if (!this.#columns.haveSeveralTimeouts) break
    }
    this.#findFirstDeadline()
    return expired
  }

  /** Hands out all records that are left. */
  takeAll(): Records {
    const isWhole = this.#count === this.#columns.count
    const records = isWhole ? this.#columns : this.#copy(0, this.#columns.count)
    this.#reportAll()
    return records
  }

  /** Hands out all records that are left, with where they are. */
  takeRuns(): readonly RecordRun[] {
    if (this.#count === this.#columns.count) return [{ from: 0, records: this.takeAll() }]
    const runs = [...this.runs()].map(({ from, to }) => ({ from, records: this.#copy(from, to) }))
    this.#reportAll()
    return runs
  }

  /** Copies the records from one position up to another that were not handed out. */
  part(from: number, to: number): PendingRecords {
    return new PendingRecords(this.#copy(from, to))
  }

  /** Where the records are that were not handed out. */
  *runs(): Generator<Run> {
    let from = this.#first
    let to = from
    for (const position of this.#positions()) {
      if (position > to) {
        yield { from, to }
        from = position
      }
      to = position + 1
    }
    if (to > from) yield { from, to }
  }

  /** Positions that were not handed out. */
  *#positions(): Generator<number> {
    for (let position = this.#first; position < this.#columns.count; position += 1) {
      if (!this.isReported(position)) yield position
    }
  }

  #findFirstDeadline(): void {
    this.#firstDeadlineMs = Infinity
    for (const position of this.#positions()) {
      const deadlineMs = this.#columns.deadlineMsAt(position)
      if (deadlineMs < this.#firstDeadlineMs) this.#firstDeadlineMs = deadlineMs
      if (!this.#columns.haveSeveralTimeouts) break
    }
  }

  #copy(from: number, to: number): RecordColumns {
    const copy = new RecordColumns()
    for (let position = from; position < to; position += 1) {
      if (!this.isReported(position)) copy.push(this.#columns.at(position))
    }
    return copy
  }

  #report(position: number): void {
    this.#count -= 1
    this.#reportedValueBytes += this.#columns.valueBytesAt(position)
    if (position === this.#first) {
      this.#first += 1
      while (this.#reported?.has(this.#first)) this.#first += 1
    } else (this.#reported ??= new Set()).add(position)
  }

  #reportAll(): void {
    this.#count = 0
    this.#reportedValueBytes = this.#columns.valueBytes
    this.#first = this.#columns.count
    this.#firstDeadlineMs = Infinity
  }
}
