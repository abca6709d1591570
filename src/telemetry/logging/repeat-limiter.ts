import type { CancelTimer, Clock } from '../../base/clock.ts'

/** Lines of one key that pass in {@link REPEAT_WINDOW_MS}. */
export const REPEATS_PER_WINDOW = 10

/** Length of a window, ms; it begins with the first line of its key. */
export const REPEAT_WINDOW_MS = 1000

interface Window {
  passed: number
  suppressed: number
  readonly report: (suppressed: number) => void
  readonly cancelTimer: CancelTimer
}

/**
 * Limits repeated lines: a few lines per second and key pass, the rest is counted. It remembers a key for one
 * window only.
 */
export class RepeatLimiter {
  readonly #clock: Clock
  readonly #windows = new Map<string, Window>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Returns whether a line may be written.
   *
   * @param report - called once when the window of this key ends, if lines were suppressed in it.
   */
  admit(key: string, report: (suppressed: number) => void): boolean {
    const window = this.#windows.get(key) ?? this.#open(key, report)
    if (window.passed < REPEATS_PER_WINDOW) {
      window.passed += 1
      return true
    }
    window.suppressed += 1
    return false
  }

  /** Ends all windows now. */
  flush(): void {
    for (const [key, window] of this.#windows) {
      window.cancelTimer()
      this.#end(key, window)
    }
  }

  #open(key: string, report: (suppressed: number) => void): Window {
    const cancelTimer = this.#clock.schedule(REPEAT_WINDOW_MS, () => {
      this.#end(key, window)
    })
    const window: Window = { passed: 0, suppressed: 0, report, cancelTimer }
    this.#windows.set(key, window)
    return window
  }

  #end(key: string, window: Window): void {
    this.#windows.delete(key)
    if (window.suppressed > 0) window.report(window.suppressed)
  }
}
