import type { CancelTimer, Clock } from '../../../src/base/clock.ts'

interface Timer {
  readonly atMs: number
  readonly order: number
  readonly task: () => void
  isCancelled: boolean
}

/** The start of simulated time, so that the timestamps of a run are the same each time. */
const EPOCH_MS = Date.UTC(2030, 0, 1)
/** This many events without an end are an endless loop. */
const MAX_EVENTS = 3_000_000

const nextTurn = setImmediate

/**
 * Time that passes only when nothing is left to do. Events due at the same moment run in the order in which they
 * were scheduled. So a run whose other inputs come from a seed is exactly repeatable, and takes only as long as its
 * work does.
 */
export class VirtualTime implements Clock {
  readonly #timers: Timer[] = []
  #nowMs = 0
  #scheduled = 0
  #running = 0

  /** Number of active timers. */
  get running(): number {
    return this.#running
  }

  nowMs(): number {
    return this.#nowMs
  }

  epochMs(): number {
    return EPOCH_MS + Math.floor(this.#nowMs)
  }

  schedule(delayMs: number, task: () => void): CancelTimer {
    const atMs = this.#nowMs + Math.max(0, delayMs)
    const timer = { atMs, order: (this.#scheduled += 1), task, isCancelled: false }
    this.#insert(timer)
    this.#running += 1
    return () => {
      if (timer.isCancelled) return
      timer.isCancelled = true
      this.#running -= 1
    }
  }

  /** Resolves after this many milliseconds. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.schedule(ms, resolve)
    })
  }

  /**
   * Lets time pass until `main` has ended.
   *
   * @throws Error if nothing is left that could end it, or it never ends.
   */
  async run<Result>(main: () => Promise<Result>): Promise<Result> {
    const progress: { isDone: boolean } = { isDone: false }
    const result = main().finally(() => {
      progress.isDone = true
    })
    result.catch(() => undefined)
    for (let events = 0; ; events += 1) {
      // A turn of the event loop settles everything that the last timer started: nothing waits for the real world.
      await new Promise((resolve) => nextTurn(resolve))
      if (progress.isDone) return await result
      if (events > MAX_EVENTS) throw new Error(`no end after ${MAX_EVENTS} events`)
      if (!this.#fireNext()) throw new Error('nothing is left to happen, and the run has not ended')
    }
  }

  #fireNext(): boolean {
    for (;;) {
      const timer = this.#takeFirst()
      if (!timer) return false
      if (timer.isCancelled) continue
      timer.isCancelled = true
      this.#running -= 1
      this.#nowMs = timer.atMs
      timer.task()
      return true
    }
  }

  /** A binary heap: the earliest timer is at 0, each parent before its children. */
  #insert(timer: Timer): void {
    const heap = this.#timers
    let at = heap.push(timer) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = heap[parent]
      if (!above || isBefore(above, timer)) break
      heap[at] = above
      at = parent
    }
    heap[at] = timer
  }

  #takeFirst(): Timer | undefined {
    const heap = this.#timers
    const [first] = heap
    const last = heap.pop()
    if (!first || !last || first === last) return first
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      const left = heap[child]
      const right = heap[child + 1]
      if (!left) break
      if (right && isBefore(right, left)) child += 1
      const below = heap[child]
      if (!below || isBefore(last, below)) break
      heap[at] = below
      at = child
    }
    heap[at] = last
    return first
  }
}

function isBefore(one: Timer, other: Timer): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order)
}
