import { clockOf, type CancelTimer, type Clock } from '../../../src/base/clock.ts'
import type { VirtualTime } from './virtual-time.ts'

interface HoldUp {
  readonly fromMs: number
  readonly toMs: number
}

/**
 * The event loop of the simulated kprf: its timers, and what arrives for it from the network. It can be held up, as on a
 * machine that has no time for the process: the rest of the world goes on, and when the loop goes on too, it runs the
 * timers that became due before it reads what has arrived, as Node does.
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

  /** Runs nothing for so long. One that is held up already stays so for no longer. */
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

  /** For how long, of the time between two moments, the loop was held up. */
  heldUpMs(fromMs: number, toMs: number): number {
    return this.#holdUps.reduce(
      (sum, one) => sum + Math.max(0, Math.min(toMs, one.toMs) - Math.max(fromMs, one.fromMs)),
      0,
    )
  }

  /** Runs a task of kprf once its time has come and the loop runs. */
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

  /** Resolves after so many milliseconds of the loop. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.startTimer(ms, resolve)
    })
  }

  /** Hands something over that arrived for kprf: now, or once the loop runs. */
  input(task: () => void): void {
    if (this.#isHeldUp) this.#inputs.push(task)
    else task()
  }
}
