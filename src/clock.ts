/** Cancels a timer; a second call, or one after the timer fired, does nothing. */
export type CancelTimer = () => void

/** Time as the producer sees it, so that tests can own it. */
export interface Clock {
  /** Milliseconds since an arbitrary start; never goes back. For durations and deadlines. */
  nowMs(): number
  /** Milliseconds since the Unix epoch. For record timestamps only. */
  epochMs(): number
  /** Calls `task` once, at least `delayMs` from now. The timer does not keep the process alive. */
  schedule(delayMs: number, task: () => void): CancelTimer
}

/** The machine's clock. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  epochMs: () => Date.now(),
  schedule(delayMs, task) {
    const timer = setTimeout(task, Math.max(0, Math.ceil(delayMs))).unref()
    return () => {
      clearTimeout(timer)
    }
  },
}
