/**
 * The queue's limits. Two are librdkafka's and counted as there: records from admission until their delivery report,
 * and the bytes of their values alone. The third is a bound on all memory that records hold.
 *
 * Who finds no room stands in line, a whole push in one place: the first in line takes room for one record after
 * the other, as it becomes free, until it has passed all of them on or its time is over. Nobody overtakes.
 */
import { CHUNK_OVERHEAD_BYTES, type ChunkPool, LARGEST_CHUNK_BYTES } from './chunk-pool.ts'
import type { CancelTimer, Clock } from '../base/clock.ts'
import { invariant } from '../base/invariant.ts'
import type { QueueRoom } from './queue-room.ts'

/**
 * What a record is counted with beside the chunk that it was encoded into: its numbers (24 bytes, up to twice that
 * while the array has room for more) and, where somebody waits for its delivery, listener and index. Measured over
 * 400,000 records: 32 bytes without and 49 with a listener (`npm run bench:queue-memory`).
 */
export const RECORD_BOOKKEEPING_BYTES = 64

/** What one record needs. */
export interface RecordNeed {
  readonly valueBytes: number
  /** The most that the record takes once it is encoded. */
  readonly recordBytes: number
}

/** The bound on all memory. */
export interface MemoryBound {
  /** Where the memory comes from that records are encoded into. */
  readonly pool: ChunkPool
  readonly maxBytes: number
}

/** See the head of this file. */
export class QueueBudget {
  readonly #room: QueueRoom
  readonly #clock: Clock
  readonly #memory: MemoryBound | undefined
  readonly #line = new Set<PlaceInLine>()
  #records = 0
  #bytes = 0

  /** @param memory - `undefined` for no bound on all memory. */
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

  /** Bytes of their values. */
  get bytes(): number {
    return this.#bytes
  }

  /** All memory that records hold, those included that were reported and are still being sent. */
  get memoryBytes(): number {
    const lentBytes = this.#memory?.pool.lentBytes ?? 0
    return lentBytes + this.#records * RECORD_BOOKKEEPING_BYTES
  }

  /** Takes room for one record, or says that there is none. Nobody overtakes those who wait. */
  tryReserve(valueBytes: number, recordBytes: number): boolean {
    if (this.#line.size > 0 || !this.#fits(valueBytes, recordBytes)) return false
    this.#take(valueBytes)
    return true
  }

  /** Whether a record is larger than all there is: waiting for room would only hold up those behind it. */
  isHopeless(valueBytes: number, recordBytes: number): boolean {
    if (valueBytes > this.#room.largestBytes) return true
    return this.#memory !== undefined && mostTakenBy(recordBytes) > this.#memory.maxBytes
  }

  /** Whether no further record can be admitted now, however small. */
  get isFull(): boolean {
    return this.#line.size > 0 || !this.#fits(0, 0)
  }

  /**
   * Stands in line for room.
   *
   * @param timeoutMs - for how long; 0 does not wait for records to be settled, only for room that others may not need.
   * @returns `undefined` where waiting makes no sense.
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

  /** Gives room back. The only way down; called once for each record, when it is settled. */
  release(records: number, bytes: number): void {
    this.#records -= records
    this.#bytes -= bytes
    invariant(this.#records >= 0 && this.#bytes >= 0, 'more room was released than was taken')
    this.serve()
    this.#tellFree()
  }

  /** Sends everyone who waits away without room. */
  refuseWaiters(): void {
    const line = [...this.#line]
    this.#line.clear()
    for (const place of line) place.leave()
    this.#tellFree()
  }

  /** Called by places alone. */
  tryReserveFor(place: PlaceInLine, { valueBytes, recordBytes }: RecordNeed): boolean {
    const [first] = this.#line
    if (first !== place || !this.#fits(valueBytes, recordBytes)) return false
    this.#take(valueBytes)
    return true
  }

  /** Called by places alone. */
  remove(place: PlaceInLine): void {
    if (!this.#line.delete(place)) return
    this.serve()
    this.#tellFree()
  }

  /** Called by places too. Has the first in line go on if there is room; it comes back when it has taken what fits. */
  serve(): void {
    if (this.#line.size === 0) return
    for (const place of this.#line) {
      const { wanted } = place
      // It is taking room already.
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

  /** So that the bound holds, the largest chunk must be left for the batch that the record goes to. */
  #fitsMemory(recordBytes: number): boolean {
    if (!this.#memory) return true
    return this.memoryBytes + mostTakenBy(recordBytes) <= this.#memory.maxBytes
  }

  /** Whether it may fit without a record being settled: room can be leased, memory cannot. */
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

/** What a push is that waits for room, from when it first found none until it leaves or is told to. */
export class PlaceInLine {
  readonly #budget: QueueBudget
  readonly isHasty: boolean
  #wanted: RecordNeed | undefined
  #resolve: ((mayGoOn: boolean) => void) | undefined
  #isOver = false
  /** Set and called by the budget and this alone. */
  cancelTimer: CancelTimer | undefined

  constructor(budget: QueueBudget, isHasty: boolean) {
    this.#budget = budget
    this.isHasty = isHasty
  }

  /** What it waits for; `undefined` while it is taking room. */
  get wanted(): RecordNeed | undefined {
    return this.#wanted
  }

  /** Takes room for one record if this is the first in line and there is room. */
  tryReserve(need: RecordNeed): boolean {
    return this.#budget.tryReserveFor(this, need)
  }

  /** Waits until there is room for a record; false when the time is over, or nobody gets any more. */
  waitFor(need: RecordNeed): Promise<boolean> {
    if (this.#isOver) return Promise.resolve(false)
    this.#wanted = need
    const { promise, resolve } = Promise.withResolvers<boolean>()
    this.#resolve = resolve
    this.#budget.serve()
    return promise
  }

  /** Called by the budget alone. */
  goOn(): void {
    this.#end(true)
  }

  /** Leaves the line for good. */
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

/** The most that a record takes: the rest of a chunk may be too small for it. */
function mostTakenBy(recordBytes: number): number {
  return (
    Math.max(LARGEST_CHUNK_BYTES, recordBytes + MOST_BEFORE_A_RECORD_BYTES) +
    CHUNK_OVERHEAD_BYTES +
    RECORD_BOOKKEEPING_BYTES
  )
}

/** The header of a batch, 61 bytes, and some. */
const MOST_BEFORE_A_RECORD_BYTES = 64
