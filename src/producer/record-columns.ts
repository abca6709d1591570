/**
 * What is kept of records once their bytes are encoded: columns of numbers rather than an object each. A full
 * queue holds millions of records, and what the collector need not trace costs nothing while it waits.
 */
import type { DeliveryListener } from './types.ts'

/** A record whose outcome is to be known. */
export interface PendingRecord {
  /** When it was admitted, by the monotonic clock. */
  readonly admittedMs: number
  /** Its timestamp in Kafka. */
  readonly timestampMs: number
  readonly valueBytes: number
  readonly listener: DeliveryListener | undefined
  /** Position in the request, handed back to the listener. */
  readonly index: number
}

/** Some records in the order in which they were admitted, by position. */
export interface Records {
  readonly count: number
  /** Bytes of all values together. */
  readonly valueBytes: number
  admittedMsAt(position: number): number
  timestampMsAt(position: number): number
  listenerAt(position: number): DeliveryListener | undefined
  /** Of a record that has a listener: its position in the request. */
  indexAt(position: number): number
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

/** What only those need to know who listen. */
interface Listened {
  readonly listeners: (DeliveryListener | undefined)[]
  readonly indexes: number[]
}

/** See the head of this file. */
export class RecordColumns implements Records {
  #count = 0
  #valueBytes = 0
  #capacity = FIRST_PAGE_RECORDS
  readonly #pages = [newPage(FIRST_PAGE_RECORDS)]
  /** `undefined` as long as nobody listens. */
  #listened: Listened | undefined

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

  listenerAt(position: number): DeliveryListener | undefined {
    return this.#listened?.listeners[position]
  }

  timestampMsAt(position: number): number {
    return this.#numberAt(position, TIMESTAMP)
  }

  indexAt(position: number): number {
    return this.#listened?.indexes[position] ?? 0
  }

  /** Adds a record at the end. */
  push({ admittedMs, timestampMs, valueBytes, listener, index }: PendingRecord): void {
    const position = this.#count
    if (position === this.#capacity) this.#grow()
    const page = this.#pages[position >>> PAGE_BITS]
    if (page) {
      const at = (position % PAGE_RECORDS) * NUMBERS
      page[at + ADMITTED] = admittedMs
      page[at + TIMESTAMP] = timestampMs
      page[at + VALUE_BYTES] = valueBytes
    }
    if (listener) {
      this.#listened ??= { listeners: [], indexes: [] }
      this.#listened.listeners[position] = listener
      this.#listened.indexes[position] = index
    }
    this.#count += 1
    this.#valueBytes += valueBytes
  }

  /** Returns records `from` up to `to`, copied. */
  slice(from: number, to: number): RecordColumns {
    const part = new RecordColumns()
    for (let position = from; position < to; position += 1) {
      part.push({
        admittedMs: this.admittedMsAt(position),
        timestampMs: this.timestampMsAt(position),
        valueBytes: this.#numberAt(position, VALUE_BYTES),
        listener: this.listenerAt(position),
        index: this.indexAt(position),
      })
    }
    return part
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
