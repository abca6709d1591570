import type { IncomingMessage } from 'node:http'
import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { ReadTurns } from '../../src/http/read-turns.ts'
import { FakeClock } from '../support/fake-clock.ts'

const MEBIBYTE = 1_048_576

/** A request whose body flows. */
const newRequest = (): IncomingMessage => new PassThrough().resume() as unknown as IncomingMessage

/** Requests whose bodies flow. */
function flowing(count: number): IncomingMessage[] {
  return Array.from({ length: count }, newRequest)
}

const paused = (requests: readonly IncomingMessage[]): number =>
  requests.filter((request) => request.isPaused()).length

describe('ReadTurns', () => {
  it('lets bodies flow as long as a turn reads little', () => {
    const turns = new ReadTurns(new FakeClock())
    const requests = flowing(10)

    for (const request of requests) turns.received(request, 65_536)

    expect(paused(requests)).toBe(0)
  })

  it('pauses those that bring more once a turn has read a mebibyte', () => {
    const turns = new ReadTurns(new FakeClock())
    const first = newRequest()
    const requests = flowing(9)

    turns.received(first, MEBIBYTE)
    for (const request of requests) turns.received(request, 1)

    expect([first.isPaused(), paused(requests)]).toEqual([false, 9])
  })

  it('resumes all of them in the end, a few in each turn', async () => {
    const clock = new FakeClock()
    const turns = new ReadTurns(clock)
    const requests = flowing(100)
    for (const request of requests) turns.received(request, MEBIBYTE + 1)
    const before = paused(requests)

    await clock.advance(0)

    expect(before).toBe(100)
    expect(paused(requests)).toBe(0)
  })

  it('reads as much in the next turn', async () => {
    const clock = new FakeClock()
    const turns = new ReadTurns(clock)
    const second = newRequest()
    turns.received(newRequest(), MEBIBYTE)
    await clock.advance(0)

    turns.received(second, MEBIBYTE)

    expect(second.isPaused()).toBe(false)
  })
})
