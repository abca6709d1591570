/** Writes groups of frames to segments, one group after the other, and begins and ends the segments. */
import type { CancelTimer } from '../base/clock.ts'
import { IndexSet } from './acknowledgements.ts'
import {
  FRAME_HEADER_BYTES,
  NO_KEY,
  SEAL,
  sealFrame,
  SEGMENT_HEADER_BYTES,
  segmentHeader,
} from './frame.ts'
import { merged } from './frame-memory.ts'
import type { Append } from './group.ts'
import type { Entry, LogOptions } from './log-types.ts'
import { Segment } from './segment.ts'
import { type AppendedFile, isNoRoom } from './storage.ts'

/** Index and number of the records of a segment are 32-bit numbers. */
const MAX_RECORDS = 2 ** 31

interface OpenFile {
  readonly segment: Segment
  readonly file: AppendedFile
  nextIndex: number
  /** Whether it has accepted frames that are not synced. */
  isDirty: boolean
}

/** What a {@link SegmentWriter} tells. */
export interface SegmentListener {
  /** A segment was begun. It has no frames yet. */
  begun(segment: Segment): void
  /** Frames were accepted. */
  written(entries: readonly Entry[]): void
  /** Nothing more is appended to a segment. */
  ended(segment: Segment): void
}

/** The writing end of a log. */
export class SegmentWriter {
  readonly #options: LogOptions
  readonly #listener: SegmentListener
  #open: OpenFile | undefined
  #nextNumber: number
  #cancelSync: CancelTimer | undefined
  /** The operation under way: a file has one at a time. */
  #lastTurn: Promise<unknown> = Promise.resolve()

  constructor(options: LogOptions, listener: SegmentListener, nextNumber: number) {
    this.#options = options
    this.#listener = listener
    this.#nextNumber = nextNumber
  }

  /**
   * Writes a group, in a second segment if the first fails.
   *
   * @returns the segment that has it.
   * @throws the error of the operating system. Then no frame of the group is accepted.
   */
  write(group: readonly Append[]): Promise<Segment> {
    return this.#inTurn(async () => {
      try {
        return await this.#tryGroup(group)
      } catch (error) {
        if (isNoRoom(error)) throw error
        this.#options.observer.failed('write', error)
        return await this.#tryGroup(group)
      }
    })
  }

  /** Ends the open segment as intended. */
  end(): Promise<void> {
    this.#cancelSync?.()
    return this.#inTurn(() => this.#endSegment())
  }

  #inTurn<Result>(task: () => Promise<Result>): Promise<Result> {
    const turn = this.#lastTurn.then(task)
    this.#lastTurn = turn.catch(() => undefined)
    return turn
  }

  async #tryGroup(group: readonly Append[]): Promise<Segment> {
    const open = await this.#segmentFor(group)
    const { segment, file } = open
    const entries = sealed(group, open)
    const { clock, onGroup } = this.#options
    const isSynced = this.#options.sync === 'always'
    const firstIndex = open.nextIndex
    const beganMs = clock.nowMs()
    let writtenMs: number
    try {
      await file.append(merged(group.map(({ frame }) => frame)))
      writtenMs = clock.nowMs()
      if (isSynced) await this.#sync(file)
    } catch (error) {
      await this.#abandon(open)
      throw error
    }
    for (const { frame, recordCount } of group) {
      segment.endBytes += frame.length
      open.nextIndex += recordCount
    }
    onGroup?.({
      records: open.nextIndex - firstIndex,
      writeMs: writtenMs - beganMs,
      syncMs: isSynced ? clock.nowMs() - writtenMs : undefined,
    })
    open.isDirty = !isSynced
    if (this.#options.sync === 'interval') this.#syncLater()
    this.#listener.written(entries)
    return segment
  }

  /** The open segment, or the next if that has no room for the group. */
  async #segmentFor(group: readonly Append[]): Promise<OpenFile> {
    const open = this.#open
    if (open) {
      const bytes = group.reduce((sum, { frame }) => sum + frame.length, open.segment.endBytes)
      const hasRoom = bytes <= this.#options.segmentBytes && open.nextIndex < MAX_RECORDS
      if (hasRoom || open.nextIndex === 0) return open
      await this.#endSegment()
    }
    return this.#beginSegment()
  }

  async #beginSegment(): Promise<OpenFile> {
    const { storage, random, clock } = this.#options
    const salt = Math.floor(random() * 2 ** 32)
    const segment = new Segment({
      ...{ number: this.#nextNumber, salt, endBytes: SEGMENT_HEADER_BYTES, isSealed: false },
      ...{ settledBefore: new IndexSet(), generation: 1 },
    })
    this.#nextNumber += 1
    const file = await storage.create(segment.name)
    const open = { segment, file, nextIndex: 0, isDirty: false }
    try {
      await file.append([segmentHeader({ salt, createdMs: clock.epochMs() })])
      await storage.syncFolder()
    } catch (error) {
      await this.#discard(open)
      throw error
    }
    this.#open = open
    this.#listener.begun(segment)
    return open
  }

  async #endSegment(): Promise<void> {
    const open = this.#open
    if (!open) return
    this.#open = undefined
    const { segment, file, nextIndex } = open
    const seal = Buffer.alloc(FRAME_HEADER_BYTES)
    sealFrame(seal, { ...SEAL, firstIndex: nextIndex, acceptedMs: 0 }, segment.salt)
    try {
      await file.append([seal])
      if (open.isDirty && this.#options.sync === 'interval') await this.#sync(file)
    } catch (error) {
      this.#options.observer.failed('write', error)
    }
    await this.#close(open)
  }

  /** Gives up a segment in which a write or a sync failed, and cuts off what was not accepted. */
  async #abandon(open: OpenFile): Promise<void> {
    this.#open = undefined
    const { segment, file, nextIndex } = open
    try {
      await file.truncate(segment.endBytes)
    } catch (error) {
      this.#options.observer.failed('write', error)
      // The next start must not take for accepted what is still there.
      segment.discardFrom(nextIndex)
    }
    await this.#close(open)
  }

  async #close({ segment, file }: OpenFile): Promise<void> {
    await this.#closeFile(file)
    segment.isSealed = true
    this.#listener.ended(segment)
  }

  /** Removes a segment that could not be begun. */
  async #discard({ segment, file }: OpenFile): Promise<void> {
    await this.#closeFile(file)
    try {
      await this.#options.storage.remove(segment.name)
    } catch (error) {
      this.#options.observer.failed('remove', error)
    }
  }

  async #closeFile(file: AppendedFile): Promise<void> {
    try {
      await file.close()
    } catch (error) {
      this.#options.observer.failed('write', error)
    }
  }

  async #sync(file: AppendedFile): Promise<void> {
    try {
      await file.sync()
    } catch (error) {
      this.#options.observer.syncFailed()
      throw error
    }
  }

  #syncLater(): void {
    const { clock, syncIntervalMs } = this.#options
    this.#cancelSync ??= clock.schedule(syncIntervalMs, () => {
      this.#cancelSync = undefined
      void this.#inTurn(() => this.#syncNow())
    })
  }

  async #syncNow(): Promise<void> {
    const open = this.#open
    if (!open?.isDirty) return
    open.isDirty = false
    try {
      await this.#sync(open.file)
    } catch (error) {
      this.#options.observer.failed('write', error)
      await this.#abandon(open)
    }
  }
}

/** Writes the headers of the frames, as the next ones of the open segment. */
function sealed(group: readonly Append[], { segment, nextIndex }: OpenFile): readonly Entry[] {
  let at = segment.endBytes
  let firstIndex = nextIndex
  return group.map(({ frame, payloadBytes, keyBytes, recordCount, acceptedMs }) => {
    const header = { payloadBytes, keyBytes, firstIndex, recordCount, acceptedMs }
    sealFrame(frame, header, segment.salt)
    const recordsAt = FRAME_HEADER_BYTES + keyBytes
    const key = keyBytes === 0 ? NO_KEY : frame.subarray(FRAME_HEADER_BYTES, recordsAt)
    const payload = frame.subarray(recordsAt, FRAME_HEADER_BYTES + payloadBytes)
    const entry = { place: { segment, at }, header, key, payload }
    at += frame.length
    firstIndex += recordCount
    return entry
  })
}
