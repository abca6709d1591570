import { describe, expect, it } from 'vitest'
import { ByteBudget } from '../../src/http/byte-budget.ts'

describe('ByteBudget', () => {
  it('gives exactly as many bytes as it has', () => {
    const budget = new ByteBudget(10)

    expect(budget.tryTake(10)).toBe(true)
    expect(budget.tryTake(1)).toBe(false)
    expect(budget.heldBytes).toBe(10)
  })

  it('gives none of what would be too much', () => {
    const budget = new ByteBudget(10)

    expect(budget.tryTake(11)).toBe(false)
    expect(budget.heldBytes).toBe(0)
  })

  it('gives again what was given back', () => {
    const budget = new ByteBudget(10)
    budget.tryTake(10)

    budget.giveBack(4)

    expect(budget.tryTake(5)).toBe(false)
    expect(budget.tryTake(4)).toBe(true)
  })
})
