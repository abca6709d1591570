import { describe, expect, test } from 'vitest'
import {
  REPEAT_WINDOW_MS,
  RepeatLimiter,
  REPEATS_PER_WINDOW,
} from '../../../src/telemetry/logging/repeat-limiter.ts'
import { ManualClock } from './manual-clock.ts'

const makeLimiter = (): {
  clock: ManualClock
  limiter: RepeatLimiter
  reports: string[]
  admit: (key: string, times: number) => boolean[]
} => {
  const clock = new ManualClock()
  const limiter = new RepeatLimiter(clock)
  const reports: string[] = []
  const admit = (key: string, times: number): boolean[] =>
    Array.from({ length: times }, () =>
      limiter.admit(key, (suppressed) => reports.push(`${key}: ${suppressed}`)),
    )
  return { clock, limiter, reports, admit }
}

const admitted = (results: boolean[]): number => results.filter(Boolean).length

describe('RepeatLimiter', () => {
  test('admits the first ten of a key in a second', () => {
    const { admit } = makeLimiter()

    const results = admit('a', REPEATS_PER_WINDOW + 3)

    expect(results).toEqual([...Array<boolean>(10).fill(true), false, false, false])
  })

  test('counts each key on its own', () => {
    const { admit } = makeLimiter()
    admit('a', 20)

    expect(admitted(admit('b', 20))).toBe(10)
  })

  test('reports how many were held back when the second is over, once', () => {
    const { clock, admit, reports } = makeLimiter()
    admit('a', 14)

    clock.advance(REPEAT_WINDOW_MS - 1)
    expect(reports).toEqual([])
    clock.advance(1)
    clock.advance(10 * REPEAT_WINDOW_MS)

    expect(reports).toEqual(['a: 4'])
  })

  test('reports nothing when nothing was held back', () => {
    const { clock, admit, reports } = makeLimiter()
    admit('a', REPEATS_PER_WINDOW)

    clock.advance(REPEAT_WINDOW_MS)

    expect(reports).toEqual([])
  })

  test('admits ten again in the next second', () => {
    const { clock, admit } = makeLimiter()
    admit('a', 20)

    clock.advance(REPEAT_WINDOW_MS)

    expect(admitted(admit('a', 20))).toBe(10)
  })

  test('forgets a key when its second is over', () => {
    const { clock, admit } = makeLimiter()
    admit('a', 1)

    clock.advance(REPEAT_WINDOW_MS)

    expect(clock.pendingTimers).toBe(0)
  })

  test('reports at once when flushed', () => {
    const { clock, limiter, admit, reports } = makeLimiter()
    admit('a', 11)
    admit('b', 12)

    limiter.flush()

    expect(reports).toEqual(['a: 1', 'b: 2'])
    expect(clock.pendingTimers).toBe(0)
  })
})
