import { describe, expect, it } from 'vitest'
import { deliveryError } from '../../src/producer/delivery-errors.ts'
import { countRefusals } from '../../src/producer/refusal-counts.ts'
import { record } from '../support/producer-harness.ts'

const FULL = deliveryError(-184)
const TOO_LARGE = deliveryError(10)

describe('countRefusals', () => {
  it('tells once of each topic and error, wherever its records are in the push', () => {
    const topics = ['t', 'u', 't', 't', 'u', 't']
    const refusals = [FULL, FULL, undefined, FULL, TOO_LARGE, FULL]
    const told: unknown[] = []

    countRefusals(
      topics.map((topic) => record('x', { topic })),
      refusals,
      (...one) => told.push(one),
    )

    expect(told).toEqual([
      ['t', FULL, 3],
      ['u', FULL, 1],
      ['u', TOO_LARGE, 1],
    ])
  })

  it('tells of nothing when nothing was refused', () => {
    const told: unknown[] = []

    countRefusals([record('x')], [undefined], (...one) => told.push(one))

    expect(told).toEqual([])
  })
})
