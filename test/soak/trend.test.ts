import { describe, expect, test } from 'vitest'
import { lowest, trendOf } from './trend.ts'

describe('A trend', () => {
  test('is flat when the value does not move', () => {
    const samples = [0, 1_000, 2_000].map((atMs) => ({ atMs, value: 5 }))

    expect(trendOf(samples)).toEqual({ first: 5, last: 5, slopePerHour: 0, relativePerHour: 0 })
  })

  test('tells how much is added in an hour', () => {
    const samples = [0, 1, 2, 3].map((minute) => ({ atMs: minute * 60_000, value: 10 + minute }))

    const { slopePerHour, relativePerHour } = trendOf(samples)

    expect(slopePerHour).toBeCloseTo(60)
    expect(relativePerHour).toBeCloseTo(60 / 11.5)
  })

  test('does not follow a single outlier', () => {
    const values = [10, 10, 10, 100, 10, 10, 10]

    const { slopePerHour } = trendOf(values.map((value, index) => ({ atMs: index, value })))

    expect(slopePerHour).toBeCloseTo(0)
  })

  test('takes two samples', () => {
    expect(() => trendOf([{ atMs: 0, value: 1 }])).toThrow(RangeError)
  })
})

describe('The lowest samples', () => {
  const samples = [5, 3, 9, 4, 8, 7].map((value, index) => ({ atMs: index, value }))

  test('are the smallest of each window', () => {
    expect(lowest(samples, 3)).toEqual([
      { atMs: 1, value: 3 },
      { atMs: 3, value: 4 },
    ])
  })

  test('are all of them where there are too few', () => {
    expect(lowest(samples, 4)).toEqual(samples)
  })
})
