import { describe, expect, it } from 'vitest'
import { deliveryError } from '../../src/producer/delivery-errors.ts'
import { RefusalTally } from '../../src/producer/refusal-tally.ts'

const FULL = deliveryError(-184)
const TOO_LARGE = deliveryError(10)

describe('RefusalTally', () => {
  it('reports each topic and error once, wherever its records are in the push', () => {
    const tally = new RefusalTally()
    const told: unknown[] = []

    tally.add('t', FULL)
    tally.add('u', FULL)
    tally.add('t', FULL)
    tally.add('u', TOO_LARGE)
    tally.add('t', FULL)
    tally.report((...one) => told.push(one))

    expect(told).toEqual([
      ['t', FULL, 3],
      ['u', FULL, 1],
      ['u', TOO_LARGE, 1],
    ])
  })

  it('reports nothing when nothing was refused', () => {
    const told: unknown[] = []

    new RefusalTally().report((...one) => told.push(one))

    expect(told).toEqual([])
  })
})
