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
  /** Position in the request of the record at this one. */
  indexAt(position: number): number
}

const FIRST_CAPACITY = 4
/** Numbers of one record: when it was admitted, its timestamp, the bytes of its value. */
const STRIDE = 3
const TIMESTAMP_AT = 1
const VALUE_BYTES_AT = 2

/** See the head of this file. */
export class RecordColumns implements Records {
  #count = 0
  #numbers = new Float64Array(FIRST_CAPACITY * STRIDE)
  /** `undefined` as long as nobody listens. */
  #listeners: (DeliveryListener | undefined)[] | undefined
  #indexes: number[] | undefined

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
    let sum = 0
    for (let position = 0; position < this.#count; position += 1) {
      sum += this.#numbers[position * STRIDE + VALUE_BYTES_AT] ?? NaN
    }
    return sum
  }

  admittedMsAt(position: number): number {
    return this.#numbers[position * STRIDE] ?? NaN
  }

  timestampMsAt(position: number): number {
    return this.#numbers[position * STRIDE + TIMESTAMP_AT] ?? NaN
  }

  listenerAt(position: number): DeliveryListener | undefined {
    return this.#listeners?.[position]
  }

  indexAt(position: number): number {
    return this.#indexes?.[position] ?? 0
  }

  /** Adds a record at the end. */
  push({ admittedMs, timestampMs, valueBytes, listener, index }: PendingRecord): void {
    const at = this.#count * STRIDE
    if (at === this.#numbers.length) this.#grow()
    this.#numbers[at] = admittedMs
    this.#numbers[at + TIMESTAMP_AT] = timestampMs
    this.#numbers[at + VALUE_BYTES_AT] = valueBytes
    if (listener) {
      this.#listeners ??= []
      this.#indexes ??= []
      this.#listeners[this.#count] = listener
      this.#indexes[this.#count] = index
    }
    this.#count += 1
  }

  /** Returns records `from` up to `to`, copied. */
  slice(from: number, to: number): RecordColumns {
    const part = new RecordColumns()
    part.#count = to - from
    part.#numbers = this.#numbers.slice(from * STRIDE, to * STRIDE)
    part.#listeners = this.#listeners?.slice(from, to)
    part.#indexes = this.#indexes?.slice(from, to)
    return part
  }

  #grow(): void {
    const larger = new Float64Array(Math.max(FIRST_CAPACITY * STRIDE, 2 * this.#numbers.length))
    larger.set(this.#numbers)
    this.#numbers = larger
  }
}
