import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RateLimiter } from '../../src/ingest/rate-limiter.ts'

const limiterOf = (maxRequestsPerMinute: number): RateLimiter =>
  new RateLimiter([{ topicName: 'orders', maxRequestsPerMinute }])

function admitMany(limiter: RateLimiter, count: number, nowMs: number): number {
  let admitted = 0
  for (let n = 0; n < count; n += 1) if (limiter.tryAdmit('orders', nowMs)) admitted += 1
  return admitted
}

describe('RateLimiter', () => {
  it('admits exactly as many records of a topic as its rule says', () => {
    expect(admitMany(limiterOf(3), 5, 0)).toBe(3)
  })

  it('does not limit topics without a rule', () => {
    expect(limiterOf(1).tryAdmit('other', 0)).toBe(true)
  })

  it('takes 0 for no limit, as the Rust kprf does', () => {
    const limiter = limiterOf(0)

    expect(admitMany(limiter, 1000, 0)).toBe(1000)
    expect(limiter.admit(new Map([['orders', 5]]), 0)).toEqual({
      admitted: new Map([['orders', 5]]),
      retryAfterSeconds: 0,
    })
    expect(limiter.has('orders')).toBe(false)
  })

  it('counts what was admitted before towards new rules', () => {
    const limiter = limiterOf(3)
    admitMany(limiter, 3, 0)

    limiter.use([{ topicName: 'orders', maxRequestsPerMinute: 5 }])
    expect(admitMany(limiter, 5, 1000)).toBe(2)
    limiter.use([{ topicName: 'orders', maxRequestsPerMinute: 4 }])
    expect(admitMany(limiter, 5, 2000)).toBe(0)
    limiter.use([])
    expect(admitMany(limiter, 5, 3000)).toBe(5)
  })

  it('limits each topic by itself', () => {
    const limiter = new RateLimiter([
      { topicName: 'orders', maxRequestsPerMinute: 1 },
      { topicName: 'visits', maxRequestsPerMinute: 1 },
    ])
    limiter.tryAdmit('orders', 0)

    expect(limiter.tryAdmit('visits', 0)).toBe(true)
  })

  it.each([
    { atMs: 0, admittedAtMs: 59_999, admitted: false },
    { atMs: 0, admittedAtMs: 60_000, admitted: true },
    { atMs: 999, admittedAtMs: 60_000, admitted: true },
    { atMs: 1000, admittedAtMs: 60_999, admitted: false },
    { atMs: 1000, admittedAtMs: 61_000, admitted: true },
    { atMs: 0, admittedAtMs: 86_400_000, admitted: true },
  ])(
    'counts a record of $atMs ms until the second it was in is 60 s old: at $admittedAtMs ms room is $admitted',
    ({ atMs, admittedAtMs, admitted }) => {
      const limiter = limiterOf(1)
      limiter.tryAdmit('orders', atMs)

      expect(limiter.tryAdmit('orders', admittedAtMs)).toBe(admitted)
    },
  )

  it('does not count what it refuses', () => {
    const limiter = limiterOf(1)
    limiter.tryAdmit('orders', 0)
    admitMany(limiter, 100, 30_000)

    expect(limiter.tryAdmit('orders', 60_000)).toBe(true)
  })

  it.each([
    { nowMs: 0, seconds: 60 },
    { nowMs: 20_500, seconds: 40 },
    { nowMs: 59_000, seconds: 1 },
    { nowMs: 59_999, seconds: 1 },
  ])('tells at $nowMs ms to come back in $seconds s', ({ nowMs, seconds }) => {
    const limiter = limiterOf(1)
    limiter.tryAdmit('orders', 0)

    expect(limiter.retryAfterSeconds('orders', nowMs)).toBe(seconds)
  })

  it('has room after as many seconds as it tells', () => {
    const limiter = limiterOf(2)
    limiter.tryAdmit('orders', 12_300)
    limiter.tryAdmit('orders', 45_600)

    const seconds = limiter.retryAfterSeconds('orders', 50_000)

    expect(limiter.tryAdmit('orders', 50_000 + (seconds - 1) * 1000)).toBe(false)
    expect(limiter.tryAdmit('orders', 50_000 + seconds * 1000)).toBe(true)
  })

  it('asks for a wait of a second for a topic without a rule', () => {
    expect(limiterOf(1).retryAfterSeconds('other', 0)).toBe(1)
  })

  it('agrees with a list of the times it admitted, whatever the times', () => {
    const steps = fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 200 })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), steps, (max, stepsMs) => {
        const limiter = limiterOf(max)
        const seconds: number[] = []
        let nowMs = 0
        for (const stepMs of stepsMs) {
          nowMs += stepMs
          const second = Math.floor(nowMs / 1000)
          const isFree = seconds.filter((other) => other > second - 60).length < max
          expect(limiter.tryAdmit('orders', nowMs)).toBe(isFree)
          if (isFree) seconds.push(second)
        }
      }),
    )
  })

  it('admits records of each topic up to its limit, and tells when refused topics have room', () => {
    const limiter = new RateLimiter([
      { topicName: 'orders', maxRequestsPerMinute: 2 },
      { topicName: 'visits', maxRequestsPerMinute: 9 },
    ])
    limiter.tryAdmit('visits', 0)

    const wanted = new Map([
      ['orders', 3],
      ['visits', 1],
    ])
    const { admitted, retryAfterSeconds } = limiter.admit(wanted, 20_000)

    expect(Object.fromEntries(admitted)).toEqual({ orders: 2, visits: 1 })
    expect(retryAfterSeconds).toBe(60)
    expect(limiter.tryAdmit('orders', 20_000)).toBe(false)
  })

  it('knows which topics have a limit', () => {
    expect([limiterOf(1).has('orders'), limiterOf(1).has('other')]).toEqual([true, false])
  })
})
