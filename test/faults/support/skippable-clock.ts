import { systemClock, type CancelTimer, type Clock } from '../../../src/base/clock.ts'

interface Timer {
  readonly atMs: number
  readonly task: () => void
  cancel: CancelTimer
}

/** The machine's clock, which can be told that more time has passed. */
export class SkippableClock implements Clock {
  readonly #timers = new Set<Timer>()
  #skippedMs = 0

  nowMs(): number {
    return systemClock.nowMs() + this.#skippedMs
  }

  epochMs(): number {
    return systemClock.epochMs() + this.#skippedMs
  }

  schedule(delayMs: number, task: () => void): CancelTimer {
    const timer: Timer = { atMs: this.nowMs() + delayMs, task, cancel: () => undefined }
    this.#timers.add(timer)
    this.#arm(timer)
    return () => {
      this.#timers.delete(timer)
      timer.cancel()
    }
  }

  /** Lets so much time have passed; timers that are due by it fire soon. */
  skip(ms: number): void {
    this.#skippedMs += ms
    for (const timer of this.#timers) {
      timer.cancel()
      this.#arm(timer)
    }
  }

  #arm(timer: Timer): void {
    timer.cancel = systemClock.schedule(timer.atMs - this.nowMs(), () => {
      this.#timers.delete(timer)
      timer.task()
    })
  }
}
