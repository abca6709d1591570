/**
 * The log on disk: frames appended in groups, segment by segment, and removed when all of a segment is settled.
 *
 * - A push is accepted when the write and the sync that cover its frame have succeeded. Frames that come meanwhile
 *   form the next group, so that one sync serves all of them.
 * - A segment with a failed write or sync is never appended to again: after a failed fsync the kernel may have
 *   dropped the pages and report success the next time. Its frames of that group are cut off, and written to a new
 *   segment, unless the disk has no room.
 * - Every start begins a new segment, so that nothing follows a torn frame.
 * - Records are settled in files beside the segments, which are not synced: what is lost of them makes duplicates.
 */
import type { ProducerRecord } from '../producer/types.ts'
import { FRAME_HEADER_BYTES, frameBytes } from './frame.ts'
import {
  type Append,
  type Entry,
  LogError,
  type LogObserver,
  type LogOptions,
} from './log-types.ts'
import { payloadBytesOf, writeRecords } from './records.ts'
import { recoverSegments } from './recover-segments.ts'
import type { Place, Segment } from './segment.ts'
import { SegmentWriter } from './segment-writer.ts'
import { SettledSegments } from './settled-segments.ts'
import { isNoRoom, type Storage } from './storage.ts'

const MAX_GROUP_BYTES = 2 * 2 ** 20
/** How often the free space is asked for while pushes come, ms. */
const FREE_SPACE_INTERVAL_MS = 1_000
/** Frames in memory for the feeder, bytes. Those beyond are read from disk. */
const MAX_TAIL_BYTES = 8 * 2 ** 20

/** The log of one process. */
export class Log {
  readonly #options: LogOptions
  readonly #segments: Segment[]
  readonly #writer: SegmentWriter
  readonly #settled: SettledSegments
  /** Frames that wait for their group. */
  #waiting: Append[] = []
  #waitingBytes = 0
  #writing: Promise<void> | undefined
  /** The frames that were appended last, for the feeder. */
  readonly #tail: Entry[] = []
  #tailBytes = 0
  #onChange: () => void = () => undefined
  #pendingRecords = 0
  /** Why the last push was not accepted; `undefined` if it was. */
  #problem: LogError | undefined
  #freeBytes = Infinity
  #freeBytesAskedMs = -Infinity
  #isClosed = false

  private constructor(options: LogOptions, segments: Segment[], nextNumber: number) {
    this.#options = options
    this.#segments = segments
    this.#settled = new SettledSegments({
      ...options,
      removed: (segment) => {
        const index = segments.indexOf(segment)
        if (index !== -1) segments.splice(index, 1)
      },
    })
    this.#writer = new SegmentWriter(
      options,
      {
        begun: (segment) => {
          segments.push(segment)
        },
        written: (entries) => {
          for (const { header } of entries) this.#pendingRecords += header.recordCount
          this.#keepInTail(entries)
          this.#onChange()
        },
        ended: (segment) => {
          this.#settled.note(segment)
          this.#onChange()
        },
      },
      nextNumber,
    )
  }

  /**
   * Opens the log of a folder.
   *
   * @throws UnusableLogError if the folder has other files, or files of a later version. Nothing is changed then.
   */
  static async open(options: LogOptions): Promise<Log> {
    const { segments, nextNumber } = await recoverSegments(options)
    return new Log(options, segments, nextNumber)
  }

  /** The segments with accepted frames that are not settled, the oldest first. */
  get segments(): readonly Segment[] {
    return this.#segments
  }

  /** Bytes of all segments. */
  get bytes(): number {
    return this.#segments.reduce((sum, { endBytes }) => sum + endBytes, 0)
  }

  /** Accepted records that are not settled; of earlier processes, those that were read. */
  get pendingRecords(): number {
    return this.#pendingRecords
  }

  /** Why the last push was not accepted; `undefined` if it was. */
  get problem(): string | undefined {
    return this.#problem?.message
  }

  get storage(): Storage {
    return this.#options.storage
  }

  get observer(): LogObserver {
    return this.#options.observer
  }

  /** Calls `listener` whenever there is more to read, or a segment has ended. */
  onChange(listener: () => void): void {
    this.#onChange = listener
  }

  /**
   * Appends the records of one push.
   *
   * @returns when they are as durable as `sync` says.
   * @throws LogError if they are not accepted.
   */
  append(records: readonly ProducerRecord[], acceptedMs: number): Promise<void> {
    const payloadBytes = payloadBytesOf(records)
    const bytes = frameBytes(payloadBytes)
    const refusal = this.#refusalOf(bytes)
    if (refusal) {
      this.#problem = refusal
      // Only a segment that has ended can be removed: without this, a log of one segment would stay full.
      if (refusal.kind === 'full') void this.#writer.end()
      return Promise.reject(refusal)
    }
    const frame = Buffer.allocUnsafe(bytes)
    writeRecords(records, frame, FRAME_HEADER_BYTES, acceptedMs)
    const done = Promise.withResolvers<undefined>()
    this.#waiting.push({ frame, payloadBytes, recordCount: records.length, acceptedMs, done })
    this.#waitingBytes += bytes
    this.#writing ??= this.#write()
    return done.promise
  }

  /** Takes the frame at this place out of memory, if it is there. Frames before it are forgotten. */
  takeFromTail({ segment, at }: Place): Entry | undefined {
    for (let [entry] = this.#tail; entry; [entry] = this.#tail) {
      const { place, payload } = entry
      const isSame = place.segment === segment
      if (place.segment.number > segment.number || (isSame && place.at > at)) return undefined
      this.#tail.shift()
      this.#tailBytes -= payload.length
      if (isSame && place.at === at) return entry
    }
    return undefined
  }

  /** Records of a segment were read that are not settled. */
  passed(segment: Segment, records: number): void {
    segment.passed(records)
    if (segment.isRecovered) this.#pendingRecords += records
  }

  /** A record that was read is in Kafka, or among the dead letters. */
  settled(segment: Segment, index: number): void {
    segment.settled(index)
    this.#pendingRecords -= 1
    this.#settled.note(segment)
  }

  /** A segment was read to its end. */
  readToEnd(segment: Segment): void {
    segment.isReadToEnd = true
    this.#settled.note(segment)
  }

  /** Waits for the frames under way, and closes the files. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#writing
    await this.#writer.end()
    await this.#settled.close()
    for (const segment of this.#segments) await segment.close()
  }

  #refusalOf(bytes: number): LogError | undefined {
    const { maxBytes, minFreeBytes } = this.#options
    if (this.#isClosed) return new LogError('closed', 'the write-ahead log is closed')
    const added = this.#waitingBytes + bytes
    if (this.bytes + added > maxBytes) {
      return new LogError('full', 'the write-ahead log is as large as it may be (wal.max_bytes)')
    }
    this.#askFreeBytes()
    if (this.#freeBytes - added < minFreeBytes) {
      return new LogError(
        'full',
        'the disk of the write-ahead log has too little room (wal.min_free_bytes)',
      )
    }
    return undefined
  }

  #askFreeBytes(): void {
    const { clock, storage } = this.#options
    const nowMs = clock.nowMs()
    if (nowMs - this.#freeBytesAskedMs < FREE_SPACE_INTERVAL_MS) return
    this.#freeBytesAskedMs = nowMs
    storage.freeBytes().then(
      (bytes) => (this.#freeBytes = bytes),
      // Whether there is room shows when something is written.
      () => (this.#freeBytes = Infinity),
    )
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#takeGroup()
      try {
        await this.#writer.write(group)
        this.#problem = undefined
        for (const { done } of group) done.resolve(undefined)
      } catch (error) {
        this.#options.observer.failed('write', error)
        const refusal = isNoRoom(error)
          ? new LogError('full', 'the disk of the write-ahead log is full', error)
          : new LogError('failed', 'the write-ahead log cannot be written', error)
        this.#problem = refusal
        for (const { done } of group) done.reject(refusal)
      }
    }
    this.#writing = undefined
  }

  #takeGroup(): readonly Append[] {
    let bytes = 0
    let count = 0
    for (const { frame } of this.#waiting) {
      if (count > 0 && bytes + frame.length > MAX_GROUP_BYTES) break
      bytes += frame.length
      count += 1
    }
    this.#waitingBytes -= bytes
    return this.#waiting.splice(0, count)
  }

  #keepInTail(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.#tail.push(entry)
      this.#tailBytes += entry.payload.length
    }
    while (this.#tailBytes > MAX_TAIL_BYTES) {
      this.#tailBytes -= this.#tail.shift()?.payload.length ?? 0
    }
  }
}
