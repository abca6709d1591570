import { CHUNK_OVERHEAD_BYTES, type ChunkPool, LARGEST_CHUNK_BYTES } from './chunk-pool.ts'
import type { CancelTimer, Clock } from '../base/clock.ts'
import { invariant } from '../base/invariant.ts'
import type { QueueRoom } from './queue-room.ts'

/**
 * Added per record to the chunks of encoded records, bytes: its numbers (24 bytes, up to twice that while the array
 * has spare room) and, if its client waits for delivery, its owner and index. Measured over 400,000 records: 32
 * bytes without and 49 bytes with such a client (`npm run bench:queue-memory`).
 */
export const RECORD_BOOKKEEPING_BYTES = 64

/** The room that one record needs. */
export interface RecordNeed {
  readonly valueBytes: number
  /** The largest possible size of the encoded record, bytes. */
  readonly recordBytes: number
}

/** The limit of all memory. */
export interface MemoryBound {
  /** The pool of the memory for encoded records. */
  readonly pool: ChunkPool
  readonly maxBytes: number
}

/**
 * The limits of the queue. Two are librdkafka's and counted as there: the number of records from admission until
 * their delivery report, and the bytes of their values. The third limits all memory that records hold.
 *
 * Pushes without room wait in line, each in one place. The first in line reserves room for its records, one by one
 * as room becomes free, until all are admitted or its time is over. No push overtakes another.
 */
export class QueueBudget {
  readonly #room: QueueRoom
  readonly #clock: Clock
  readonly #memory: MemoryBound | undefined
  readonly #line = new Set<PlaceInLine>()
  #records = 0
  #bytes = 0

  /** @param memory - `undefined` means no limit of all memory. */
  constructor(room: QueueRoom, clock: Clock, memory?: MemoryBound) {
    this.#room = room
    this.#clock = clock
    this.#memory = memory
    room.onAnswer(() => {
      this.serve()
    })
    memory?.pool.onGivenBack(() => {
      this.serve()
    })
  }

  /** Records admitted and not yet reported. */
  get records(): number {
    return this.#records
  }

  /** Bytes of the values of these records. */
  get bytes(): number {
    return this.#bytes
  }

  /** All memory that records hold, bytes. It includes records that were reported and are still being sent. */
  get memoryBytes(): number {
    const lentBytes = this.#memory?.pool.lentBytes ?? 0
    return lentBytes + this.#records * RECORD_BOOKKEEPING_BYTES
  }

  /** Reserves room for one record. @returns false if there is no room, or if pushes wait for room. */
  tryReserve(valueBytes: number, recordBytes: number): boolean {
    if (this.#line.size > 0 || !this.#fits(valueBytes, recordBytes)) return false
    this.#take(valueBytes)
    return true
  }

  /** Whether a record is larger than the whole queue: to wait would only delay the records after it. */
  isHopeless(valueBytes: number, recordBytes: number): boolean {
    if (valueBytes > this.#room.largestBytes) return true
    return this.#memory !== undefined && mostTakenBy(recordBytes) > this.#memory.maxBytes
  }

  /** Whether not even the smallest record can be admitted now. */
  get isFull(): boolean {
    return this.#line.size > 0 || !this.#fits(0, 0)
  }

  /**
   * Adds a place to the line.
   *
   * @param timeoutMs - how long to wait; with 0, only for room that can be leased, not for room that records
   * release.
   * @returns `undefined` if waiting cannot help.
   */
  standInLine(timeoutMs: number): PlaceInLine | undefined {
    const isHasty = timeoutMs <= 0
    if (isHasty && !this.#room.mayGrow) return undefined
    const place = new PlaceInLine(this, isHasty)
    this.#line.add(place)
    if (!isHasty) {
      place.cancelTimer = this.#clock.schedule(timeoutMs, () => {
        place.leave()
      })
    }
    return place
  }

  /** Releases room. The only place that does; called once for each record, when it is settled. */
  release(records: number, bytes: number): void {
    this.#records -= records
    this.#bytes -= bytes
    invariant(this.#records >= 0 && this.#bytes >= 0, 'more room was released than was taken')
    this.serve()
    this.#tellFree()
  }

  /** Refuses all places in line. */
  refuseWaiters(): void {
    const line = [...this.#line]
    this.#line.clear()
    for (const place of line) place.leave()
    this.#tellFree()
  }

  /** Only {@link PlaceInLine} may call this. */
  tryReserveFor(place: PlaceInLine, { valueBytes, recordBytes }: RecordNeed): boolean {
    const [first] = this.#line
    if (first !== place || !this.#fits(valueBytes, recordBytes)) return false
    this.#take(valueBytes)
    return true
  }

  /** Only {@link PlaceInLine} may call this. */
  remove(place: PlaceInLine): void {
    if (!this.#line.delete(place)) return
    this.serve()
    this.#tellFree()
  }

  /**
   * Lets the first place in line continue if there is room. It waits again once it has used that room. Places call
   * this too.
   */
  serve(): void {
    if (this.#line.size === 0) return
    for (const place of this.#line) {
      const { wanted } = place
      // It is reserving room at this moment.
      if (!wanted) return
      if (this.#fits(wanted.valueBytes, wanted.recordBytes)) {
        place.goOn()
        return
      }
      if (!place.isHasty || this.#mayFitSoon(wanted)) break
      this.#line.delete(place)
      place.leave()
    }
    this.#tellFree()
  }

  #fits(valueBytes: number, recordBytes: number): boolean {
    const { maxRecords, maxBytes } = this.#room
    return (
      this.#records + 1 <= maxRecords &&
      this.#bytes + valueBytes <= maxBytes &&
      this.#fitsMemory(recordBytes)
    )
  }

  /** Keeps the limit: the record may need a new chunk of the largest size for its batch. */
  #fitsMemory(recordBytes: number): boolean {
    if (!this.#memory) return true
    return this.memoryBytes + mostTakenBy(recordBytes) <= this.#memory.maxBytes
  }

  /** Whether it may fit before another record is settled: room can be leased, memory cannot. */
  #mayFitSoon({ recordBytes }: RecordNeed): boolean {
    return this.#room.mayGrow && this.#fitsMemory(recordBytes)
  }

  #take(valueBytes: number): void {
    this.#records += 1
    this.#bytes += valueBytes
    this.#tellFree()
  }

  #tellFree(): void {
    const { maxRecords, maxBytes } = this.#room
    const waiting = this.#line.size
    const wantedBytes = waiting === 0 ? 0 : this.#firstWantedBytes()
    this.#room.setFree(maxRecords - this.#records - waiting, maxBytes - this.#bytes - wantedBytes)
  }

  #firstWantedBytes(): number {
    const [first] = this.#line
    return first?.wanted?.valueBytes ?? 0
  }
}

/** A push in the line, from when it finds no room until it leaves or is refused. */
export class PlaceInLine {
  readonly #budget: QueueBudget
  readonly isHasty: boolean
  #wanted: RecordNeed | undefined
  #resolve: ((mayGoOn: boolean) => void) | undefined
  #isOver = false
  /** Only the budget and this class may use it. */
  cancelTimer: CancelTimer | undefined

  constructor(budget: QueueBudget, isHasty: boolean) {
    this.#budget = budget
    this.isHasty = isHasty
  }

  /** The room that it waits for; `undefined` while it is reserving room. */
  get wanted(): RecordNeed | undefined {
    return this.#wanted
  }

  /** Reserves room for one record if this place is the first in line and there is room. */
  tryReserve(need: RecordNeed): boolean {
    return this.#budget.tryReserveFor(this, need)
  }

  /** Waits for room for a record. @returns false if the time is over or all places are refused. */
  waitFor(need: RecordNeed): Promise<boolean> {
    if (this.#isOver) return Promise.resolve(false)
    this.#wanted = need
    const { promise, resolve } = Promise.withResolvers<boolean>()
    this.#resolve = resolve
    this.#budget.serve()
    return promise
  }

  /** Only the budget may call this. */
  goOn(): void {
    this.#end(true)
  }

  /** Leaves the line. It cannot wait again. */
  leave(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.cancelTimer?.()
    this.#end(false)
    this.#budget.remove(this)
  }

  #end(mayGoOn: boolean): void {
    this.#wanted = undefined
    this.#resolve?.(mayGoOn)
    this.#resolve = undefined
  }
}

/** Returns the most memory that a record can take: the rest of the current chunk may be too small for it. */
function mostTakenBy(recordBytes: number): number {
  return (
    Math.max(LARGEST_CHUNK_BYTES, recordBytes + MOST_BEFORE_A_RECORD_BYTES) +
    CHUNK_OVERHEAD_BYTES +
    RECORD_BOOKKEEPING_BYTES
  )
}

/** The batch header (61 bytes) and the record's length. */
const MOST_BEFORE_A_RECORD_BYTES = 64
