import { describe, expect, it } from 'vitest'
import { createRequestIds } from '../../src/http/request-id.ts'
import { FakeClock } from '../support/fake-clock.ts'

describe('request ids', () => {
  it.each(['a', 'A-b_9', 'x'.repeat(64)])("are the client's own where it is %s", (id) => {
    const requestIds = createRequestIds(new FakeClock())

    expect(requestIds({ 'x-request-id': id })).toBe(id)
  })

  it.each(['', ' ', 'a b', 'a\n', 'caf\u00e9', '"', 'x'.repeat(65), ['a', 'b']])(
    'are new where the client sent %j',
    (id) => {
      const requestIds = createRequestIds(new FakeClock())

      expect(requestIds({ 'x-request-id': id })).toMatch(/^[0-9a-f-]{36}$/)
    },
  )

  it('are UUIDs of version 7 when new', () => {
    const id = createRequestIds(new FakeClock())()

    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  })

  it('begin with the time', async () => {
    const clock = new FakeClock()
    const requestIds = createRequestIds(clock)
    const timeOf = (id: string): number => Number.parseInt(id.slice(0, 13).replace('-', ''), 16)

    const first = requestIds()
    await clock.advance(1500)
    const second = requestIds()

    expect(timeOf(first)).toBe(1_700_000_000_000)
    expect(timeOf(second)).toBe(1_700_000_001_500)
  })

  it('sort in the order in which they were made, within a millisecond too', () => {
    const requestIds = createRequestIds(new FakeClock())
    const ids = Array.from({ length: 1000 }, () => requestIds())

    expect(ids).toEqual(ids.toSorted())
    expect(new Set(ids).size).toBe(1000)
  })

  it('of two sources differ', () => {
    const clock = new FakeClock()

    expect(createRequestIds(clock)()).not.toBe(createRequestIds(clock)())
  })
})
