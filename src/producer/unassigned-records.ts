import type { AdmittedRecord } from './batch.ts'
import type { ChunkPool } from './chunk-pool.ts'
import { readRecord, type RecordParts } from './read-record.ts'
import { measure, RecordBatchWriter } from './record-batch.ts'
import { PendingRecords } from './pending-records.ts'
import type { Records } from './record-columns.ts'

/** A segment of this size, bytes, takes no further records. */
const SEGMENT_BYTES = 1_048_576

/**
 * The records of a topic whose partitions are not known yet, in the order of their admission. They wait encoded, as
 * in a batch: as strings they would take several times their size of V8's heap, and a string that is part of a
 * request body keeps the whole body alive.
 *
 * They lie in segments. The memory of a segment is released when its last record is taken: to move all records to
 * the batches of their partitions takes hardly more memory than one segment.
 */
export class UnassignedRecords {
  readonly #topic: string
  readonly #pool: ChunkPool
  #segments: readonly Segment[] = []

  constructor(topic: string, pool: ChunkPool) {
    this.#topic = topic
    this.#pool = pool
  }

  get count(): number {
    return this.#segments.reduce((sum, { count }) => sum + count, 0)
  }

  /** Bytes of all values together. */
  get valueBytes(): number {
    return this.#segments.reduce((sum, { valueBytes }) => sum + valueBytes, 0)
  }

  /** When the first record was admitted; Infinity if there is none. */
  get oldestAdmittedMs(): number {
    return this.#segments[0]?.firstAdmittedMs ?? Infinity
  }

  /** When the first record expires; `Infinity` if none does. */
  get firstDeadlineMs(): number {
    return this.#segments.reduce(
      (firstMs, { firstDeadlineMs }) => Math.min(firstMs, firstDeadlineMs),
      Infinity,
    )
  }

  /** Adds a record at the end. */
  append(admitted: AdmittedRecord): void {
    let last = this.#segments.at(-1)
    if (!last || last.sizeBytes >= SEGMENT_BYTES) {
      last = new Segment(admitted.timestampMs, this.#pool)
      this.#segments = [...this.#segments, last]
    }
    last.append(admitted)
  }

  /** Removes and yields all records, one by one. The bytes of each are valid until the next one is requested. */
  *take(): Generator<AdmittedRecord> {
    for (let [first] = this.#segments; first; [first] = this.#segments) {
      this.#segments = this.#segments.slice(1)
      yield* first.records(this.#topic)
      first.release()
    }
  }

  /** Removes all records, and releases their bytes. */
  takeAll(): readonly Records[] {
    return this.#take((segment) => segment.takeAll())
  }

  /** Removes the expired records, and releases their bytes. */
  takeExpired(nowMs: number): readonly Records[] {
    return this.#take((segment) => segment.takeExpired(nowMs))
  }

  #take(takeFrom: (segment: Segment) => Records): readonly Records[] {
    const taken = this.#segments.map(takeFrom)
    for (const segment of this.#segments) if (segment.count === 0) segment.release()
    this.#segments = this.#segments.filter(({ count }) => count > 0)
    return taken
  }
}

/** One segment of records. */
class Segment {
  readonly #writer: RecordBatchWriter
  readonly #records = new PendingRecords()
  /** The explicit partitions by position; `undefined` while there are none. */
  #partitions: (number | undefined)[] | undefined

  constructor(baseTimestampMs: number, pool: ChunkPool) {
    this.#writer = new RecordBatchWriter(baseTimestampMs, pool)
  }

  get count(): number {
    return this.#records.count
  }

  get valueBytes(): number {
    return this.#records.valueBytes
  }

  get sizeBytes(): number {
    return this.#writer.sizeBytes
  }

  get firstAdmittedMs(): number {
    return this.#records.firstAdmittedMs
  }

  get firstDeadlineMs(): number {
    return this.#records.firstDeadlineMs
  }

  append(admitted: AdmittedRecord): void {
    const { record, sizes, timestampMs } = admitted
    const { partition } = record
    if (partition !== undefined) (this.#partitions ??= [])[this.#records.encodedCount] = partition
    this.#writer.append(record, sizes, timestampMs)
    this.#records.push(admitted)
  }

  /** The remaining records, as they were admitted; keys, values and headers are views of this segment's memory. */
  *records(topic: string): Generator<AdmittedRecord> {
    let position = 0
    for (const encoded of this.#writer.records()) {
      if (!this.#records.isReported(position)) {
        yield this.#record(topic, readRecord(encoded), position)
      }
      position += 1
    }
  }

  takeExpired(nowMs: number): Records {
    return this.#records.takeExpired(nowMs)
  }

  takeAll(): Records {
    return this.#records.takeAll()
  }

  release(): void {
    this.#writer.release()
  }

  /** Creates the record field by field as at admission: V8 optimises the code for objects of one shape. */
  #record(topic: string, { key, value, headers }: RecordParts, position: number): AdmittedRecord {
    const { admittedMs, timestampMs, owner, index, isPinned } = this.#records.at(position)
    const partition = this.#partitions?.[position]
    const record = { topic, partition, key, value, headers, timestampMs }
    const sizes = measure(record)
    const { valueBytes } = sizes
    return { record, sizes, admittedMs, timestampMs, valueBytes, owner, index, isPinned }
  }
}
