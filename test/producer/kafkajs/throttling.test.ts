import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  mendThrottling,
  MAX_THROTTLE_MS,
  throttle,
} from '../../../src/producer/kafkajs/throttling.ts'
import { type KafkajsRequestQueue, makeRequestQueue } from '../../support/kafkajs-internals.ts'

const DAYS_MS = 0x7fffffff
/** What the clock of the machine is set back by, ms. */
const SET_BACK_MS = 3_600_000

/** A clock that nobody sets. */
const steadyClock = { nowMs: () => performance.now() }

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

/** Whether a connection holds its next request back. */
function isHeldBack(requestQueue: KafkajsRequestQueue): boolean {
  return !requestQueue.canSendSocketRequestImmediately()
}

describe("kafkajs's own request queue", () => {
  test('is held back for days by an answer that says so', () => {
    const requestQueue = makeRequestQueue()

    requestQueue.maybeThrottle(DAYS_MS)

    expect(heldBackMs(requestQueue)).toBe(DAYS_MS)
  })

  test('is held back for as long as the clock of the machine is set back', () => {
    const requestQueue = makeRequestQueue()
    requestQueue.maybeThrottle(100)
    vi.advanceTimersByTime(100)
    const wasHeldBack = isHeldBack(requestQueue)

    vi.setSystemTime(Date.now() - SET_BACK_MS)

    expect([wasHeldBack, isHeldBack(requestQueue)]).toEqual([false, true])
  })
})

describe('mendThrottling', () => {
  test.each([
    ['none', 0, 0],
    ['a time that is over', 100, 100],
    ['a time that ends now', 100, 50],
  ])(
    'keeps a clock that is set back from holding requests back after an answer that asked for %s',
    (_, askedMs, beforeMs) => {
      const requestQueue = makeRequestQueue()
      mendThrottling({ requestQueue }, steadyClock)
      throttle({ requestQueue }, askedMs)
      vi.advanceTimersByTime(beforeMs)

      vi.setSystemTime(Date.now() - SET_BACK_MS)
      const isHeld = isHeldBack(requestQueue)
      vi.advanceTimersByTime(askedMs - beforeMs)

      expect([isHeld, isHeldBack(requestQueue)]).toEqual([beforeMs < askedMs, false])
    },
  )

  test('holds requests back for the time that was asked for where the clock is set forward', () => {
    const requestQueue = makeRequestQueue()
    mendThrottling({ requestQueue }, steadyClock)
    throttle({ requestQueue }, 100)

    vi.setSystemTime(Date.now() + SET_BACK_MS)

    expect(heldBackMs(requestQueue)).toBe(100)
  })

  test('keeps kafkajs from holding requests back', () => {
    const requestQueue = makeRequestQueue()
    mendThrottling({ requestQueue }, steadyClock)

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
