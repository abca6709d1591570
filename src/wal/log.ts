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
import { FRAME_HEADER_BYTES, frameBytes, NO_KEY } from './frame.ts'
import { FrameMemory } from './frame-memory.ts'
import { type Content, contentOf } from './content.ts'
import { Group } from './group.ts'
import {
  type BacklogState,
  type Entry,
  LogError,
  type LoggedPush,
  type LogObserver,
  type LogOptions,
} from './log-types.ts'
import { LogRoom } from './log-room.ts'
import { findSegments, tidyUp } from './recover-segments.ts'
import type { Place, Segment } from './segment.ts'
import { SegmentWriter } from './segment-writer.ts'
import { SettledSegments } from './settled-segments.ts'
import { isNoRoom, type Storage } from './storage.ts'
import { Tail } from './tail.ts'

const MAX_GROUP_BYTES = 2 * 2 ** 20
const CLOSED = new LogError('closed', 'the write-ahead log is closed')

/** The log of one process. */
export class Log {
  readonly #options: LogOptions
  readonly #segments: Segment[]
  readonly #writer: SegmentWriter
  readonly #settled: SettledSegments
  readonly #memory = new FrameMemory()
  /** The next groups. */
  readonly #waiting: Group[] = []
  #writing: Promise<void> | undefined
  /** Of the segment of a full log. One at a time: pushes are refused faster than a slow disk ends it. */
  #ending: Promise<void> | undefined
  readonly #tail = new Tail()
  /** Of all segments. */
  #bytes: number
  #onChange: () => void = () => undefined
  readonly #room: LogRoom
  /** Of earlier processes, those that were read and were not settled. */
  #recoveredRecords = 0
  #isClosed = false

  private constructor(options: LogOptions, segments: Segment[], nextNumber: number) {
    this.#options = options
    this.#segments = segments
    this.#room = new LogRoom({
      ...options,
      usedBytes: () => this.bytes,
      onStall: (refusal) => {
        options.observer.failed('write', refusal)
        this.#refuseWaiting(refusal)
      },
    })
    this.#bytes = segments.reduce((sum, { endBytes }) => sum + endBytes, 0)
    this.#settled = new SettledSegments({
      ...options,
      removed: (segment) => {
        const index = segments.indexOf(segment)
        if (index === -1) return
        segments.splice(index, 1)
        this.#bytes -= segment.endBytes
      },
    })
    this.#writer = new SegmentWriter(
      options,
      {
        begun: (segment) => {
          segments.push(segment)
          this.#bytes += segment.endBytes
        },
        written: (entries) => {
          for (const entry of entries) this.#accepted(entry)
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
    const open = await Log.inspect(options)
    return open()
  }

  /**
   * Looks whether the folder of a log can be used, and changes nothing.
   *
   * @returns what opens it.
   * @throws UnusableLogError as {@link Log.open}.
   */
  static async inspect(options: LogOptions): Promise<() => Promise<Log>> {
    const found = await findSegments(options)
    return async () => {
      await tidyUp(options, found)
      return new Log(options, found.segments, found.nextNumber)
    }
  }

  /** The segments with accepted frames that are not settled, the oldest first. */
  get segments(): readonly Segment[] {
    return this.#segments
  }

  /** Bytes of all segments. */
  get bytes(): number {
    return this.#bytes
  }

  /** Accepted records that are not settled; of earlier processes, those that were read. */
  get pendingRecords(): number {
    return this.#segments.reduce((sum, { pending }) => sum + pending.count, 0)
  }

  /** When the oldest of them was accepted, to the second, milliseconds since the epoch; `Infinity` without one. */
  get oldestPendingMs(): number {
    return Math.min(...this.#segments.map(({ pending }) => pending.oldestMs))
  }

  /** What the file system has free, as of the last look, which this repeats; `undefined` if that is not known. */
  get freeBytes(): number | undefined {
    const { freeBytes } = this.#room
    return Number.isFinite(freeBytes) ? freeBytes : undefined
  }

  /** What earlier processes left. */
  get backlog(): Omit<BacklogState, 'slot'> {
    const left = this.#segments.filter(({ isRecovered }) => isRecovered)
    const bytes = left.reduce((sum, { endBytes }) => sum + endBytes, 0)
    return { files: left.length, bytes, records: this.#recoveredRecords }
  }

  /** Why the last push was not accepted; `undefined` if it was, or if the next may be. */
  get problem(): string | undefined {
    return this.#room.problem
  }

  /** Whether there is room, and on what disk. */
  get room(): Pick<LogRoom, 'condition' | 'diskBytes'> {
    return this.#room
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
   * @param key - to be kept in the same frame.
   * @returns the segment that has them, when they are as durable as `sync` says.
   * @throws LogError if they are not accepted.
   */
  append(
    records: readonly ProducerRecord[],
    acceptedMs: number,
    key: Buffer = NO_KEY,
  ): Promise<Segment> {
    return this.#append(contentOf(records, acceptedMs, key))
  }

  /**
   * Appends records in place of one that is settled then, even if the log is full: it would never have room again if
   * it were full of such.
   *
   * @throws LogError as {@link Log.append}.
   */
  appendInstead(records: readonly ProducerRecord[], acceptedMs: number): Promise<Segment> {
    return this.#append(contentOf(records, acceptedMs, NO_KEY), true)
  }

  /**
   * Appends a key, with a text about it in place of records.
   *
   * @param mayFill - whether it is appended also where the log has no room for pushes.
   * @returns as {@link Log.append}.
   * @throws LogError if it is not accepted.
   */
  appendKey(key: Buffer, text: string, acceptedMs: number, mayFill: boolean): Promise<Segment> {
    const write = (frame: Buffer, at: number): void => {
      frame.write(text, at)
    }
    const contentBytes = Buffer.byteLength(text)
    return this.#append({ key, contentBytes, recordCount: 1, acceptedMs, write }, mayFill)
  }

  #append(content: Content, mayFill = false): Promise<Segment> {
    const { key, contentBytes, recordCount, acceptedMs, write } = content
    const payloadBytes = key.length + contentBytes
    const bytes = frameBytes(payloadBytes)
    const refusal = this.#isClosed ? CLOSED : this.#refusalOf(bytes, mayFill)
    if (refusal) {
      this.#room.refused(refusal, bytes)
      // Only a segment that has ended can be removed: without this, a log of one segment would stay full.
      if (refusal.kind === 'full') this.#ending ??= this.#end()
      return Promise.reject(refusal)
    }
    const frame = this.#memory.take(bytes)
    key.copy(frame, FRAME_HEADER_BYTES)
    write(frame, FRAME_HEADER_BYTES + key.length)
    const group = this.#groupFor(bytes)
    group.add({ frame, payloadBytes, keyBytes: key.length, recordCount, acceptedMs })
    this.#writing ??= this.#write()
    return group.done
  }

  #refusalOf(bytes: number, mayFill: boolean): LogError | undefined {
    return mayFill ? undefined : this.#room.refusalOf(bytes, this.#waitingBytes)
  }

  get #waitingBytes(): number {
    return this.#waiting.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** Takes the frame at this place out of memory, if it is there. Frames before it are forgotten. */
  takeFromTail(place: Place): Entry | undefined {
    return this.#tail.take(place)
  }

  /** A push was read with so many records that are not settled. */
  passed({ place: { segment }, header }: LoggedPush, records: number): void {
    segment.passed(records)
    if (!segment.isRecovered) return
    segment.pending.add(header.acceptedMs, records)
    this.#recoveredRecords += records
    this.observer.replayed(records)
  }

  /** A record of a push that was read is in Kafka, or among the dead letters. */
  settled({ place: { segment }, header }: LoggedPush, position: number): void {
    segment.settled(header.firstIndex + position)
    segment.pending.add(header.acceptedMs, -1)
    this.#settled.note(segment)
  }

  /** A key that held a segment is noted elsewhere, or is no longer needed. */
  keyReleased(segment: Segment): void {
    segment.releaseKey()
    this.#settled.note(segment)
  }

  /** A segment was read to its end. */
  readToEnd(segment: Segment): void {
    segment.isReadToEnd = true
    this.#settled.note(segment)
  }

  /** Forgets segments whose files somebody else has removed. */
  async forgetRemoved(): Promise<void> {
    const names = new Set(await this.storage.list())
    const gone = this.#segments.filter(({ name, isSealed }) => isSealed && !names.has(name))
    for (const segment of gone) {
      this.#segments.splice(this.#segments.indexOf(segment), 1)
      this.#bytes -= segment.endBytes
    }
  }

  /** Waits for the frames under way, and closes the files. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#writing
    await this.#writer.end()
    await this.#settled.close()
    for (const segment of this.#segments) await segment.close()
  }

  #accepted(entry: Entry): void {
    const { place, header } = entry
    place.segment.pending.add(header.acceptedMs, header.recordCount)
    this.#bytes += frameBytes(header.payloadBytes)
    if (this.#options.isRead !== false) this.#tail.push(entry)
  }

  /** Ends the open segment if nothing is pending. Only one that has ended can be removed. */
  endIfSettled(): void {
    if (this.#segments.length > 0 && this.pendingRecords === 0) this.#ending ??= this.#end()
  }

  async #end(): Promise<void> {
    await this.#writer.end()
    this.#ending = undefined
  }

  /** Pushes of which nothing was written yet. */
  #refuseWaiting(refusal: LogError): void {
    this.#room.refused(refusal, this.#waitingBytes)
    for (const group of this.#waiting.splice(0)) group.refuse(refusal)
  }

  async #write(): Promise<void> {
    for (let group = this.#waiting.shift(); group; group = this.#waiting.shift()) {
      this.#room.writeBegan()
      try {
        const segment = await this.#writer.write(group.appends)
        this.#room.accepted()
        group.accept(segment)
      } catch (error) {
        this.#options.observer.failed('write', error)
        const refusal = isNoRoom(error)
          ? new LogError('full', 'the disk of the write-ahead log is full', error)
          : new LogError('failed', 'the write-ahead log cannot be written', error)
        this.#room.refused(refusal, group.bytes)
        group.refuse(refusal)
      } finally {
        this.#room.writeEnded()
      }
    }
    this.#writing = undefined
  }

  /** The last of the next groups, if it has room for so many bytes. */
  #groupFor(bytes: number): Group {
    const last = this.#waiting.at(-1)
    if (last && last.bytes + bytes <= MAX_GROUP_BYTES) return last
    const group = new Group()
    this.#waiting.push(group)
    return group
  }
}
