import type { CancelTimer, Clock } from '../../src/base/clock.ts'

interface Timer {
  readonly atMs: number
  readonly order: number
  readonly task: () => void
}

/** A clock that stands still until tests advance it; timers fire in order, with microtasks in between. */
export class FakeClock implements Clock {
  readonly #timers = new Set<Timer>()
  #nowMs = 0
  #order = 0

  /** Number of active timers. */
  get timers(): number {
    return this.#timers.size
  }

  nowMs(): number {
    return this.#nowMs
  }

  epochMs(): number {
    return 1_700_000_000_000 + this.#nowMs
  }

  schedule(delayMs: number, task: () => void): CancelTimer {
    const timer = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, task }
    this.#timers.add(timer)
    return () => {
      this.#timers.delete(timer)
    }
  }

  /** Advances the time and fires due timers. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms
    await settle()
    for (let next = this.#next(untilMs); next; next = this.#next(untilMs)) {
      this.#timers.delete(next)
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      next.task()
      await settle()
    }
    this.#nowMs = untilMs
  }

  #next(untilMs: number): Timer | undefined {
    let first: Timer | undefined
    for (const timer of this.#timers) {
      if (timer.atMs > untilMs) continue
      if (
        !first ||
        timer.atMs < first.atMs ||
        (timer.atMs === first.atMs && timer.order < first.order)
      )
        first = timer
    }
    return first
  }
}

/** Resolves when all pending microtasks have run. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
