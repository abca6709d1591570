import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { QuotaLimiter } from '../../src/ingest/quotas.ts'

const RATE = 10
const limiterOf = (): QuotaLimiter =>
  new QuotaLimiter([
    { principals: ['shop', 'batch-*'], recordsPerSecond: RATE },
    { principals: ['*'], bytesPerSecond: 100 },
  ])
const records = (count: number) => ({ records: count, bytes: 0 })

describe('QuotaLimiter', () => {
  it('gives each principal of a rule the amount for itself', () => {
    const limiter = limiterOf()

    expect(limiter.take('shop', records(10), 0)).toBe(0)
    expect(limiter.take('shop', records(1), 0)).toBe(1)
    expect(limiter.take('batch-1', records(10), 0)).toBe(0)
  })

  it('uses the first rule that names the principal', () => {
    expect(limiterOf().take('shop', { records: 1, bytes: 1000 }, 0)).toBe(0)
    const limiter = limiterOf()
    limiter.take('other', { records: 1000, bytes: 100 }, 0)
    expect(limiter.take('other', { records: 1, bytes: 100 }, 0)).toBe(1)
  })

  it('admits a push of more than one second to a full bucket, and lets the next one wait for it', () => {
    const limiter = limiterOf()

    expect(limiter.take('shop', records(50), 0)).toBe(0)
    expect(limiter.take('shop', records(10), 0)).toBe(5)
    expect(limiter.take('shop', records(10), 4999)).toBe(1)
    expect(limiter.take('shop', records(10), 5000)).toBe(0)
  })

  it('lets a principal go on to pay its debt under new rules', () => {
    const limiter = new QuotaLimiter([{ principals: ['a'], recordsPerSecond: 10 }])
    const take = (records: number, nowMs: number): number =>
      limiter.take('a', { records, bytes: 0 }, nowMs)
    expect(take(50, 0)).toBe(0)

    limiter.use([{ principals: ['*'], recordsPerSecond: 1000 }])
    expect(take(1, 0)).toBe(5)
    expect(take(1000, 6000)).toBe(0)
    limiter.use([])
    expect(take(1_000_000, 6000)).toBe(0)
  })

  it('forgets principals whose buckets are full', () => {
    const limiter = limiterOf()
    for (let n = 0; n < 10_000; n += 1) limiter.take(`batch-${n}`, records(1), n * 1000)

    expect(limiter.size).toBeLessThanOrEqual(1000)
  })

  const pushes = fc.array(
    fc.tuple(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 1, max: 35 })),
    {
      maxLength: 60,
    },
  )

  it('never admits more than the rate, one second of it and the last push, in any window', () => {
    fc.assert(
      fc.property(pushes, (sent) => {
        const limiter = limiterOf()
        const admitted: { atMs: number; count: number }[] = []
        let nowMs = 0
        for (const [gapMs, count] of sent) {
          nowMs += gapMs
          if (limiter.take('shop', records(count), nowMs) === 0)
            admitted.push({ atMs: nowMs, count })
        }
        for (const [from, first] of admitted.entries()) {
          let total = 0
          for (const { atMs, count } of admitted.slice(from)) {
            const seconds = (atMs - first.atMs) / 1000
            expect(total).toBeLessThanOrEqual(
              (seconds + 1) * RATE + 0.001 + Math.max(0, first.count - RATE),
            )
            total += count
            expect(total).toBeLessThanOrEqual(
              (seconds + 1) * RATE + 0.001 + Math.max(0, count - RATE),
            )
          }
        }
      }),
    )
  })

  it('admits a refused push after the seconds it said, if nothing else came', () => {
    fc.assert(
      fc.property(pushes, fc.integer({ min: 1, max: 35 }), (sent, count) => {
        const limiter = limiterOf()
        let nowMs = 0
        for (const [gapMs, size] of sent) limiter.take('shop', records(size), (nowMs += gapMs))
        const waitSeconds = limiter.take('shop', records(count), nowMs)
        if (waitSeconds === 0) return
        expect(limiter.take('shop', records(count), nowMs + waitSeconds * 1000)).toBe(0)
      }),
    )
  })
})
