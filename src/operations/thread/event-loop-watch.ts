import type { CancelTimer, Clock } from '../../base/clock.ts'

/** Time without a turn after which an event loop counts as dead, ms: 20 times its longest turns. */
export const MAX_BUSY_MS = 10_000

/** Interval at which the watch asks the event loop for a turn, ms. */
export const LOOK_INTERVAL_MS = 1_000

/** Most time that one look adds, ms: see {@link EventLoopWatch}. */
const MAX_STEP_MS = 2 * LOOK_INTERVAL_MS

/**
 * Measures from another thread for how long the event loop of the main thread has been in one turn. Only time in which
 * this thread itself ran counts: a process that was stopped, or whose machine slept, was not busy.
 */
export class EventLoopWatch {
  readonly #clock: Clock
  readonly #askForTurn: () => void
  #isAsked = false
  #busyMs = 0
  #lookedMs: number
  #cancelTimer: CancelTimer | undefined

  /** @param askForTurn - makes the next turn of the event loop call {@link EventLoopWatch.turned}. */
  constructor(clock: Clock, askForTurn: () => void) {
    this.#clock = clock
    this.#askForTurn = askForTurn
    this.#lookedMs = clock.nowMs()
  }

  /** Starts the watch. */
  start(): void {
    this.#look()
    if (!this.#isAsked) {
      this.#isAsked = true
      this.#askForTurn()
    }
    this.#cancelTimer = this.#clock.schedule(LOOK_INTERVAL_MS, () => {
      this.start()
    })
  }

  stop(): void {
    this.#cancelTimer?.()
  }

  /** Called when the event loop has begun a new turn. */
  turned(): void {
    this.#isAsked = false
    this.#busyMs = 0
  }

  /** The problem in one sentence; `undefined` while the event loop responds. */
  get problem(): string | undefined {
    this.#look()
    if (this.#busyMs < MAX_BUSY_MS) return undefined
    return `The event loop of kprf has been busy for ${Math.floor(this.#busyMs / 1000)} s.`
  }

  #look(): void {
    const nowMs = this.#clock.nowMs()
    if (this.#isAsked) this.#busyMs += Math.min(nowMs - this.#lookedMs, MAX_STEP_MS)
    this.#lookedMs = nowMs
  }
}
