/**
 * The limits of the queue: fixed, or a lease from limits that several processes share, which grows and shrinks with
 * use. Records and bytes are treated alike.
 */

/** Room in the queue: records, and bytes of their values. */
export interface Room {
  readonly records: number
  readonly bytes: number
}

/** The current limits of a queue. */
export interface QueueRoom {
  readonly maxRecords: number
  readonly maxBytes: number
  /** The largest value that can ever fit, bytes. */
  readonly largestBytes: number
  /** Whether more room may come before a record is settled. */
  readonly mayGrow: boolean
  /** Reports the free room after each change; negative if room is lacking. */
  setFree(records: number, bytes: number): void
  /** Calls `listener` when there is more room, or when it is known that there is none. */
  onAnswer(listener: () => void): void
}

/** Leases room from the limits that processes share. */
export interface RoomQuota {
  /** The room that one process leases in advance, so that it can admit records without asking first. */
  readonly chunk: Room
  /** The whole room. */
  readonly total: Room
  /** Leases the wanted room, or as much of it as is left. */
  acquire(wanted: Room): Promise<Room>
  release(room: Room): void
  /** Calls `listener` when there may be room again after a grant that was too small. */
  onRoomAgain(listener: () => void): void
}

/** Returns the room of a queue that shares no limits. @param maxRecords - 0 means no limit. */
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
 * Leased room. It keeps between half a chunk and two chunks free: below, it leases up to one chunk; above, it
 * returns room down to one chunk. So a burst is admitted at once, and other processes can use what this one does
 * not.
 */
export class LeasedRoom implements QueueRoom {
  readonly #quota: RoomQuota
  readonly #listeners: (() => void)[] = []
  #maxRecords = 0
  #maxBytes = 0
  #freeRecords = 0
  #freeBytes = 0
  #isAcquiring = false
  /** The last grant was too small, and no room was announced since. */
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
