/** The queue's limits, shared by all workers: each borrows room as it needs it. Lives in the primary process. */
import type { Room } from '../producer/queue-room.ts'

/**
 * Chunks per worker: what lies with workers that do not need it, two chunks each at most, is less than an
 * eighth of all there is.
 */
const CHUNKS_PER_WORKER = 16

/** What one of so many workers borrows ahead of need. */
export function chunkOf(total: Room, workers: number): Room {
  const share = (amount: number): number =>
    Math.max(1, Math.floor(amount / (CHUNKS_PER_WORKER * workers)))
  return { records: share(total.records), bytes: share(total.bytes) }
}

/** See the head of this file. */
export class QueueBank {
  readonly #accounts = new Set<QueueAccount>()
  #records: number
  #bytes: number

  constructor(total: Room) {
    this.#records = total.records
    this.#bytes = total.bytes
  }

  /** What is lent to nobody. */
  get free(): Room {
    return { records: this.#records, bytes: this.#bytes }
  }

  /** Opens the account of one process. @param onRoomAgain - called once after each loan that was short. */
  open(onRoomAgain: () => void): QueueAccount {
    const account = new QueueAccount(this, onRoomAgain, (closed) => this.#accounts.delete(closed))
    this.#accounts.add(account)
    return account
  }

  /** Called by accounts alone. */
  lend(wanted: Room): Room {
    const room = {
      records: Math.min(wanted.records, this.#records),
      bytes: Math.min(wanted.bytes, this.#bytes),
    }
    this.#records -= room.records
    this.#bytes -= room.bytes
    return room
  }

  /** Called by accounts alone. */
  takeBack(room: Room): void {
    this.#records += room.records
    this.#bytes += room.bytes
    for (const account of this.#accounts) account.tellRoomAgain()
  }
}

/** What one process has borrowed. */
export class QueueAccount {
  readonly #bank: QueueBank
  readonly #onRoomAgain: () => void
  readonly #onClose: (account: QueueAccount) => void
  #records = 0
  #bytes = 0
  #wasShort = false

  constructor(bank: QueueBank, onRoomAgain: () => void, onClose: (account: QueueAccount) => void) {
    this.#bank = bank
    this.#onRoomAgain = onRoomAgain
    this.#onClose = onClose
  }

  /** Lends what is wanted, or what is left of it. */
  borrow(wanted: Room): Room {
    const room = this.#bank.lend(wanted)
    this.#records += room.records
    this.#bytes += room.bytes
    this.#wasShort = room.records < wanted.records || room.bytes < wanted.bytes
    return room
  }

  giveBack(room: Room): void {
    this.#records -= room.records
    this.#bytes -= room.bytes
    this.#bank.takeBack(room)
  }

  /** Gives back all that a process had which is gone. */
  close(): void {
    this.#onClose(this)
    this.giveBack({ records: this.#records, bytes: this.#bytes })
  }

  /** Called by the bank alone. */
  tellRoomAgain(): void {
    if (!this.#wasShort) return
    this.#wasShort = false
    this.#onRoomAgain()
  }
}
