import type { CancelTimer, Clock } from '../base/clock.ts'
import {
  type IdempotencyKey,
  type KeyOutcome,
  type KeyState,
  NOTHING,
  type RestoredKey,
  UNKNOWN,
} from '../base/idempotency.ts'
import type { IdempotencyTable, KeyOwner } from '../ingest/idempotency-table.ts'

/**
 * How long the keys of a worker that died wait for another to read its write-ahead log, ms: that looks for such a log
 * every ten seconds.
 */
const ORPHAN_WAIT_MS = 30_000

/** Dependencies of {@link SharedKeys}. */
export interface SharedKeysOptions {
  readonly table: IdempotencyTable
  readonly clock: Clock
  /** Whether the workers keep keys in a write-ahead log. */
  readonly isLogged: boolean
}

/** The idempotency keys of all workers. They live in the primary process. */
export class SharedKeys {
  readonly #options: SharedKeysOptions
  /** Who wrote the log in a folder last. */
  readonly #writers = new Map<string, KeyOwner>()
  readonly #cancelOrphans = new Set<CancelTimer>()
  /** Requests that came before every worker had read its log; `undefined` afterwards. */
  #early: (() => void)[] | undefined

  constructor(options: SharedKeysOptions) {
    this.#options = options
    this.#early = options.isLogged ? [] : undefined
  }

  get size(): number {
    return this.#options.table.size
  }

  /** Asks for a key for a worker. The answer may come later. */
  begin(worker: KeyOwner, key: IdempotencyKey, answer: (state: KeyState) => void): void {
    const { table, clock } = this.#options
    const ask = (): void => {
      answer(table.begin(key, worker, clock.nowMs()))
    }
    if (this.#early === undefined) ask()
    else this.#early.push(ask)
  }

  end(worker: KeyOwner, key: IdempotencyKey, outcome: KeyOutcome): void {
    const { table, clock } = this.#options
    table.end(key, worker, outcome, clock.nowMs())
  }

  /** Every worker has started, and so told what its log knows. */
  allStarted(): void {
    const early = this.#early ?? []
    this.#early = undefined
    for (const ask of early) ask()
  }

  /**
   * Takes over what a log knows of earlier processes. What the last worker that wrote it had under way and the log
   * does not know is certainly not stored.
   */
  restore(slot: string, writer: KeyOwner | undefined, keys: readonly RestoredKey[]): void {
    const { table, clock } = this.#options
    const left = this.#writers.get(slot)
    table.restore(keys, left, clock.nowMs())
    if (left !== undefined) table.endAll(left, NOTHING, clock.nowMs())
    if (writer !== undefined) this.#writers.set(slot, writer)
  }

  /** A worker has ended. What it had under way is in doubt, unless its log tells more. */
  ended(worker: KeyOwner): void {
    const { table, clock, isLogged } = this.#options
    if (!isLogged) {
      table.endAll(worker, UNKNOWN, clock.nowMs())
      return
    }
    const cancel = clock.schedule(ORPHAN_WAIT_MS, () => {
      this.#cancelOrphans.delete(cancel)
      table.endAll(worker, UNKNOWN, clock.nowMs())
    })
    this.#cancelOrphans.add(cancel)
  }

  close(): void {
    for (const cancel of this.#cancelOrphans) cancel()
  }
}
