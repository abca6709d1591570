import { describe, expect, test } from 'vitest'
import {
  backoffMs,
  isRecordFault,
  mayBePersistedDespite,
  retryPolicy,
} from '../../src/producer/retry-policy.ts'

const FIRST_KNOWN_NUMBER = -199
const LAST_KNOWN_NUMBER = 133

const ALL_NUMBERS = Array.from(
  { length: LAST_KNOWN_NUMBER - FIRST_KNOWN_NUMBER + 1 },
  (_, index) => FIRST_KNOWN_NUMBER + index,
)

describe('retryPolicy', () => {
  test.each([
    [3, 'unknown topic or partition'],
    [5, 'leader not available'],
    [6, 'not leader for partition'],
    [8, 'broker not available'],
    [9, 'replica not available'],
  ])('retries %i (%s) without counting, after asking for the leader', (number) => {
    expect(retryPolicy(number)).toEqual({
      isRetriable: true,
      isCounted: false,
      wantsMetadata: true,
    })
  })

  test.each([
    [-195, 'transport failure'],
    [-193, 'host not resolved'],
    [-169, 'authentication failure'],
    [56, 'storage error'],
  ])('retries %i (%s), counting, after asking for the leader', (number) => {
    expect(retryPolicy(number)).toEqual({ isRetriable: true, isCounted: true, wantsMetadata: true })
  })

  test.each([
    [-185, 'timed out in flight'],
    [-181, 'SSL'],
    [2, 'corrupt message'],
    [7, 'request timed out'],
    [19, 'not enough replicas'],
    [20, 'not enough replicas after append'],
  ])('retries %i (%s), counting, with the leader it knows', (number) => {
    expect(retryPolicy(number)).toEqual({
      isRetriable: true,
      isCounted: true,
      wantsMetadata: false,
    })
  })

  test('retries -166 (timed out before it was sent) without counting', () => {
    expect(retryPolicy(-166)).toEqual({
      isRetriable: true,
      isCounted: false,
      wantsMetadata: false,
    })
  })

  test.each([
    [10, 'message too large'],
    [17, 'invalid topic'],
    [18, 'record list too large'],
    [29, 'topic authorization failed'],
    [31, 'cluster authorization failed'],
    [44, 'policy violation'],
    [45, 'out of order sequence number'],
    [46, 'duplicate sequence number'],
    [47, 'invalid producer epoch'],
    [87, 'invalid record'],
    [-1, 'unknown'],
    [12_345, 'not in any table'],
  ])('gives up at once on %i (%s)', (number) => {
    expect(retryPolicy(number)).toEqual({
      isRetriable: false,
      isCounted: false,
      wantsMetadata: false,
    })
  })

  test('retries nothing else', () => {
    const retried = ALL_NUMBERS.filter((number) => retryPolicy(number).isRetriable)

    expect(retried).toEqual([-195, -193, -185, -181, -169, -166, 2, 3, 5, 6, 7, 8, 9, 19, 20, 56])
  })
})

describe('mayBePersistedDespite', () => {
  /** What Kafka says before it appends anything. */
  const definite = [
    2, 3, 4, 5, 8, 9, 10, 17, 18, 19, 21, 29, 31, 32, 34, 35, 42, 43, 44, 45, 47, 55, 59, 76, 87,
    90,
  ]

  test('is false for what a broker only answers before it appends anything', () => {
    const refused = ALL_NUMBERS.filter((number) => !mayBePersistedDespite(number, -1))

    expect(refused).toEqual(definite)
  })

  test.each([
    [-1, 'unknown, before or after the append'],
    [7, 'the replicas took too long'],
    [13, 'a proxy lost the broker'],
    [20, 'too few replicas after the append'],
    [46, 'the broker has had this number'],
    [56, 'a disk that failed'],
    [60, 'a reassignment'],
    [133, 'an error of other requests'],
    [12_345, 'not in any table'],
  ])('is true for %i (%s), whatever the acks', (number) => {
    expect([mayBePersistedDespite(number, 1), mayBePersistedDespite(number, -1)]).toEqual([
      true,
      true,
    ])
  })

  test('for a leader that lost its role, depends on whether it waits for its replicas', () => {
    expect([mayBePersistedDespite(6, 1), mayBePersistedDespite(6, -1)]).toEqual([false, true])
  })
})

describe('isRecordFault', () => {
  test('is true for sizes, timestamps, policies and records that fail validation', () => {
    expect(ALL_NUMBERS.filter(isRecordFault)).toEqual([10, 18, 32, 44, 87])
  })
})

describe('backoffMs', () => {
  const settings = { retryBackoffMs: 100, retryBackoffMaxMs: 1_000 }

  test.each([
    [1, 80, 100, 120],
    [2, 160, 200, 240],
    [3, 320, 400, 480],
    [4, 640, 800, 960],
    [5, 1_000, 1_000, 1_000],
    [6, 1_000, 1_000, 1_000],
  ])('after attempt %i is from %d over %d to %d', (attempts, lowest, middle, highest) => {
    const delays = [0, 0.5, 1].map((number) => backoffMs(attempts, settings, () => number))

    expect(delays[0]).toBeCloseTo(lowest, 9)
    expect(delays[1]).toBeCloseTo(middle, 9)
    expect(delays[2]).toBeCloseTo(highest, 9)
  })

  test('is never more than the maximum, jitter included', () => {
    const delayMs = backoffMs(1, { retryBackoffMs: 100, retryBackoffMaxMs: 110 }, () => 1)

    expect(delayMs).toBe(110)
  })

  test('stays at the maximum after thousands of attempts', () => {
    expect(backoffMs(5_000, settings, () => 0)).toBe(1_000)
  })
})
