/** Cancels a timer; a second call, or one after the timer fired, does nothing. */
export type CancelTimer = () => void

/** The source of time and timers, which tests replace. */
export interface Clock {
  /** Milliseconds since an arbitrary start; never goes back. For durations and deadlines. */
  nowMs(): number
  /** Milliseconds since the Unix epoch. For timestamps of records and spans only. */
  epochMs(): number
  /**
   * Calls `task` once, at least `delayMs` from now, and never before this call has returned. The timer
   * keeps the process alive until it fires or is cancelled.
   */
  schedule(delayMs: number, task: () => void): CancelTimer
}

/** The primitives that a clock is built from. */
export interface ClockParts extends Pick<Clock, 'nowMs' | 'epochMs'> {
  /** Calls `task` once, at least `delayMs` (more than 0) from now. */
  readonly startTimer: (delayMs: number, task: () => void) => CancelTimer
  /** Calls `task` once, after the process has read all input that has arrived by now. */
  readonly afterInput: (task: () => void) => CancelTimer
}

/**
 * A timer that is at least this late, ms, means that the process was held up, by its own work or by its machine.
 */
const HELD_UP_MS = 20

/**
 * Makes a clock whose timeouts do not expire requests whose answer has already arrived. After a process was held
 * up, its timers run first and its input is read second. Every request in flight would be given up although its
 * answer waits in the socket, and the repeated work would hold the process up even more. So a timer that fires late
 * runs its task only after the input was read.
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
