import type { Room } from '../producer/queue-room.ts'

/** Chunks per worker. Idle workers hold at most two chunks each, less than an eighth of the total. */
const CHUNKS_PER_WORKER = 16

/** The room that a worker leases ahead of need. */
export function chunkOf(total: Room, workers: number): Room {
  const share = (amount: number): number =>
    Math.max(1, Math.floor(amount / (CHUNKS_PER_WORKER * workers)))
  return { records: share(total.records), bytes: share(total.bytes) }
}

/**
 * The limits of the queue, shared by all workers: each leases room as it needs it. It lives in the primary process.
 */
export class QueueQuota {
  readonly #leases = new Set<QueueLease>()
  #records: number
  #bytes: number

  constructor(total: Room) {
    this.#records = total.records
    this.#bytes = total.bytes
  }

  /** The room that is not leased. */
  get free(): Room {
    return { records: this.#records, bytes: this.#bytes }
  }

  /** Opens the lease of one process. @param onRoomAgain - called once after each grant that was too small. */
  open(onRoomAgain: () => void): QueueLease {
    const lease = new QueueLease(this, onRoomAgain, (closed) => this.#leases.delete(closed))
    this.#leases.add(lease)
    return lease
  }

  /** Called by leases alone. */
  grant(wanted: Room): Room {
    const room = {
      records: Math.min(wanted.records, this.#records),
      bytes: Math.min(wanted.bytes, this.#bytes),
    }
    this.#records -= room.records
    this.#bytes -= room.bytes
    return room
  }

  /** Called by leases alone. */
  takeBack(room: Room): void {
    this.#records += room.records
    this.#bytes += room.bytes
    for (const lease of this.#leases) lease.tellRoomAgain()
  }
}

/** The lease of one process. */
export class QueueLease {
  readonly #quota: QueueQuota
  readonly #onRoomAgain: () => void
  readonly #onClose: (lease: QueueLease) => void
  #records = 0
  #bytes = 0
  #wasShort = false

  constructor(quota: QueueQuota, onRoomAgain: () => void, onClose: (lease: QueueLease) => void) {
    this.#quota = quota
    this.#onRoomAgain = onRoomAgain
    this.#onClose = onClose
  }

  /** Grants the wanted room, or what is left of it. */
  acquire(wanted: Room): Room {
    const room = this.#quota.grant(wanted)
    this.#records += room.records
    this.#bytes += room.bytes
    this.#wasShort = room.records < wanted.records || room.bytes < wanted.bytes
    return room
  }

  release(room: Room): void {
    this.#records -= room.records
    this.#bytes -= room.bytes
    this.#quota.takeBack(room)
  }

  /** Returns all room of a process that has ended. */
  close(): void {
    this.#onClose(this)
    this.release({ records: this.#records, bytes: this.#bytes })
  }

  /** Called by the quota alone. */
  tellRoomAgain(): void {
    if (!this.#wasShort) return
    this.#wasShort = false
    this.#onRoomAgain()
  }
}
