/**
 * What is kept of records once their bytes are encoded: columns of numbers rather than an object each. A full
 * queue holds millions of records, and what the collector need not trace costs nothing while it waits.
 */
import { invariant } from '../base/invariant.ts'
import type { RecordOwner } from './types.ts'

/** A record whose outcome is to be known. */
export interface PendingRecord {
  /** When it was admitted, by the monotonic clock. */
  readonly admittedMs: number
  /** Its timestamp in Kafka. */
  readonly timestampMs: number
  readonly valueBytes: number
  readonly owner: RecordOwner
  /** Position in the call that sent it, which its owner is told. */
  readonly index: number
}

/** Some records in the order in which they were admitted, by position. */
export interface Records {
  readonly count: number
  /** Bytes of all values together. */
  readonly valueBytes: number
  admittedMsAt(position: number): number
  timestampMsAt(position: number): number
  ownerAt(position: number): RecordOwner
  /** Position in the call that sent the record, if its owner is told of single records; else 0. */
  indexAt(position: number): number
  /** The record at a position. */
  at(position: number): PendingRecord
  /** Whether the owner of any of them hears of each record. */
  readonly areHeard: boolean
}

/** So few that the columns of a small batch are small objects of the heap, which are made at once. */
const FIRST_PAGE_RECORDS = 2
/**
 * Columns grow by pages, the first one up to this size: arrays that grow as large as a full batch would leave
 * holes between the chunks that hold the bytes, a fifth of all memory.
 */
const PAGE_RECORDS = 1_024
const PAGE_BITS = 10

/** The numbers of some records, those of one record in a row: of a batch of one record, an array is a good part. */
type Page = Float64Array
/** How many numbers there are of each record, and where each is. */
const NUMBERS = 3
const ADMITTED = 0
const TIMESTAMP = 1
const VALUE_BYTES = 2

/** See the head of this file. */
export class RecordColumns implements Records {
  #count = 0
  #valueBytes = 0
  #capacity = FIRST_PAGE_RECORDS
  readonly #pages = [newPage(FIRST_PAGE_RECORDS)]
  /** Of all records, as long as `#owners` is not there. */
  #owner: RecordOwner | undefined
  /** By position; `undefined` as long as all have the same. */
  #owners: RecordOwner[] | undefined
  /** By position; `undefined` as long as no owner is told of single records. */
  #indexes: number[] | undefined
  /** Of the last record, and whether its index is kept. */
  #latestOwner: RecordOwner | undefined
  #isIndexed = false
  #areHeard = false
  #shortestTimeoutMs = Infinity
  #longestTimeoutMs = 0

  /** Makes columns of some records. */
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

  /** Whether their owners differ in how long a record may take. */
  get haveSeveralTimeouts(): boolean {
    return this.#shortestTimeoutMs < this.#longestTimeoutMs
  }

  /** The longest time that an owner gives; 0 when there is no record. */
  get longestTimeoutMs(): number {
    return this.#longestTimeoutMs
  }

  /** When a record is given up; Infinity: never. */
  deadlineMsAt(position: number): number {
    return this.admittedMsAt(position) + this.ownerAt(position).deliveryTimeoutMs
  }

  /** Adds a record at the end. */
  push({ admittedMs, timestampMs, valueBytes, owner, index }: PendingRecord): void {
    const position = this.#count
    if (position === this.#capacity) this.#grow()
    const page = this.#pages[position >>> PAGE_BITS]
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
    }
  }

  #changeOwner(position: number, owner: RecordOwner): void {
    if (this.#owner === undefined) this.#owner = owner
    else this.#owners ??= new Array<RecordOwner>(position).fill(this.#owner)
    this.#latestOwner = owner
    this.#shortestTimeoutMs = Math.min(this.#shortestTimeoutMs, owner.deliveryTimeoutMs)
    this.#longestTimeoutMs = Math.max(this.#longestTimeoutMs, owner.deliveryTimeoutMs)
    this.#isIndexed = owner.settled !== undefined || owner.handedBack !== undefined
    if (owner.settled) this.#areHeard = true
  }

  #numberAt(position: number, which: number): number {
    const page = this.#pages[position >>> PAGE_BITS]
    return page?.[(position % PAGE_RECORDS) * NUMBERS + which] ?? NaN
  }

  /** Makes the first page larger, or adds another. */
  #grow(): void {
    const [first] = this.#pages
    if (first && this.#capacity < PAGE_RECORDS) {
      const larger = newPage(2 * this.#capacity)
      larger.set(first)
      this.#pages[0] = larger
      this.#capacity *= 2
    } else {
      this.#pages.push(newPage(PAGE_RECORDS))
      this.#capacity += PAGE_RECORDS
    }
  }
}

function newPage(records: number): Page {
  return new Float64Array(NUMBERS * records)
}
