import type { CancelTimer, Clock } from '../../base/clock.ts'

/** An event loop that has not turned for so long, ms, is not alive: its longest turns take a twentieth of it. */
export const MAX_BUSY_MS = 10_000

/** How often the event loop is asked for a turn, ms. */
export const LOOK_INTERVAL_MS = 1_000

/** What one look adds at most, ms: see {@link EventLoopWatch}. */
const MAX_STEP_MS = 2 * LOOK_INTERVAL_MS

/**
 * For how long the event loop of the main thread has not turned, seen from another thread. What counts is the time in
 * which this thread could look: a process that was stopped, or whose machine slept, was not busy meanwhile.
 */
export class EventLoopWatch {
  readonly #clock: Clock
  readonly #askForTurn: () => void
  #isAsked = false
  #busyMs = 0
  #lookedMs: number
  #cancelTimer: CancelTimer | undefined

  /** @param askForTurn - has {@link EventLoopWatch.turned} called by the next turn of the event loop. */
  constructor(clock: Clock, askForTurn: () => void) {
    this.#clock = clock
    this.#askForTurn = askForTurn
    this.#lookedMs = clock.nowMs()
  }

  /** Begins to look. */
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

  /** The event loop has turned. */
  turned(): void {
    this.#isAsked = false
    this.#busyMs = 0
  }

  /** What is wrong, in one sentence; `undefined` while the event loop turns. */
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
