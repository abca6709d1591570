import { RecordColumns, type PendingRecord, type Records } from './record-columns.ts'

/** Adjacent records that were not taken out, from one position up to another. */
export interface Run {
  readonly from: number
  readonly to: number
}

/** A record that was taken out, behind its position. */
export type PositionedRecord = readonly [position: number, record: PendingRecord]

/** Adjacent records of an acknowledged batch, and the position of the first in the sent batch. */
export interface RecordRun {
  readonly from: number
  readonly records: Records
}

/**
 * The records of a batch, or of a topic without known partitions, until each is taken out for its report: because
 * it expired, or with all others. Positions never change, so that they match the encoded records.
 *
 * Nearly always all records have the same delivery timeout. Then they expire in order, and only the first is
 * checked. If owners have different timeouts, all records are checked whenever one has expired.
 */
export class PendingRecords {
  readonly #columns: RecordColumns
  /** Position of the first record that was not taken out. */
  #first = 0
  /** Later positions that were taken out; `undefined` while there are none. */
  #reported: Set<number> | undefined
  #count: number
  #reportedValueBytes = 0
  #firstDeadlineMs = Infinity

  constructor(columns = new RecordColumns()) {
    this.#columns = columns
    this.#count = columns.count
    if (columns.count > 0) this.#findFirstDeadline()
  }

  /** Number of records that were not taken out. */
  get count(): number {
    return this.#count
  }

  /** Number of all records, including those that were taken out. */
  get encodedCount(): number {
    return this.#columns.count
  }

  /** Bytes of the values of records that were not taken out. */
  get valueBytes(): number {
    return this.#columns.valueBytes - this.#reportedValueBytes
  }

  /** When the first record was admitted; `Infinity` if there is none. */
  get firstAdmittedMs(): number {
    return this.#count === 0 ? Infinity : this.#columns.admittedMsAt(this.#first)
  }

  /** When the first record expires; `Infinity` if none does. */
  get firstDeadlineMs(): number {
    return this.#firstDeadlineMs
  }

  /** When the first record would expire with the longest timeout of all records. */
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

  /** Returns the record at a position. */
  at(position: number): PendingRecord {
    return this.#columns.at(position)
  }

  /** Whether the record at a position was taken out. */
  isReported(position: number): boolean {
    return position < this.#first || this.#reported?.has(position) === true
  }

  /** Takes out the records whose deadline is at or before `nowMs`. */
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

  /** Takes out the records at these positions, without those that were taken out before. */
  takeAt(positions: readonly number[]): readonly PositionedRecord[] {
    const remaining = positions.filter((position) => !this.isReported(position))
    const taken = remaining.map((position) => [position, this.#columns.at(position)] as const)
    for (const position of remaining) this.#report(position)
    this.#findFirstDeadline()
    return taken
  }

  /** Takes out all remaining records. */
  takeAll(): Records {
    const isWhole = this.#count === this.#columns.count
    const records = isWhole ? this.#columns : this.#copy(0, this.#columns.count)
    this.#reportAll()
    return records
  }

  /** Takes out all remaining records, with their positions. */
  takeRuns(): readonly RecordRun[] {
    if (this.#count === this.#columns.count) return [{ from: 0, records: this.takeAll() }]
    const runs = [...this.runs()].map(({ from, to }) => ({ from, records: this.#copy(from, to) }))
    this.#reportAll()
    return runs
  }

  /** Copies the remaining records from one position up to another. */
  part(from: number, to: number): PendingRecords {
    return new PendingRecords(this.#copy(from, to))
  }

  /** The positions of the remaining records, as runs. */
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

  /** The positions of the remaining records. */
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
