import { expect, test } from 'vitest'
import { percentile } from '../../../src/page/live/percentile.ts'
import { bins } from '../../support/live-sample.ts'

test('nothing was measured', () => {
  expect(percentile(bins(), 0.5)).toBeNull()
})

test.each([
  // The buckets end at 0.5, 1, 2.5, 5 and 10 ms.
  ['the middle of the first bucket', bins(0, 0), 0.5, 0.25],
  ['the end of a bucket', bins(0, 1), 0.5, 0.5],
  ['evenly spread within a bucket', bins(3, 3, 3, 3), 0.75, 2.5 + 2.5 * 0.75],
  ['the slowest of a hundred', bins(...Array.from({ length: 99 }, () => 0), 4), 0.995, 7.5],
])('%s', (_, counted, share, expected) => {
  expect(percentile(counted, share)).toBeCloseTo(expected)
})

test('what is above the last bound counts as that bound', () => {
  expect(percentile(bins(16), 0.99)).toBe(20_480)
})
