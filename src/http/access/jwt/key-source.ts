import type { CancelTimer, Clock } from '../../../base/clock.ts'
import { type KeySet, parseKeySet } from './verify-jwt.ts'

/** Hears what becomes of each attempt to read the keys. */
export interface KeySourceListener {
  /** @param isNew - whether they differ from those before. */
  onLoaded(keys: KeySet, isNew: boolean): void
  /** The keys that are known stay in use. The next attempt is made after `retryInMs`. */
  onFailed(reason: string, retryInMs: number): void
}

/** Settings and dependencies of a {@link KeySource}. */
export interface KeySourceOptions {
  /** Reads the JSON Web Key Set. The message of its error goes to the log. */
  readonly load: (signal: AbortSignal) => Promise<string>
  /** How long after a successful attempt the next one is made, ms. */
  readonly refreshMs: number
  /** For how long after a {@link KeySource.refresh} no other makes an attempt, ms. */
  readonly cooldownMs: number
  readonly clock: Clock
  readonly listener: KeySourceListener
}

/** Less than the time that clients wait for a reply, ms. */
const LOAD_TIMEOUT_MS = 5_000
const FIRST_RETRY_MS = 1_000
const LONGEST_RETRY_MS = 30_000

/**
 * The keys of an issuer, which are read again from time to time, and when a token names one that is not among them.
 * Keys that are known stay in use for as long as no others can be read. There is one attempt at a time, which everybody
 * shares.
 */
export class KeySource {
  readonly #options: KeySourceOptions
  readonly #aborting = new AbortController()
  #current: { readonly text: string; readonly keys: KeySet } | undefined
  #loading: Promise<void> | undefined
  #refreshedAtMs = -Infinity
  #failures = 0
  #cancelTimer: CancelTimer | undefined

  /** @param text - a set that has been read already. @throws KeySetError if it cannot be used. */
  constructor(options: KeySourceOptions, text?: string) {
    this.#options = options
    if (text !== undefined) this.#current = { text, keys: parseKeySet(text) }
  }

  /** The known keys; `undefined` before the first success. */
  get current(): KeySet | undefined {
    return this.#current?.keys
  }

  /** Whether the last attempt failed: the issuer may have newer keys. */
  get isFailing(): boolean {
    return this.#failures > 0
  }

  /** Makes the first attempt. */
  start(): void {
    void this.#load()
  }

  /** Gives up what is in progress, and makes no further attempt. */
  close(): void {
    this.#aborting.abort()
    this.#cancelTimer?.()
  }

  /** Waits for the attempt in progress, or makes one unless the last refresh is too recent. Never rejects. */
  async refresh(): Promise<void> {
    const { clock, cooldownMs } = this.#options
    if (this.#loading === undefined) {
      if (clock.nowMs() - this.#refreshedAtMs < cooldownMs) return
      this.#refreshedAtMs = clock.nowMs()
    }
    await this.#load()
  }

  #load(): Promise<void> {
    if (this.#aborting.signal.aborted) return Promise.resolve()
    this.#loading ??= this.#attempt().finally(() => {
      this.#loading = undefined
    })
    return this.#loading
  }

  async #attempt(): Promise<void> {
    const { load, refreshMs, clock, listener } = this.#options
    this.#cancelTimer?.()
    const overdue = new AbortController()
    const cancelTimeout = clock.schedule(LOAD_TIMEOUT_MS, () => {
      overdue.abort(new Error(`no answer within ${LOAD_TIMEOUT_MS} ms`))
    })
    let nextMs = refreshMs
    try {
      const text = await load(AbortSignal.any([this.#aborting.signal, overdue.signal]))
      const isNew = text !== this.#current?.text
      const keys = isNew || !this.#current ? parseKeySet(text) : this.#current.keys
      this.#current = { text, keys }
      this.#failures = 0
      listener.onLoaded(keys, isNew)
    } catch (error) {
      nextMs = Math.min(FIRST_RETRY_MS * 2 ** this.#failures, LONGEST_RETRY_MS)
      this.#failures += 1
      const reason = error instanceof Error ? error.message : String(error)
      if (!this.#aborting.signal.aborted) listener.onFailed(reason, nextMs)
    } finally {
      cancelTimeout()
    }
    if (this.#aborting.signal.aborted) return
    this.#cancelTimer = clock.schedule(nextMs, () => void this.#load())
  }
}
