/**
 * Replaces the global clock, timers and random numbers, which kafkajs uses, by those of a run. Node's internals are
 * not affected.
 */
import type { SeededRandom } from '../../support/random.ts'
import type { EventLoop } from './event-loop.ts'

/** Replaces the globals; the returned function restores them. */
export function takeOverGlobals(loop: EventLoop, dice: SeededRandom): () => void {
  const { setTimeout, clearTimeout, setInterval, clearInterval } = globalThis
  const { now } = Date
  const { random } = Math
  const start = (
    task: (...values: unknown[]) => void,
    delayMs = 0,
    ...values: unknown[]
  ): unknown =>
    new VirtualTimeout(loop, delayMs, false, () => {
      task(...values)
    })
  const repeat = (task: () => void, delayMs = 0): unknown =>
    new VirtualTimeout(loop, Math.max(1, delayMs), true, task)
  const stop = (timeout: unknown): void => {
    if (timeout instanceof VirtualTimeout) timeout.close()
  }
  Object.assign(globalThis, {
    setTimeout: start,
    clearTimeout: stop,
    setInterval: repeat,
    clearInterval: stop,
  })
  Date.now = () => loop.clock.epochMs()
  Math.random = dice.next
  return () => {
    Object.assign(globalThis, { setTimeout, clearTimeout, setInterval, clearInterval })
    Date.now = now
    Math.random = random
  }
}

/** What `setTimeout` and `setInterval` return. */
class VirtualTimeout {
  #cancel: () => void

  constructor(loop: EventLoop, delayMs: number, isRepeated: boolean, task: () => void) {
    const fire = (): void => {
      if (isRepeated) this.#cancel = loop.startTimer(delayMs, fire)
      task()
    }
    // Node treats every invalid delay as 1 ms.
    this.#cancel = loop.startTimer(delayMs >= 1 ? delayMs : 1, fire)
  }

  close(): void {
    this.#cancel()
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }
}
