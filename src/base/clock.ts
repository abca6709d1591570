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

/** What a clock is made of. */
export interface ClockParts extends Pick<Clock, 'nowMs' | 'epochMs'> {
  /** Calls `task` once, at least `delayMs` (more than 0) from now. */
  readonly startTimer: (delayMs: number, task: () => void) => CancelTimer
  /** Calls `task` once, after all that has arrived for the process by now was read. */
  readonly afterInput: (task: () => void) => CancelTimer
}

/**
 * A timer that fires so late means that the process was held up: by its own work, or by a machine that had no time
 * for it.
 */
const HELD_UP_MS = 20

/**
 * Makes a clock whose time-outs are fair to those whose answer is there already. Of a process that was held up, the
 * timers come first and what has arrived meanwhile comes second: every request in flight would be given up though its
 * answer waits in the socket, its work would be done again, and that would hold the process up the more. So a timer
 * that fires late runs once what has arrived was read.
 */
export function clockOf({ nowMs, epochMs, startTimer, afterInput }: ClockParts): Clock {
  return {
    nowMs,
    epochMs,
    schedule(delayMs, task) {
      if (delayMs <= 0) return afterInput(task)
      const dueMs = nowMs() + delayMs
      let cancel = startTimer(delayMs, () => {
        if (nowMs() - dueMs < HELD_UP_MS) task()
        else cancel = afterInput(task)
      })
      return () => {
        cancel()
      }
    },
  }
}

/** The machine's clock. */
export const systemClock: Clock = clockOf({
  nowMs: () => performance.now(),
  epochMs: () => Date.now(),
  startTimer(delayMs, task) {
    const timer = setTimeout(task, Math.ceil(delayMs))
    return () => {
      clearTimeout(timer)
    }
  },
  afterInput(task) {
    const immediate = setImmediate(task)
    return () => {
      clearImmediate(immediate)
    }
  },
})
