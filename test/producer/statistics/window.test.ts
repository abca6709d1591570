import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  EMPTY_WINDOW,
  mergeWindows,
  summarize,
  Window,
  type WindowData,
} from '../../../src/producer/statistics/window.ts'

function windowOf(values: readonly number[]): WindowData {
  const window = new Window()
  for (const value of values) window.observe(value)
  return window.take()
}

/** The value that so many percent of all are at or below. */
function percentileOf(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.ceil((sorted.length * percent) / 100) - 1] ?? 0
}

const values = fc.array(fc.nat({ max: 100_000_000 }), { minLength: 1 })

describe('Window', () => {
  it('knows smallest, largest, average, sum, count and deviation', () => {
    expect(summarize(windowOf([2, 4, 4, 4, 5, 5, 7, 9]))).toMatchObject({
      ...{ min: 2, max: 9, avg: 5, sum: 40, cnt: 8, stddev: 2 },
    })
  })

  it('gives small values exactly', () => {
    const window = windowOf(Array.from({ length: 100 }, (_, index) => index + 1))

    expect(summarize(window)).toMatchObject({ p50: 50, p75: 75, p90: 90, p95: 95, p99: 99 })
    expect(summarize(window).p99_99).toBe(100)
  })

  it('gives percentiles that are off by 1.6 % at most, and never too low', () => {
    fc.assert(
      fc.property(values, (observed) => {
        const { p50, p90, p99 } = summarize(windowOf(observed))
        const pairs: [number, number][] = [
          [p50, percentileOf(observed, 50)],
          [p90, percentileOf(observed, 90)],
          [p99, percentileOf(observed, 99)],
        ]
        for (const [given, exact] of pairs) {
          expect(given).toBeGreaterThanOrEqual(exact)
          expect(given).toBeLessThanOrEqual(exact * (1 + 1 / 64))
        }
      }),
    )
  })

  it('starts from zero each time that it is taken', () => {
    const window = new Window()
    window.observe(1000)
    window.take()
    window.observe(3)

    expect(summarize(window.take())).toMatchObject({ min: 3, max: 3, cnt: 1, p99: 3 })
    expect(window.take()).toEqual(EMPTY_WINDOW)
  })

  it('is all zeros without values', () => {
    expect(new Set(Object.values(summarize(EMPTY_WINDOW)))).toEqual(new Set([0]))
  })

  it('has a bounded number of bins, whatever it is given', () => {
    const window = new Window()
    for (let value = 0; value < 1e13; value = value * 1.001 + 1) window.observe(value)

    const data = window.take()

    expect(data.bins.length).toBeLessThanOrEqual(1700)
    expect(summarize(data).p99_99).toBe(Math.round(data.max))
  })

  it('is the same merged as if one process had observed all', () => {
    fc.assert(
      fc.property(values, values, (one, other) => {
        const merged = mergeWindows([windowOf(one), EMPTY_WINDOW, windowOf(other)])

        expect(summarize(merged)).toEqual(summarize(windowOf([...one, ...other])))
      }),
    )
    expect(mergeWindows([])).toEqual(EMPTY_WINDOW)
  })
})
