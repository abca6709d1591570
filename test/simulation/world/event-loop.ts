import { clockOf, type CancelTimer, type Clock } from '../../../src/base/clock.ts'
import type { VirtualTime } from './virtual-time.ts'

interface HoldUp {
  readonly fromMs: number
  readonly toMs: number
}

/**
 * The event loop of the simulated kprf: its timers, and its input from the network. It can be held up, as on a
 * machine without time for the process: the rest of the world continues, and afterwards the loop runs the due
 * timers before it reads its input, as Node does.
 */
export class EventLoop {
  /** The clock of kprf. */
  readonly clock: Clock
  readonly #time: VirtualTime
  readonly #holdUps: HoldUp[] = []
  readonly #timers: (() => void)[] = []
  readonly #inputs: (() => void)[] = []
  #isHeldUp = false

  constructor(time: VirtualTime) {
    this.#time = time
    this.clock = clockOf({
      nowMs: () => time.nowMs(),
      epochMs: () => time.epochMs(),
      startTimer: (delayMs, task) => this.startTimer(delayMs, task),
      afterInput: (task) => this.startTimer(0, task),
    })
  }

  /** Stops the loop for this time, ms. It does not extend a stop that is in progress. */
  holdUp(forMs: number): void {
    if (this.#isHeldUp) return
    this.#isHeldUp = true
    const fromMs = this.#time.nowMs()
    this.#holdUps.push({ fromMs, toMs: fromMs + forMs })
    this.#time.schedule(forMs, () => {
      this.#isHeldUp = false
      for (const task of this.#timers.splice(0)) task()
      for (const task of this.#inputs.splice(0)) this.#time.schedule(0, task)
    })
  }

  /** How long the loop was held up between two moments, ms. */
  heldUpMs(fromMs: number, toMs: number): number {
    return this.#holdUps.reduce(
      (sum, one) => sum + Math.max(0, Math.min(toMs, one.toMs) - Math.max(fromMs, one.fromMs)),
      0,
    )
  }

  /** Runs a task of kprf once it is due and the loop runs. */
  startTimer(delayMs: number, task: () => void): CancelTimer {
    let cancel = this.#time.schedule(delayMs, () => {
      if (this.#isHeldUp) {
        const held = { isCancelled: false }
        cancel = () => {
          held.isCancelled = true
        }
        this.#timers.push(() => {
          if (!held.isCancelled) cancel = this.#time.schedule(0, task)
        })
      } else task()
    })
    return () => {
      cancel()
    }
  }

  /** Resolves after this many milliseconds of the loop. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.startTimer(ms, resolve)
    })
  }

  /** Delivers input for kprf: now, or once the loop runs. */
  input(task: () => void): void {
    if (this.#isHeldUp) this.#inputs.push(task)
    else task()
  }
}
