/** The status of a reply, now or later. */
export type MaybeStatus = number | Promise<number> | LateStatus

/**
 * A status that is decided later, for pushes that wait for delivery. Its receiver must call `whenDecided` at once, and is
 * called back synchronously by the code that decides the status. The acknowledgement of a batch settles hundreds of
 * pushes, and promises for each of them would cost more than the rest of their replies.
 */
export class LateStatus {
  #onDecided: ((status: number) => void) | undefined
  #onFailed: ((error: unknown) => void) | undefined

  /** To be called once, before the status is decided. */
  whenDecided(onDecided: (status: number) => void, onFailed: (error: unknown) => void): void {
    this.#onDecided = onDecided
    this.#onFailed = onFailed
  }

  /** The same as a promise. */
  get promise(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.whenDecided(resolve, reject)
    })
  }

  decide(status: number): void {
    this.#onDecided?.(status)
  }

  /** There was an error in place of a reply. */
  fail(error: unknown): void {
    this.#onFailed?.(error)
  }
}

/** For those who can wait for a promise. */
export function promised(status: MaybeStatus): number | Promise<number> {
  return status instanceof LateStatus ? status.promise : status
}
