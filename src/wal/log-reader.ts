import { frameBytes, SEGMENT_HEADER_BYTES } from './frame.ts'
import { FrameSource } from './frame-source.ts'
import type { Log } from './log.ts'
import type { Entry } from './log-types.ts'
import type { Place, Segment } from './segment.ts'

/**
 * Reads the frames of a log in order, as far as they are accepted. It skips what cannot be read, and tells the
 * observer of the log.
 */
export class LogReader {
  readonly #log: Log
  /** Whether every frame passes this reader: it takes frames that are in memory from there. */
  readonly #isMain: boolean
  #segment: Segment | undefined
  #lastNumber = 0
  #at = 0
  #source: FrameSource | undefined
  /** Of the next record, if no frame is missing; `undefined` if that is not known. */
  #expectedIndex: number | undefined

  /** @param from - a frame. @defaultValue the beginning of the log */
  constructor(log: Log, from?: Place) {
    this.#log = log
    this.#isMain = from === undefined
    if (from) this.#enter(from.segment, from.at, undefined)
  }

  /** The next frame; `undefined` if there is none yet. A promise only if it must be read from the disk. */
  next(): Entry | Promise<Entry | undefined> | undefined {
    for (let segment = this.#current(); segment; segment = this.#current()) {
      if (this.#at < segment.endBytes && !segment.isRemoved) {
        const entry = this.#isMain ? this.#log.takeFromTail({ segment, at: this.#at }) : undefined
        return entry ? this.#pass(entry) : this.#read(segment)
      }
      if (!segment.isSealed) return undefined
      this.#leave(segment)
    }
    return undefined
  }

  /** Whether another reader has read frames that this one has not. */
  isBefore(other: LogReader): boolean {
    if (this.#lastNumber !== other.#lastNumber) return this.#lastNumber < other.#lastNumber
    return this.#at < other.#at
  }

  #current(): Segment | undefined {
    if (this.#segment === undefined) {
      const next = this.#log.segments.find(({ number }) => number > this.#lastNumber)
      if (next) this.#enter(next, SEGMENT_HEADER_BYTES, 0)
    }
    return this.#segment
  }

  #enter(segment: Segment, at: number, expectedIndex: number | undefined): void {
    this.#segment = segment
    this.#lastNumber = segment.number
    this.#at = at
    this.#source = undefined
    this.#expectedIndex = expectedIndex
  }

  #leave(segment: Segment): void {
    this.#segment = undefined
    this.#source = undefined
    if (this.#isMain) this.#log.readToEnd(segment)
  }

  #pass(entry: Entry): Entry {
    const { header, place } = entry
    this.#at = place.at + frameBytes(header.payloadBytes)
    this.#expectedIndex = header.firstIndex + header.recordCount
    return entry
  }

  async #read(segment: Segment): Promise<Entry | undefined> {
    try {
      return await this.#readFrame(segment)
    } catch (error) {
      // Whoever reads what was left behind may be in a segment that is settled meanwhile.
      if (segment.isRemoved) return this.next()
      throw error
    }
  }

  async #readFrame(segment: Segment): Promise<Entry | undefined> {
    const source = (this.#source ??= sourceOf(this.#log, segment))
    while (this.#at < segment.endBytes) {
      const at = this.#at
      const read = await source.frameAt(at)
      if (read.kind === 'frame' && read.header.recordCount > 0) {
        this.#reportGap(segment, read.header.firstIndex)
        const { header, key, payload } = read
        return this.#pass({ place: { segment, at }, header, key, payload })
      }
      if (read.kind === 'frame') {
        this.#reportGap(segment, read.header.firstIndex)
        this.#at = segment.endBytes
      } else if (read.kind === 'damagedPayload') {
        const { firstIndex, recordCount, payloadBytes } = read.header
        this.#reportGap(segment, firstIndex)
        this.#damaged(segment, at, frameBytes(payloadBytes), recordCount)
        this.#at = at + frameBytes(payloadBytes)
        this.#expectedIndex = firstIndex + recordCount
      } else {
        await this.#skipToFrame(segment, source)
      }
    }
    return this.next()
  }

  /** Searches for the next frame behind bytes that are none. */
  async #skipToFrame(segment: Segment, source: FrameSource): Promise<void> {
    const from = this.#at
    const at = await source.nextFrameAfter(from)
    this.#at = at
    if (at === segment.endBytes && isTorn(segment, from)) {
      if (this.#isMain) this.#log.observer.torn(segment.name, from, at - from)
    } else this.#damaged(segment, from, at - from, undefined)
  }

  /** Records between the last frame that was read and this index are in none that could be read. */
  #reportGap(segment: Segment, firstIndex: number): void {
    const expected = this.#expectedIndex
    if (expected !== undefined && firstIndex > expected) {
      this.#damaged(segment, this.#at, 0, firstIndex - expected)
    }
  }

  /**
   * Said once, by the reader that comes first. That may be one that is not the main one, which had the frame from
   * memory: then the records stay unsettled, and the segment is read once more after the next start.
   */
  #damaged(segment: Segment, at: number, bytes: number, records: number | undefined): void {
    // One that is settled may be removed while it is read.
    if (segment.isRemoved) return
    if (segment.noteDamage(at)) this.#log.observer.damaged(segment.name, at, bytes, records)
  }
}

function sourceOf({ storage }: Log, segment: Segment): FrameSource {
  const read = (_name: string, at: number, length: number): Promise<Buffer> =>
    segment.read(storage, at, length)
  return new FrameSource({ read }, segment)
}

/** Whether the end of a segment may never have been accepted: what this process has accepted was there. */
function isTorn(segment: Segment, from: number): boolean {
  return segment.isRecovered && !segment.hasGivenUp(from, segment.endBytes - from)
}
