import { describe, expect, test } from 'vitest'
import {
  EventLoopWatch,
  LOOK_INTERVAL_MS,
  MAX_BUSY_MS,
} from '../../../src/operations/thread/event-loop-watch.ts'
import { ManualClock } from '../../telemetry/logging/manual-clock.ts'

/** A clock that can also stand for a process that does not run: time passes, and no timer fires meanwhile. */
class StoppableClock extends ManualClock {
  #stoppedMs = 0

  override nowMs(): number {
    return super.nowMs() + this.#stoppedMs
  }

  stopFor(ms: number): void {
    this.#stoppedMs += ms
  }
}

const startWatch = () => {
  const clock = new StoppableClock()
  let asked = 0
  const watch = new EventLoopWatch(clock, () => (asked += 1))
  watch.start()
  return { clock, watch, asked: () => asked }
}

describe('EventLoopWatch', () => {
  test('finds nothing wrong while the event loop turns', () => {
    const { clock, watch, asked } = startWatch()

    for (let second = 0; second < 60; second += 1) {
      watch.turned()
      clock.advance(LOOK_INTERVAL_MS)
    }

    expect(watch.problem).toBeUndefined()
    expect(asked()).toBe(61)
  })

  test('says for how long the event loop has been busy once that is too long, until it turns', () => {
    const { clock, watch, asked } = startWatch()

    clock.advance(MAX_BUSY_MS - 1)
    const before = watch.problem
    clock.advance(1)
    const after = watch.problem
    clock.advance(2500)
    const later = watch.problem
    watch.turned()

    expect(before).toBeUndefined()
    expect(after).toBe('The event loop of kprf has been busy for 10 s.')
    expect(later).toBe('The event loop of kprf has been busy for 12 s.')
    expect(watch.problem).toBeUndefined()
    expect(asked()).toBe(1)
  })

  test('does not count time in which the whole process was stopped', () => {
    const { clock, watch } = startWatch()
    clock.advance(LOOK_INTERVAL_MS)

    clock.stopFor(3_600_000)
    const first = watch.problem
    const second = watch.problem
    clock.advance(LOOK_INTERVAL_MS)

    expect([first, second, watch.problem]).toEqual([undefined, undefined, undefined])
  })

  test('checks no more once it is stopped', () => {
    const { clock, watch } = startWatch()

    watch.stop()

    expect(clock.pendingTimers).toBe(0)
  })
})
