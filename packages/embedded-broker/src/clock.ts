/** The clock of the broker, which tests can replace. */

/** Where the broker takes the time and its timers from. */
export interface BrokerClock {
  /** Milliseconds since the Unix epoch. */
  epochMs(): number
  /** Calls `task` once, at least `delayMs` from now; the returned function cancels it. */
  schedule(delayMs: number, task: () => void): () => void
}

/** Longest delay a Node timer takes; longer ones would fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1

/** The machine's clock. Its timers do not keep the process alive. */
export const systemClock: BrokerClock = {
  epochMs: () => Date.now(),
  schedule(delayMs, task) {
    const timer = setTimeout(task, Math.min(Math.max(0, delayMs), MAX_DELAY_MS)).unref()
    return () => {
      clearTimeout(timer)
    }
  },
}
