import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  ignoreThrottling,
  MAX_THROTTLE_MS,
  throttle,
} from '../../../src/producer/kafkajs/throttling.ts'
import { type KafkajsRequestQueue, makeRequestQueue } from '../../support/kafkajs-internals.ts'

const DAYS_MS = 0x7fffffff

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000 })
})

afterEach(() => {
  vi.useRealTimers()
})

/** For how long a connection holds requests back, ms. */
function heldBackMs({ throttledUntil }: KafkajsRequestQueue): number {
  return Math.max(0, throttledUntil - Date.now())
}

describe("kafkajs's own request queue", () => {
  test('is held back for days by an answer that says so', () => {
    const requestQueue = makeRequestQueue()

    requestQueue.maybeThrottle(DAYS_MS)

    expect(heldBackMs(requestQueue)).toBe(DAYS_MS)
  })
})

describe('ignoreThrottling', () => {
  test('keeps kafkajs from holding requests back', () => {
    const requestQueue = makeRequestQueue()
    ignoreThrottling({ requestQueue })

    requestQueue.maybeThrottle(DAYS_MS)

    expect(heldBackMs(requestQueue)).toBe(0)
  })
})

describe('throttle', () => {
  test.each([
    ['the time that a broker asks for', 10_000, 10_000],
    ['no more than its limit', DAYS_MS, MAX_THROTTLE_MS],
    ['no time after an answer that asks for none', 0, 0],
    ['no time after an answer that was held back by the broker', undefined, 0],
    ['no time after an answer that asks for less than none', -1, 0],
  ])('holds requests back for %s', (_, askedMs, heldMs) => {
    const requestQueue = makeRequestQueue()

    throttle({ requestQueue }, askedMs)

    expect(heldBackMs(requestQueue)).toBe(heldMs)
  })

  test('keeps the longest time of several answers', () => {
    const requestQueue = makeRequestQueue()

    throttle({ requestQueue }, 500)
    throttle({ requestQueue }, 100)

    expect(heldBackMs(requestQueue)).toBe(500)
  })
})
