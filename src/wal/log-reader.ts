import { frameBytes, nextPlace, readFrame, SEGMENT_HEADER_BYTES, type ReadFrame } from './frame.ts'
import type { Log } from './log.ts'
import type { Entry } from './log-types.ts'
import type { Place, Segment } from './segment.ts'

/** How much is read at a time, bytes; more only for a longer frame. */
const CHUNK_BYTES = 2 ** 20
const NO_BYTES: Buffer = Buffer.alloc(0)

/**
 * Reads the frames of a log in order, as far as they are accepted. It skips what cannot be read, and tells the
 * observer of the log.
 */
export class LogReader {
  readonly #log: Log
  /** Whether every frame passes this reader: it takes frames that are in memory from there, and says where one is damaged. */
  readonly #isMain: boolean
  #segment: Segment | undefined
  #lastNumber = 0
  #at = 0
  #chunk = NO_BYTES
  #chunkAt = 0
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
    this.#chunk = NO_BYTES
    this.#expectedIndex = expectedIndex
  }

  #leave(segment: Segment): void {
    this.#segment = undefined
    this.#chunk = NO_BYTES
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
    while (this.#at < segment.endBytes) {
      const at = this.#at
      const read = await this.#frameAt(segment, at)
      if (read.kind === 'frame' && read.header.recordCount > 0) {
        this.#reportGap(segment, read.header.firstIndex)
        const { header, payload } = read
        return this.#pass({ place: { segment, at }, header, payload })
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
        await this.#skipToFrame(segment)
      }
    }
    return this.next()
  }

  /** Searches for the next frame behind bytes that are none. */
  async #skipToFrame(segment: Segment): Promise<void> {
    const from = this.#at
    let at = nextPlace(from)
    for (; at < segment.endBytes; at = nextPlace(at)) {
      const { kind } = await this.#frameAt(segment, at)
      if (kind === 'frame' || kind === 'damagedPayload') break
    }
    this.#at = Math.min(at, segment.endBytes)
    if (at < segment.endBytes) this.#damaged(segment, from, at - from, undefined)
    else if (this.#isMain) this.#log.observer.torn(segment.name, from, at - from)
  }

  /** Records between the last frame that was read and this index are in none that could be read. */
  #reportGap(segment: Segment, firstIndex: number): void {
    const expected = this.#expectedIndex
    if (expected !== undefined && firstIndex > expected) {
      this.#damaged(segment, this.#at, 0, firstIndex - expected)
    }
  }

  #damaged(segment: Segment, at: number, bytes: number, records: number | undefined): void {
    if (!this.#isMain) return
    segment.isDamaged = true
    this.#log.observer.damaged(segment.name, at, bytes, records)
  }

  /** Reads the frame at a place, from the chunk if it is there. `short` means that the file ends within it. */
  async #frameAt(segment: Segment, at: number): Promise<ReadFrame> {
    let read = this.#inChunk(segment, at)
    let wanted = CHUNK_BYTES
    while (read.kind === 'short') {
      const length = Math.min(wanted, segment.endBytes - at)
      this.#chunk = await this.#log.storage.read(segment.name, at, length)
      this.#chunkAt = at
      read = this.#inChunk(segment, at)
      if (read.kind !== 'short' || read.neededBytes <= wanted) break
      // The header says that the frame is longer than what was read.
      wanted = read.neededBytes
    }
    return read
  }

  #inChunk(segment: Segment, at: number): ReadFrame {
    const offset = at - this.#chunkAt
    if (offset < 0 || offset >= this.#chunk.length) return { kind: 'short', neededBytes: 0 }
    return readFrame(this.#chunk, offset, segment.salt)
  }
}
