import type { Clock } from '../base/clock.ts'
import type { Storage } from './storage.ts'

/** How often it is asked for while pushes come, ms. */
const INTERVAL_MS = 1_000

/** What a file system has free, as of a second ago. */
export class FreeSpace {
  readonly #storage: Storage
  readonly #clock: Clock
  #bytes = Infinity
  #diskBytes: number | undefined
  #askedMs = -Infinity

  constructor({ storage, clock }: { readonly storage: Storage; readonly clock: Clock }) {
    this.#storage = storage
    this.#clock = clock
  }

  /** As of the last look, which this repeats; `Infinity` if that is not known. */
  get bytes(): number {
    this.#ask()
    return this.#bytes
  }

  /** The size of the file system, as of the last look; `undefined` if that is not known. */
  get diskBytes(): number | undefined {
    return this.#diskBytes
  }

  #ask(): void {
    const nowMs = this.#clock.nowMs()
    if (nowMs - this.#askedMs < INTERVAL_MS) return
    this.#askedMs = nowMs
    this.#storage.space().then(
      ({ freeBytes, diskBytes }) => {
        this.#bytes = freeBytes
        this.#diskBytes = diskBytes
      },
      // Whether there is room shows when something is written.
      () => {
        this.#bytes = Infinity
        this.#diskBytes = undefined
      },
    )
  }
}
