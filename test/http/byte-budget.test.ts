import { describe, expect, it, type Mock, vi } from 'vitest'
import { ByteBudget, type ByteBudgetOptions, type HeldBytes } from '../../src/http/byte-budget.ts'

/** A budget of 10 bytes, in which a body stalls when it brings less than 2 bytes in 1 s. */
function budgetOf(options: Partial<ByteBudgetOptions> = {}): { budget: ByteBudget; clock: Time } {
  const clock = new Time()
  const budget = new ByteBudget({
    ...{ maxBytes: 10, stalledMs: 1000, progressBytes: 2, clock },
    ...options,
  })
  return { budget, clock }
}

class Time {
  ms = 0

  nowMs(): number {
    return this.ms
  }
}

/** A body that has brought so many bytes, and of which more is to come. */
function arriving(
  budget: ByteBudget,
  bytes: number,
  address = 'a',
): { body: HeldBytes; givenUp: Mock<() => void> } {
  const givenUp = vi.fn<() => void>()
  const body = budget.open(address)
  expect(body.take(bytes)).toBe('taken')
  body.awaitMore(givenUp)
  return { body, givenUp }
}

describe('ByteBudget', () => {
  it('lends exactly as many bytes as it has', () => {
    const { budget } = budgetOf()
    const body = budget.open('a')

    expect(body.take(10)).toBe('taken')
    expect(body.take(1)).toBe('full')
    expect(budget.heldBytes).toBe(10)
  })

  it('lends nothing if the request exceeds its bytes', () => {
    const { budget } = budgetOf()

    expect(budget.open('a').take(11)).toBe('full')
    expect(budget.heldBytes).toBe(0)
  })

  it('gives again what was given back, once', () => {
    const { budget } = budgetOf()
    const body = budget.open('a')
    body.take(10)

    body.giveBack(4)
    const again = budget.open('b').take(4)
    body.release()
    body.release()

    expect(again).toBe('taken')
    expect(budget.heldBytes).toBe(4)
  })

  it('gives one client no more than its share, and the rest to others', () => {
    const { budget } = budgetOf({ maxBytesPerClient: 7 })

    expect(budget.open('a').take(7)).toBe('taken')
    expect(budget.open('a').take(1)).toBe('clientFull')
    expect(budget.open('b').take(3)).toBe('taken')
    expect(budget.open('b').take(1)).toBe('full')
  })

  it('counts the share of a client anew once it holds nothing', () => {
    const { budget } = budgetOf({ maxBytesPerClient: 7 })
    const body = budget.open('a')
    body.take(7)
    body.release()

    expect(budget.open('a').take(7)).toBe('taken')
  })

  it('gives up a body that has stalled when its bytes are needed, and not before', () => {
    const { budget, clock } = budgetOf()
    const { body, givenUp } = arriving(budget, 8)

    clock.ms = 999
    const early = budget.open('b').take(5)
    clock.ms = 1000
    const callsBefore = givenUp.mock.calls.length
    const late = budget.open('b').take(5)

    expect([early, callsBefore, late]).toEqual(['full', 0, 'taken'])
    expect(givenUp).toHaveBeenCalledOnce()
    expect(body.bytes).toBe(0)
    expect(budget.heldBytes).toBe(5)
  })

  it('leaves stalled bodies alone as long as there is room', () => {
    const { budget, clock } = budgetOf()
    const { givenUp } = arriving(budget, 8)

    clock.ms = 60_000

    expect(budget.open('b').take(2)).toBe('taken')
    expect(givenUp).not.toHaveBeenCalled()
  })

  it('gives up the most stalled first, and no more than are needed', () => {
    const { budget, clock } = budgetOf()
    const first = arriving(budget, 3)
    clock.ms = 1
    const second = arriving(budget, 3)
    clock.ms = 2
    const third = arriving(budget, 4)
    clock.ms = 500
    first.body.giveBack(2)
    first.body.take(2)

    clock.ms = 1400
    const taking = budget.open('b').take(6)

    expect(taking).toBe('taken')
    expect(second.givenUp).toHaveBeenCalledOnce()
    expect(third.givenUp).toHaveBeenCalledOnce()
    expect(first.givenUp).not.toHaveBeenCalled()
  })

  it('treats a body that trickles as stalled', () => {
    const { budget, clock } = budgetOf()
    const { body, givenUp } = arriving(budget, 8)
    clock.ms = 900
    body.take(1)

    clock.ms = 1000
    budget.open('b').take(5)

    expect(givenUp).toHaveBeenCalledOnce()
  })

  it('does not give up the body whose bytes have just come', () => {
    const { budget, clock } = budgetOf()
    const { body, givenUp } = arriving(budget, 10)

    clock.ms = 5000

    expect(body.take(1)).toBe('full')
    expect(givenUp).not.toHaveBeenCalled()
  })

  it('gives up bodies of the same client if its share is full', () => {
    const { budget, clock } = budgetOf({ maxBytesPerClient: 5 })
    const other = arriving(budget, 5, 'other')
    const own = arriving(budget, 5, 'own')

    clock.ms = 1000
    const taking = budget.open('own').take(1)

    expect(taking).toBe('taken')
    expect(own.givenUp).toHaveBeenCalledOnce()
    expect(other.givenUp).not.toHaveBeenCalled()
  })

  it('keeps a body that has arrived whole, however long its records wait', () => {
    const { budget, clock } = budgetOf()
    const { body, givenUp } = arriving(budget, 8)
    body.settle()

    clock.ms = 60_000

    expect(budget.open('b').take(5)).toBe('full')
    expect(givenUp).not.toHaveBeenCalled()
  })
})
