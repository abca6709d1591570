/** Cancels a timer; a second call, or one after the timer fired, does nothing. */
export type CancelTimer = () => void

/** Time as the producer sees it, so that tests can own it. */
export interface Clock {
  /** Milliseconds since an arbitrary start; never goes back. For durations and deadlines. */
  nowMs(): number
  /** Milliseconds since the Unix epoch. For record timestamps only. */
  epochMs(): number
  /**
   * Calls `task` once, at least `delayMs` from now, and never before this call has returned. The timer
   * keeps the process alive until it fires or is cancelled.
   */
  schedule(delayMs: number, task: () => void): CancelTimer
}

/** The machine's clock. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  epochMs: () => Date.now(),
  schedule(delayMs, task) {
    if (delayMs <= 0) {
      const immediate = setImmediate(task)
      return () => {
        clearImmediate(immediate)
      }
    }
    const timer = setTimeout(task, Math.ceil(delayMs))
    return () => {
      clearTimeout(timer)
    }
  },
}
