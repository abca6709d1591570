/**
 * How much the queue may hold: a fixed amount, or a part of what several processes share, which grows and
 * shrinks with use. Records and bytes are counted alike throughout.
 */

/** An amount of room: records, and bytes of their values. */
export interface Room {
  readonly records: number
  readonly bytes: number
}

/** The limits of a queue as they are now. */
export interface QueueRoom {
  readonly maxRecords: number
  readonly maxBytes: number
  /** No value larger than this will ever fit. */
  readonly largestBytes: number
  /** Whether waiting for more than there is now makes sense though no record is settled. */
  readonly mayGrow: boolean
  /** Tells how much is not taken, after each change; negative for what is lacking. */
  setFree(records: number, bytes: number): void
  /** Has `listener` called when there is more room, or when it is known that there is none. */
  onAnswer(listener: () => void): void
}

/** Lends room out of what processes share. */
export interface RoomQuota {
  /** What one process leases ahead of need, so that it can admit records without asking first. */
  readonly chunk: Room
  /** All there is. */
  readonly total: Room
  /** Lends what is wanted, or what is left of it. */
  acquire(wanted: Room): Promise<Room>
  release(room: Room): void
  /** Has `listener` called when there may be room again after a grant that was short. */
  onRoomAgain(listener: () => void): void
}

/** The room of a queue that is alone. @param maxRecords - 0 means no limit. */
export function fixedRoom(maxRecords: number, maxBytes: number): QueueRoom {
  return {
    maxRecords: maxRecords === 0 ? Infinity : maxRecords,
    maxBytes,
    largestBytes: maxBytes,
    mayGrow: false,
    setFree: () => undefined,
    onAnswer: () => undefined,
  }
}

/**
 * Room that is leased. It keeps between half a chunk and two chunks free: less is filled up to one chunk,
 * more is given back down to one. So a burst is admitted at once, and what one process does not use, another can.
 */
export class LeasedRoom implements QueueRoom {
  readonly #quota: RoomQuota
  readonly #listeners: (() => void)[] = []
  #maxRecords = 0
  #maxBytes = 0
  #freeRecords = 0
  #freeBytes = 0
  #isAcquiring = false
  /** The last grant was short, and nothing was heard since. */
  #isExhausted = false

  constructor(quota: RoomQuota) {
    this.#quota = quota
    quota.onRoomAgain(() => {
      this.#isExhausted = false
      this.#balance()
    })
    this.#balance()
  }

  get maxRecords(): number {
    return this.#maxRecords
  }

  get maxBytes(): number {
    return this.#maxBytes
  }

  get largestBytes(): number {
    return this.#quota.total.bytes
  }

  get mayGrow(): boolean {
    return !this.#isExhausted
  }

  setFree(records: number, bytes: number): void {
    this.#freeRecords = records
    this.#freeBytes = bytes
    this.#balance()
  }

  onAnswer(listener: () => void): void {
    this.#listeners.push(listener)
  }

  #balance(): void {
    const { chunk } = this.#quota
    if (this.#freeRecords > 2 * chunk.records) this.#release(this.#freeRecords - chunk.records, 0)
    if (this.#freeBytes > 2 * chunk.bytes) this.#release(0, this.#freeBytes - chunk.bytes)
    if (this.#isAcquiring || this.#isExhausted) return
    const isLow = this.#freeRecords < chunk.records / 2 || this.#freeBytes < chunk.bytes / 2
    if (isLow) void this.#acquire()
  }

  async #acquire(): Promise<void> {
    const { chunk } = this.#quota
    const wanted = {
      records: Math.max(0, chunk.records - this.#freeRecords),
      bytes: Math.max(0, chunk.bytes - this.#freeBytes),
    }
    this.#isAcquiring = true
    const granted = await this.#quota.acquire(wanted)
    this.#isAcquiring = false
    this.#isExhausted = granted.records < wanted.records || granted.bytes < wanted.bytes
    this.#grow(granted.records, granted.bytes)
    for (const listener of this.#listeners) listener()
    this.#balance()
  }

  #release(records: number, bytes: number): void {
    this.#grow(-records, -bytes)
    this.#quota.release({ records, bytes })
  }

  #grow(records: number, bytes: number): void {
    this.#maxRecords += records
    this.#maxBytes += bytes
    this.#freeRecords += records
    this.#freeBytes += bytes
  }
}
