import { invariant } from '../base/invariant.ts'
import type { RecordOwner } from './types.ts'

/** The data of a record until its report. */
export interface PendingRecord {
  /** When it was admitted, monotonic ms. */
  readonly admittedMs: number
  /** Its timestamp in Kafka, ms since the epoch. */
  readonly timestampMs: number
  readonly valueBytes: number
  readonly owner: RecordOwner
  /** Its index in the call that sent it; passed to its owner. */
  readonly index: number
  /** Whether its partition was asked for: then it must not get another. */
  readonly isPinned: boolean
}

/** Records by position, in the order of their admission. */
export interface Records {
  readonly count: number
  /** Bytes of all values together. */
  readonly valueBytes: number
  admittedMsAt(position: number): number
  timestampMsAt(position: number): number
  ownerAt(position: number): RecordOwner
  /** The index in the call that sent the record, if its owner gets reports per record; otherwise 0. */
  indexAt(position: number): number
  /** The record at a position. */
  at(position: number): PendingRecord
  /** Whether any owner gets reports per record. */
  readonly areHeard: boolean
}

/**
 * Records in the first page: few, so that the columns of a small batch are small heap objects, which are cheap to
 * create.
 */
const FIRST_PAGE_RECORDS = 2
/**
 * Columns grow by pages; the first page grows up to this size. Arrays as large as a full batch would leave holes
 * between the chunks of record bytes, a fifth of all memory.
 */
const PAGE_RECORDS = 1_024
const PAGE_BITS = 10

/**
 * The numbers of some records, those of one record next to each other: one array per column would be a large part
 * of a batch with one record. The first page is a plain array, which V8 creates far faster than a typed one.
 */
type Page = Float64Array | number[]
/** The count and the order of the numbers of each record. */
const NUMBERS = 3
const ADMITTED = 0
const TIMESTAMP = 1
const VALUE_BYTES = 2

/**
 * Stores the data of encoded records in columns of numbers instead of one object each: a full queue has millions of
 * records, and the garbage collector need not trace numbers.
 */
export class RecordColumns implements Records {
  #count = 0
  #valueBytes = 0
  #capacity = FIRST_PAGE_RECORDS
  #firstPage: Page = firstPage()
  /** The pages after the first; `undefined` while there are none, as in most batches. */
  #laterPages: Page[] | undefined
  /** The owner of all records while `#owners` is undefined. */
  #owner: RecordOwner | undefined
  /** Owners by position; `undefined` while all records have the same. */
  #owners: RecordOwner[] | undefined
  /** Indexes by position; `undefined` while no owner gets reports per record. */
  #indexes: number[] | undefined
  /** Whether all records are pinned, while `#pins` is undefined; `undefined` while there is no record. */
  #arePinned: boolean | undefined
  /** Whether they are pinned, by position; `undefined` while all records are alike. */
  #pins: boolean[] | undefined
  /** Of the last record, and whether its index is kept. */
  #latestOwner: RecordOwner | undefined
  #isIndexed = false
  #areHeard = false
  #shortestTimeoutMs = 0
  #longestTimeoutMs = 0

  /** Creates columns of these records. */
  static of(records: Iterable<PendingRecord>): RecordColumns {
    const columns = new RecordColumns()
    for (const record of records) columns.push(record)
    return columns
  }

  get count(): number {
    return this.#count
  }

  get valueBytes(): number {
    return this.#valueBytes
  }

  admittedMsAt(position: number): number {
    return this.#numberAt(position, ADMITTED)
  }

  ownerAt(position: number): RecordOwner {
    const owner = this.#owners?.[position] ?? this.#owner
    invariant(owner !== undefined, 'every record has an owner')
    return owner
  }

  timestampMsAt(position: number): number {
    return this.#numberAt(position, TIMESTAMP)
  }

  valueBytesAt(position: number): number {
    return this.#numberAt(position, VALUE_BYTES)
  }

  indexAt(position: number): number {
    return this.#indexes?.[position] ?? 0
  }

  get areHeard(): boolean {
    return this.#areHeard
  }

  /** Whether their owners have different delivery timeouts. */
  get haveSeveralTimeouts(): boolean {
    return this.#shortestTimeoutMs < this.#longestTimeoutMs
  }

  /** The longest delivery timeout of all owners; 0 if there is no record. */
  get longestTimeoutMs(): number {
    return this.#longestTimeoutMs
  }

  /** When a record expires; Infinity means never. */
  deadlineMsAt(position: number): number {
    return this.admittedMsAt(position) + this.ownerAt(position).deliveryTimeoutMs
  }

  /** Adds a record at the end. */
  push({ admittedMs, timestampMs, valueBytes, owner, index, isPinned }: PendingRecord): void {
    const position = this.#count
    if (position === this.#capacity) this.#grow()
    const page = this.#pageOf(position)
    if (page) {
      const at = (position % PAGE_RECORDS) * NUMBERS
      page[at + ADMITTED] = admittedMs
      page[at + TIMESTAMP] = timestampMs
      page[at + VALUE_BYTES] = valueBytes
    }
    // Records of one owner mostly follow each other: all that depends on the owner is looked up once.
    if (owner !== this.#latestOwner) this.#changeOwner(position, owner)
    if (this.#owners) this.#owners[position] = owner
    if (this.#isIndexed) (this.#indexes ??= [])[position] = index
    if (isPinned !== this.#arePinned) this.#mixPins(position, isPinned)
    if (this.#pins) this.#pins[position] = isPinned
    this.#count += 1
    this.#valueBytes += valueBytes
  }

  /** The record at a position. */
  at(position: number): PendingRecord {
    return {
      admittedMs: this.admittedMsAt(position),
      timestampMs: this.timestampMsAt(position),
      valueBytes: this.valueBytesAt(position),
      owner: this.ownerAt(position),
      index: this.indexAt(position),
      isPinned: this.#pins?.[position] ?? this.#arePinned ?? false,
    }
  }

  #changeOwner(position: number, owner: RecordOwner): void {
    const { deliveryTimeoutMs } = owner
    if (this.#owner === undefined) {
      this.#owner = owner
      this.#shortestTimeoutMs = deliveryTimeoutMs
      this.#longestTimeoutMs = deliveryTimeoutMs
    } else {
      this.#owners ??= new Array<RecordOwner>(position).fill(this.#owner)
      this.#shortestTimeoutMs = Math.min(this.#shortestTimeoutMs, deliveryTimeoutMs)
      this.#longestTimeoutMs = Math.max(this.#longestTimeoutMs, deliveryTimeoutMs)
    }
    this.#latestOwner = owner
    this.#isIndexed = owner.settled !== undefined || owner.handedBack !== undefined
    if (owner.settled) this.#areHeard = true
  }

  #mixPins(position: number, isPinned: boolean): void {
    if (this.#arePinned === undefined) this.#arePinned = isPinned
    else this.#pins ??= new Array<boolean>(position).fill(this.#arePinned)
  }

  #numberAt(position: number, which: number): number {
    const page = this.#pageOf(position)
    return page?.[(position % PAGE_RECORDS) * NUMBERS + which] ?? NaN
  }

  #pageOf(position: number): Page | undefined {
    return position < PAGE_RECORDS
      ? this.#firstPage
      : this.#laterPages?.[(position >>> PAGE_BITS) - 1]
  }

  /** Enlarges the first page, or adds a page. */
  #grow(): void {
    if (this.#capacity < PAGE_RECORDS) {
      const larger = newPage(2 * this.#capacity)
      larger.set(this.#firstPage)
      this.#firstPage = larger
      this.#capacity *= 2
    } else {
      this.#laterPages ??= []
      this.#laterPages.push(newPage(PAGE_RECORDS))
      this.#capacity += PAGE_RECORDS
    }
  }
}

/** A page for {@link FIRST_PAGE_RECORDS}. The numbers that it begins with make V8 store fractions in place. */
function firstPage(): number[] {
  return [NaN, NaN, NaN, NaN, NaN, NaN]
}

function newPage(records: number): Float64Array {
  return new Float64Array(NUMBERS * records)
}
