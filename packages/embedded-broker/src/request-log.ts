/** The latest requests that the cluster received, for assertions, and a way to wait for the next. */
import type { ReceivedRequest } from './exchange.ts'

interface Waiter {
  readonly isWanted: (received: ReceivedRequest) => boolean
  readonly resolve: (received: ReceivedRequest) => void
}

/** A bounded list of received requests, oldest first. */
export class RequestLog {
  readonly #limit: number
  #entries: ReceivedRequest[] = []
  #waiters: readonly Waiter[] = []

  constructor(limit: number) {
    this.#limit = limit
  }

  entries(): readonly ReceivedRequest[] {
    return newest(this.#entries, this.#limit)
  }

  clear(): void {
    this.#entries = []
  }

  /** Notes a request before it is handled. */
  add(received: ReceivedRequest): void {
    this.#entries.push(received)
    // Trimmed in bulk, so that a full log does not move all its entries for each new one.
    if (this.#entries.length > this.#limit * 2) this.#entries = newest(this.#entries, this.#limit)
    const served = this.#waiters.filter(({ isWanted }) => isWanted(received))
    if (served.length === 0) return
    this.#waiters = this.#waiters.filter((waiter) => !served.includes(waiter))
    for (const { resolve } of served) resolve(received)
  }

  /** Resolves with the next request that satisfies `isWanted`. */
  next(isWanted: (received: ReceivedRequest) => boolean): Promise<ReceivedRequest> {
    return new Promise((resolve) => {
      this.#waiters = [...this.#waiters, { isWanted, resolve }]
    })
  }
}

function newest<T>(entries: readonly T[], count: number): T[] {
  return entries.slice(Math.max(0, entries.length - count))
}
