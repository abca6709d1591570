import type { CancelTimer, Clock } from '../base/clock.ts'
import type { LogObserver } from './log-types.ts'
import type { Segment } from './segment.ts'
import type { Storage } from './storage.ts'

/** How often settled records are written down, ms. */
const INTERVAL_MS = 100
/** The pause after a failure, ms: most last until somebody acts, and each is logged. */
const RETRY_MS = 1_000

/** Dependencies of {@link SettledSegments}. */
export interface SettledSegmentsOptions {
  readonly storage: Storage
  readonly clock: Clock
  readonly observer: LogObserver
  /** A segment is done, and its files are gone. */
  readonly removed: (segment: Segment) => void
}

/** Writes down which records are settled, and removes the segments that are done. */
export class SettledSegments {
  readonly #options: SettledSegmentsOptions
  readonly #changed = new Set<Segment>()
  #cancelTimer: CancelTimer | undefined
  #lastTurn: Promise<void> = Promise.resolve()
  #isClosed = false

  constructor(options: SettledSegmentsOptions) {
    this.#options = options
  }

  /** Records of a segment were settled, or it may be done. */
  note(segment: Segment): void {
    this.#changed.add(segment)
    this.#schedule()
  }

  /** Writes down what is settled until now. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancelTimer?.()
    await this.#lastTurn
    await this.#write()
  }

  #schedule(delayMs = INTERVAL_MS): void {
    if (this.#isClosed) return
    this.#cancelTimer ??= this.#options.clock.schedule(delayMs, () => {
      this.#lastTurn = this.#write()
    })
  }

  /** What fails is tried again with the next. */
  async #write(): Promise<void> {
    const { storage, observer } = this.#options
    const segments = [...this.#changed]
    this.#changed.clear()
    let delayMs = INTERVAL_MS
    for (const segment of segments) {
      const isDone = segment.isDone
      try {
        if (isDone) await this.#remove(segment)
        else await segment.writeSettled(storage)
      } catch (error) {
        observer.failed(isDone ? 'remove' : 'settle', error)
        this.#changed.add(segment)
        delayMs = RETRY_MS
      }
    }
    this.#cancelTimer = undefined
    if (this.#changed.size > 0) this.#schedule(delayMs)
  }

  async #remove(segment: Segment): Promise<void> {
    await segment.remove(this.#options.storage)
    this.#options.removed(segment)
  }
}
