/** The machine's clock, which also knows how many timers are running. */
import { systemClock, type CancelTimer, type Clock } from '../../src/clock.ts'

/** See the head of this file. */
export class CountingClock implements Clock {
  readonly #running = new Set<CancelTimer>()

  /** Timers that have neither fired nor been cancelled. */
  get running(): number {
    return this.#running.size
  }

  nowMs(): number {
    return systemClock.nowMs()
  }

  epochMs(): number {
    return systemClock.epochMs()
  }

  schedule(delayMs: number, task: () => void): CancelTimer {
    const cancelTimer = systemClock.schedule(delayMs, () => {
      this.#running.delete(cancelTimer)
      task()
    })
    this.#running.add(cancelTimer)
    return () => {
      this.#running.delete(cancelTimer)
      cancelTimer()
    }
  }
}
