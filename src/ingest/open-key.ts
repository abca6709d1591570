import type { IdempotencyKey, IdempotencyKeys, KeyOutcome } from '../base/idempotency.ts'
import type { DeliveryError } from '../producer/types.ts'

/** Keeps what becomes of keys where it survives the process: the write-ahead log. */
export interface KeyJournal {
  /** Notes a key before its records go to the producer. Resolves to why it cannot: then they must not. */
  begun(key: IdempotencyKey): Promise<DeliveryError | undefined>
  /**
   * Notes how a request ended.
   *
   * @param isAwaited - whether its client waits for delivery: then the reply follows the note.
   * @returns a promise if the reply must wait. Never rejects.
   */
  ended(key: IdempotencyKey, outcome: KeyOutcome, isAwaited: boolean): Promise<void> | undefined
}

/** The idempotency key of one request under way, from the table to the answer. */
export class OpenKey implements IdempotencyKey {
  readonly identity: string
  readonly fingerprint: string
  /** Whether records of the request were refused before they were submitted, so that the others are not all of it. */
  isPartial = false
  readonly #keys: IdempotencyKeys
  readonly #journal: KeyJournal | undefined
  #isSubmitted = false
  #isAwaited = false
  #isEnded = false

  /** @param key - that was begun. */
  constructor(
    { identity, fingerprint }: IdempotencyKey,
    keys: IdempotencyKeys,
    journal: KeyJournal | undefined,
  ) {
    this.identity = identity
    this.fingerprint = fingerprint
    this.#keys = keys
    this.#journal = journal
  }

  /** Whether records may have been stored. */
  get isSubmitted(): boolean {
    return this.#isSubmitted
  }

  get isEnded(): boolean {
    return this.#isEnded
  }

  /** Records are about to be sent. */
  submitted(waitsForDelivery: boolean): void {
    this.#isSubmitted = true
    this.#isAwaited = waitsForDelivery
  }

  /**
   * Must be called before records of a client that waits for delivery go to the producer.
   *
   * @returns a promise if they must wait, which resolves to why they must not be sent.
   */
  begun(): Promise<DeliveryError | undefined> | undefined {
    return this.#journal?.begun(this)
  }

  /**
   * Says how the request ended. A second call has no effect.
   *
   * @returns a promise if the reply must wait. It never rejects.
   */
  end(outcome: KeyOutcome): Promise<void> | undefined {
    if (this.#isEnded) return undefined
    this.#isEnded = true
    const noted = this.#isSubmitted
      ? this.#journal?.ended(this, outcome, this.#isAwaited)
      : undefined
    if (noted === undefined) {
      this.#keys.end(this, outcome)
      return undefined
    }
    return noted.then(() => {
      this.#keys.end(this, outcome)
    })
  }
}
