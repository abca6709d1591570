import { describe, expect, it } from 'vitest'
import { ReconnectBackoff } from '../../src/producer/reconnect-backoff.ts'

const settings = { reconnectBackoffMs: 100, reconnectBackoffMaxMs: 1_000 }

describe('ReconnectBackoff', () => {
  it('doubles up to the maximum', () => {
    const backoff = new ReconnectBackoff(settings, () => 1 / 3)

    expect(Array.from({ length: 6 }, () => backoff.nextMs())).toEqual([
      100, 200, 400, 800, 1_000, 1_000,
    ])
  })

  it.each([
    [0, 75],
    [1, 150],
  ])('jitters, with %d to %d ms of 100', (random, expected) => {
    expect(new ReconnectBackoff(settings, () => random).nextMs()).toBe(expected)
  })

  it('starts again from the shortest wait after a success', () => {
    const backoff = new ReconnectBackoff(settings, () => 1 / 3)
    backoff.nextMs()
    backoff.nextMs()

    backoff.reset()

    expect(backoff.nextMs()).toBe(100)
  })
})
