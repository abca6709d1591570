import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { QueueBudget } from '../../src/producer/queue-budget.ts'
import { fixedRoom } from '../../src/producer/queue-room.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import { reserve } from '../support/reserve.ts'

const UNLIMITED = Number.MAX_SAFE_INTEGER

interface Limits {
  readonly maxRecords?: number
  readonly maxBytes?: number
}

function makeBudget({ maxRecords = 0, maxBytes = UNLIMITED }: Limits = {}): {
  budget: QueueBudget
  clock: FakeClock
} {
  const clock = new FakeClock()
  return { budget: new QueueBudget(fixedRoom(maxRecords, maxBytes), clock), clock }
}

/** Notes in `log` under which name each reservation ended, and how. */
function follow(log: string[], name: string, reservation: Promise<boolean>): void {
  void reservation.then((reserved) => log.push(`${name}: ${reserved}`))
}

describe('QueueBudget.tryReserve', () => {
  test('takes exactly as many records as the limit says', () => {
    const { budget } = makeBudget({ maxRecords: 3 })

    const results = [1, 2, 3, 4].map(() => budget.tryReserve(10, 0))

    expect(results).toEqual([true, true, true, false])
    expect(budget.records).toBe(3)
    expect(budget.bytes).toBe(30)
  })

  test('takes exactly as many bytes as the limit says', () => {
    const { budget } = makeBudget({ maxBytes: 100 })

    const results = [60, 41, 40, 1].map((valueBytes) => budget.tryReserve(valueBytes, 0))

    expect(results).toEqual([true, false, true, false])
    expect(budget.bytes).toBe(100)
  })

  test('takes any number of records when their limit is 0', () => {
    const { budget } = makeBudget({ maxRecords: 0, maxBytes: 1_000 })

    const results = Array.from({ length: 1_000 }, () => budget.tryReserve(1, 0))

    expect(results.every(Boolean)).toBe(true)
    expect(budget.tryReserve(1, 0)).toBe(false)
  })

  test('takes values without bytes when the bytes are used up', () => {
    const { budget } = makeBudget({ maxBytes: 10 })
    budget.tryReserve(10, 0)

    const results = [0, 0, 1].map((valueBytes) => budget.tryReserve(valueBytes, 0))

    expect(results).toEqual([true, true, false])
    expect(budget.records).toBe(3)
  })

  test('changes nothing when it refuses', () => {
    const { budget } = makeBudget({ maxBytes: 10 })

    budget.tryReserve(11, 0)

    expect([budget.records, budget.bytes]).toEqual([0, 0])
  })

  test('has room again after a release', () => {
    const { budget } = makeBudget({ maxRecords: 1, maxBytes: 10 })
    budget.tryReserve(10, 0)

    budget.release(1, 10)

    expect(budget.tryReserve(10, 0)).toBe(true)
  })

  test('does not overtake waiting pushes, even if it would fit', async () => {
    const { budget } = makeBudget({ maxBytes: 10 })
    const log: string[] = []
    budget.tryReserve(6, 0)
    follow(log, 'large', reserve(budget, 5, 100))

    expect(budget.tryReserve(1, 0)).toBe(false)

    budget.release(1, 6)
    await settle()
    expect(log).toEqual(['large: true'])
    expect(budget.tryReserve(1, 0)).toBe(true)
  })
})

describe('a place in line', () => {
  test('takes room at once where there is some, without a timer', async () => {
    const { budget, clock } = makeBudget({ maxRecords: 1 })

    expect(await reserve(budget, 1, 100)).toBe(true)

    expect(clock.timers).toBe(0)
  })

  test('gives room in the order of arrival, a small one waiting behind a large one', async () => {
    const { budget } = makeBudget({ maxBytes: 10 })
    const log: string[] = []
    budget.tryReserve(5, 0)
    budget.tryReserve(5, 0)
    follow(log, 'large', reserve(budget, 8, 100))
    follow(log, 'small', reserve(budget, 1, 100))
    follow(log, 'third', reserve(budget, 1, 100))

    budget.release(1, 5)
    await settle()
    expect(log).toEqual([])

    budget.release(1, 5)
    await settle()
    expect(log).toEqual(['large: true', 'small: true', 'third: true'])
    expect([budget.records, budget.bytes]).toEqual([3, 10])
  })

  test('serves as many as fit, and no more', async () => {
    const { budget } = makeBudget({ maxRecords: 3 })
    const log: string[] = []
    for (let n = 0; n < 3; n += 1) budget.tryReserve(1, 0)
    for (const name of ['a', 'b', 'c']) follow(log, name, reserve(budget, 1, 100))

    budget.release(2, 2)
    await settle()

    expect(log).toEqual(['a: true', 'b: true'])
    expect(budget.records).toBe(3)
  })

  test('gives up exactly when the time is over', async () => {
    const { budget, clock } = makeBudget({ maxRecords: 1 })
    const log: string[] = []
    budget.tryReserve(1, 0)
    follow(log, 'late', reserve(budget, 1, 100))

    await clock.advance(99)
    expect(log).toEqual([])
    await clock.advance(1)
    expect(log).toEqual(['late: false'])
  })

  test('takes no room for one that gave up', async () => {
    const { budget, clock } = makeBudget({ maxRecords: 1 })
    budget.tryReserve(1, 0)
    void reserve(budget, 1, 100)
    await clock.advance(100)

    budget.release(1, 1)

    expect(budget.records).toBe(0)
    expect(budget.tryReserve(1, 0)).toBe(true)
  })

  test('serves the next ones when the first gives up', async () => {
    const { budget, clock } = makeBudget({ maxBytes: 10 })
    const log: string[] = []
    budget.tryReserve(6, 0)
    follow(log, 'large', reserve(budget, 9, 50))
    follow(log, 'small', reserve(budget, 4, 100))

    await clock.advance(50)

    expect(log).toEqual(['large: false', 'small: true'])
    expect(clock.timers).toBe(0)
  })

  test('refuses a record larger than the whole queue at once, so that it delays no other', async () => {
    const { budget } = makeBudget({ maxBytes: 10 })
    const log: string[] = []
    follow(log, 'too large', reserve(budget, 11, 100))
    follow(log, 'small', reserve(budget, 1, 100))

    await settle()

    expect(log).toEqual(['too large: false', 'small: true'])
  })

  test('gives the whole queue to one value that is as large', async () => {
    const { budget } = makeBudget({ maxBytes: 10 })
    const log: string[] = []
    budget.tryReserve(1, 0)
    follow(log, 'as large', reserve(budget, 10, 100))

    budget.release(1, 1)
    await settle()

    expect(log).toEqual(['as large: true'])
  })

  test('leaves no timer behind once it was served', async () => {
    const { budget, clock } = makeBudget({ maxRecords: 1 })
    budget.tryReserve(1, 0)
    void reserve(budget, 1, 100)

    budget.release(1, 1)
    await settle()

    expect(clock.timers).toBe(0)
  })
})

describe('QueueBudget.refuseWaiters', () => {
  test('refuses all at once, and leaves no timer', async () => {
    const { budget, clock } = makeBudget({ maxRecords: 1 })
    const log: string[] = []
    budget.tryReserve(1, 0)
    follow(log, 'a', reserve(budget, 1, 100))
    follow(log, 'b', reserve(budget, 1, 100))

    budget.refuseWaiters()
    await settle()

    expect(log).toEqual(['a: false', 'b: false'])
    expect(clock.timers).toBe(0)
    expect(budget.records).toBe(1)
  })

  test('leaves the budget in working order', () => {
    const { budget } = makeBudget({ maxRecords: 1 })
    budget.tryReserve(1, 0)
    void reserve(budget, 1, 100)

    budget.refuseWaiters()
    budget.release(1, 1)

    expect(budget.tryReserve(1, 0)).toBe(true)
  })
})

describe('QueueBudget.release', () => {
  test.each([
    ['records', 2, 5],
    ['bytes', 1, 6],
  ])('throws when more %s come back than were taken', (_, records, bytes) => {
    const { budget } = makeBudget()
    budget.tryReserve(5, 0)

    expect(() => {
      budget.release(records, bytes)
    }).toThrow('invariant broken: more room was released than was taken')
  })

  test('brings the budget back to nothing, whatever was taken, in whatever order', () => {
    const anySizes = fc.array(fc.nat({ max: 50 }))

    fc.assert(
      fc.property(anySizes, (sizes) => {
        const { budget } = makeBudget({ maxRecords: 20, maxBytes: 400 })
        const taken = sizes.filter((valueBytes) => budget.tryReserve(valueBytes, 0))

        expect(budget.bytes).toBeLessThanOrEqual(400)
        expect(budget.records).toBeLessThanOrEqual(20)
        for (const valueBytes of taken.reverse()) budget.release(1, valueBytes)

        expect([budget.records, budget.bytes]).toEqual([0, 0])
      }),
    )
  })
})
