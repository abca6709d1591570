import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { silenceIdleTimerLoop } from '../../../src/producer/kafkajs/timer-loop.ts'
import { type KafkajsRequestQueue, makeRequestQueue } from '../../support/kafkajs-internals.ts'

/** The tasks of the timers that are armed. */
let timers: (() => void)[] = []

beforeEach(() => {
  timers = []
  vi.stubGlobal('setTimeout', (task: () => void) => timers.push(task))
})

afterEach(() => {
  vi.unstubAllGlobals()
})

/** Lets every timer that is armed fire, this many times over; returns how many did. */
function fire(rounds: number): number {
  let fired = 0
  for (let round = 0; round < rounds; round += 1) {
    for (const task of timers.splice(0)) {
      task()
      fired += 1
    }
  }
  return fired
}

function makeQueue({ isSilenced }: { isSilenced: boolean }): KafkajsRequestQueue {
  const requestQueue = makeRequestQueue()
  if (isSilenced) silenceIdleTimerLoop({ requestQueue })
  return requestQueue
}

/** Holds a request back because of throttling; `sent` says whether it has been sent since. */
function throttledRequest(queue: KafkajsRequestQueue): { sent: boolean } {
  const state = { sent: false }
  queue.throttledUntil = Infinity
  queue.push({
    entry: { correlationId: 1, reject: () => undefined },
    expectResponse: true,
    sendRequest: () => {
      state.sent = true
    },
  })
  return state
}

describe("kafkajs's own request queue", () => {
  test('arms a timer again and again once an answer came, with nothing to wait for', () => {
    const queue = makeQueue({ isSilenced: false })

    queue.checkPendingRequests()

    expect(queue.pending).toEqual([])
    expect(fire(1_000)).toBe(1_000)
    expect(timers.length).toBe(1)
  })
})

describe('silenceIdleTimerLoop', () => {
  test('keeps a queue without pending requests from arming a timer', () => {
    const queue = makeQueue({ isSilenced: true })

    queue.checkPendingRequests()
    queue.scheduleCheckPendingRequests()

    expect(timers).toEqual([])
  })

  test('lets a queue arm its timer while a request is held back', () => {
    const queue = makeQueue({ isSilenced: true })

    const request = throttledRequest(queue)

    expect(timers.length).toBe(1)
    expect(fire(5)).toBe(5)
    expect(timers.length).toBe(1)
    expect(request.sent).toBe(false)
  })

  test('lets a request that was held back go, and then the timers end', () => {
    const queue = makeQueue({ isSilenced: true })
    const request = throttledRequest(queue)

    queue.throttledUntil = -1
    fire(1)

    expect(request.sent).toBe(true)
    expect(queue.pending).toEqual([])
    expect(timers).toEqual([])
  })

  test('changes no other queue', () => {
    makeQueue({ isSilenced: true })
    const other = makeQueue({ isSilenced: false })

    other.checkPendingRequests()

    expect(timers.length).toBe(1)
  })
})
