import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { type BodyBudgetOptions, createBodyBudget } from '../../src/http/body-budget.ts'

const MiB = 1_048_576

describe('createBodyBudget', () => {
  it.each<{ fact: string; options: Partial<BodyBudgetOptions>; mebibytes: number }>([
    { fact: '256 MiB', options: {}, mebibytes: 256 },
    { fact: 'a part of that for each process', options: { processes: 4 }, mebibytes: 64 },
    {
      fact: 'a quarter of what the process may use',
      options: { usableBytes: 400 * MiB },
      mebibytes: 100,
    },
    {
      fact: 'room for two bodies of the largest size at least',
      options: { usableBytes: MiB },
      mebibytes: 16,
    },
  ])('is $fact', ({ options, mebibytes }) => {
    const budget = createBodyBudget({ maxBodyBytes: 8 * MiB, clock: systemClock, ...options })

    expect(budget.maxBytes).toBe(mebibytes * MiB)
  })

  it('gives one address three quarters', () => {
    const budget = createBodyBudget({ maxBodyBytes: 8 * MiB, clock: systemClock })
    const body = budget.open('a')

    expect(body.take(192 * MiB)).toBe('taken')
    expect(body.take(1)).toBe('clientFull')
    expect(budget.open('b').take(64 * MiB)).toBe('taken')
  })
})
