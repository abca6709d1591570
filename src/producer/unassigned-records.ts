/**
 * The records of a topic whose partitions are not known yet, in the order in which they were admitted. They wait
 * encoded, as in a batch: as strings they would take several times their bytes of V8's heap, and each string that is
 * a part of a request's body would keep all of that body.
 *
 * They lie in segments, and the memory of a segment goes back as soon as its last record was taken: moving all of
 * them to the batches of their partitions takes hardly more memory than one segment.
 */
import type { AdmittedRecord } from './batch.ts'
import type { ChunkPool } from './chunk-pool.ts'
import { readRecord, type RecordParts } from './read-record.ts'
import { measure, RecordBatchWriter } from './record-batch.ts'
import { RecordColumns, type Records } from './record-columns.ts'

/** A segment that has become as large as this takes no further records. */
const SEGMENT_BYTES = 1_048_576

/** See the head of this file. */
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

  /** When the first record was admitted; Infinity when there is none. */
  get oldestAdmittedMs(): number {
    return this.#segments[0]?.firstAdmittedMs ?? Infinity
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

  /** Takes all records out, one by one. The bytes of each are there until the next one is asked for. */
  *take(): Generator<AdmittedRecord> {
    for (let [first] = this.#segments; first; [first] = this.#segments) {
      this.#segments = this.#segments.slice(1)
      yield* first.records(this.#topic)
      first.release()
    }
  }

  /** Takes all records out and forgets their bytes. */
  takeAll(): readonly Records[] {
    return this.takeAdmittedUntil(Infinity)
  }

  /** Takes out the records that were admitted at or before `sinceMs` and forgets their bytes. */
  takeAdmittedUntil(sinceMs: number): readonly Records[] {
    const taken = this.#segments.map((segment) => segment.takeAdmittedUntil(sinceMs))
    this.#segments = this.#segments.filter(({ count }) => count > 0)
    return taken
  }
}

/** Some of the records. */
class Segment {
  readonly #writer: RecordBatchWriter
  readonly #columns = new RecordColumns()
  /** By position, those that clients chose; `undefined` as long as they chose none. */
  #partitions: (number | undefined)[] | undefined
  /** Leading records that were taken out. */
  #takenCount = 0
  #takenValueBytes = 0

  constructor(baseTimestampMs: number, pool: ChunkPool) {
    this.#writer = new RecordBatchWriter(baseTimestampMs, pool)
  }

  get count(): number {
    return this.#columns.count - this.#takenCount
  }

  get valueBytes(): number {
    return this.#columns.valueBytes - this.#takenValueBytes
  }

  get sizeBytes(): number {
    return this.#writer.sizeBytes
  }

  get firstAdmittedMs(): number {
    return this.#columns.admittedMsAt(this.#takenCount)
  }

  append(admitted: AdmittedRecord): void {
    const { record, sizes, timestampMs } = admitted
    const { partition } = record
    if (partition !== undefined) (this.#partitions ??= [])[this.#columns.count] = partition
    this.#writer.append(record, sizes, timestampMs)
    this.#columns.push(admitted)
  }

  /** The records that were not taken out, as they were admitted; keys, values and headers share memory with this. */
  *records(topic: string): Generator<AdmittedRecord> {
    let position = 0
    for (const encoded of this.#writer.records()) {
      if (position >= this.#takenCount) yield this.#record(topic, readRecord(encoded), position)
      position += 1
    }
  }

  takeAdmittedUntil(sinceMs: number): Records {
    const from = this.#takenCount
    while (this.count > 0 && this.firstAdmittedMs <= sinceMs) this.#takenCount += 1
    const taken = this.#columns.slice(from, this.#takenCount)
    this.#takenValueBytes += taken.valueBytes
    if (this.count === 0) this.release()
    return taken
  }

  release(): void {
    this.#writer.release()
  }

  /** Made field by field as at admission: V8 compiles what happens to records for objects of one shape. */
  #record(topic: string, { key, value, headers }: RecordParts, position: number): AdmittedRecord {
    const timestampMs = this.#columns.timestampMsAt(position)
    const partition = this.#partitions?.[position]
    const record = { topic, partition, key, value, headers, timestampMs }
    const sizes = measure(record)
    return {
      record,
      sizes,
      admittedMs: this.#columns.admittedMsAt(position),
      timestampMs,
      valueBytes: sizes.valueBytes,
      listener: this.#columns.listenerAt(position),
      index: this.#columns.indexAt(position),
    }
  }
}
