import type { CancelTimer, Clock } from '../../../src/base/clock.ts'

interface Timer {
  readonly dueMs: number
  readonly task: () => void
}

/** A clock that stands still until it is advanced; it began at the epoch. */
export class ManualClock implements Clock {
  readonly #timers = new Set<Timer>()
  #nowMs = 0

  nowMs(): number {
    return this.#nowMs
  }

  epochMs(): number {
    return this.#nowMs
  }

  schedule(delayMs: number, task: () => void): CancelTimer {
    const timer = { dueMs: this.#nowMs + delayMs, task }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Runs the tasks that become due, in order. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms
    for (let timer = this.#next(endMs); timer !== undefined; timer = this.#next(endMs)) {
      this.#timers.delete(timer)
      this.#nowMs = timer.dueMs
      timer.task()
    }
    this.#nowMs = endMs
  }

  /** How many timers have neither fired nor been cancelled. */
  get pendingTimers(): number {
    return this.#timers.size
  }

  #next(untilMs: number): Timer | undefined {
    const due = [...this.#timers].filter(({ dueMs }) => dueMs <= untilMs)
    return due.sort((a, b) => a.dueMs - b.dueMs)[0]
  }
}
