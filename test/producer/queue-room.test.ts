import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ChunkPool, LARGEST_CHUNK_BYTES } from '../../src/producer/chunk-pool.ts'
import { MemoryBudget } from '../../src/producer/memory-budget.ts'
import { BorrowedRoom, type Room, type RoomLender } from '../../src/producer/queue-room.ts'
import { QueueBank } from '../../src/workers/queue-bank.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import { reserve } from '../support/reserve.ts'

/** Lends what it is told to, when it is told to. */
class ScriptedLender implements RoomLender {
  readonly chunk = { records: 10, bytes: 1000 }
  readonly total = { records: 100, bytes: 10_000 }
  readonly wanted: Room[] = []
  readonly returned: Room[] = []
  #lend: (room: Room) => void = () => undefined
  tellRoomAgain: () => void = () => undefined

  borrow(wanted: Room): Promise<Room> {
    this.wanted.push(wanted)
    return new Promise((resolve) => {
      this.#lend = resolve
    })
  }

  giveBack(room: Room): void {
    this.returned.push(room)
  }

  onRoomAgain(listener: () => void): void {
    this.tellRoomAgain = listener
  }

  async lend(room: Room | undefined = this.wanted.at(-1)): Promise<void> {
    this.#lend(room ?? { records: 0, bytes: 0 })
    await settle()
  }
}

function makeBudget(): { budget: MemoryBudget; lender: ScriptedLender; clock: FakeClock } {
  const lender = new ScriptedLender()
  const clock = new FakeClock()
  return { budget: new MemoryBudget(new BorrowedRoom(lender), clock), lender, clock }
}

function fill(budget: MemoryBudget, records: number, valueBytes = 1): number {
  let taken = 0
  while (taken < records && budget.tryReserve(valueBytes, 0)) taken += 1
  return taken
}

describe('a queue with borrowed room', () => {
  test('borrows a chunk before it needs it', async () => {
    const { budget, lender } = makeBudget()
    expect(lender.wanted).toEqual([{ records: 10, bytes: 1000 }])

    await lender.lend()

    expect(fill(budget, 20)).toBe(10)
  })

  test('borrows more when less than half a chunk is free, up to one chunk', async () => {
    const { budget, lender } = makeBudget()
    await lender.lend()

    fill(budget, 6)

    expect(lender.wanted.slice(1)).toEqual([{ records: 6, bytes: 6 }])
  })

  test('asks once at a time', async () => {
    const { budget, lender } = makeBudget()
    await lender.lend()

    fill(budget, 10)

    expect(lender.wanted).toHaveLength(2)
  })

  test('gives back down to a chunk when more than two are free', async () => {
    const { budget, lender } = makeBudget()
    await lender.lend()
    for (let burst = 0; burst < 2; burst += 1) {
      fill(budget, 6)
      await lender.lend()
    }
    expect(lender.returned).toEqual([])

    budget.release(12, 12)

    expect(lender.returned).toEqual([{ records: 12, bytes: 0 }])
  })

  test('lets a push that must not wait for others have what the lender has', async () => {
    const { budget, lender } = makeBudget()

    const reserved = reserve(budget, 4000, 0)
    await lender.lend()
    expect(lender.wanted.at(-1)).toEqual({ records: 1, bytes: 4000 })
    await lender.lend()

    expect(await reserved).toBe(true)
  })

  test('refuses it once it is known that there is no more', async () => {
    const { budget, lender } = makeBudget()

    const reserved = reserve(budget, 1, 0)
    await lender.lend({ records: 0, bytes: 0 })

    expect(await reserved).toBe(false)
    expect(await reserve(budget, 1, 0)).toBe(false)
    expect(lender.wanted).toHaveLength(1)
  })

  test('lets a push that must not wait take the rest that is lent, and refuses those behind it then', async () => {
    const { budget, lender } = makeBudget()
    const log: string[] = []
    for (const name of ['a', 'b', 'c']) {
      void reserve(budget, 1, 0).then((reserved) => log.push(`${name}: ${reserved}`))
    }

    await lender.lend({ records: 1, bytes: 1000 })

    expect(log).toEqual(['a: true', 'b: false', 'c: false'])
    expect(budget.records).toBe(1)
  })

  test('refuses a push that must not wait where memory is what is lacking', async () => {
    const lender = new ScriptedLender()
    const pool = new ChunkPool()
    const bound = { pool, maxBytes: LARGEST_CHUNK_BYTES + 10_000 }
    const budget = new MemoryBudget(new BorrowedRoom(lender), new FakeClock(), bound)
    await lender.lend()
    pool.lend(10_000)

    expect(await reserve(budget, 1, 0)).toBe(false)
  })

  test('asks again once there may be room, and serves who still waits', async () => {
    const { budget, lender } = makeBudget()
    const reserved = reserve(budget, 1, 60_000)
    await lender.lend({ records: 0, bytes: 0 })

    lender.tellRoomAgain()
    await lender.lend()

    expect(await reserved).toBe(true)
  })

  test('refuses a value larger than all there is at once', async () => {
    const { budget, lender } = makeBudget()

    expect(await reserve(budget, lender.total.bytes + 1, 60_000)).toBe(false)
  })

  test('sends away who waited too long', async () => {
    const { budget, lender, clock } = makeBudget()
    const reserved = reserve(budget, 1, 100)
    await lender.lend({ records: 0, bytes: 0 })

    await clock.advance(100)

    expect(await reserved).toBe(false)
  })
})

describe('queues that share one bank', () => {
  test('never hold more than there is, and lose none of it', async () => {
    const step = fc.record({
      queue: fc.nat(2),
      takes: fc.integer({ min: 0, max: 60 }),
      valueBytes: fc.integer({ min: 0, max: 40 }),
      releases: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const total = { records: 200, bytes: 4000 }
        const bank = new QueueBank(total)
        const queues = [0, 1, 2].map(() => {
          const listeners: (() => void)[] = []
          const account = bank.open(() => {
            for (const listener of listeners) listener()
          })
          const lender: RoomLender = {
            total,
            chunk: { records: 4, bytes: 80 },
            borrow: (wanted) => Promise.resolve(account.borrow(wanted)),
            giveBack: (room) => {
              account.giveBack(room)
            },
            onRoomAgain: (listener) => void listeners.push(listener),
          }
          return new MemoryBudget(new BorrowedRoom(lender), new FakeClock())
        })
        const used = (): Room => ({
          records: queues.reduce((sum, { records }) => sum + records, 0),
          bytes: queues.reduce((sum, { bytes }) => sum + bytes, 0),
        })
        await settle()
        for (const { queue: index, takes, valueBytes, releases } of steps) {
          const queue = queues[index]
          if (!queue) continue
          for (let n = 0; n < takes; n += 1) await reserve(queue, valueBytes, 0)
          if (releases) queue.release(queue.records, queue.bytes)
          await settle()
          expect(used().records).toBeLessThanOrEqual(total.records)
          expect(used().bytes).toBeLessThanOrEqual(total.bytes)
        }
        for (const queue of queues) queue.release(queue.records, queue.bytes)
        await settle()
        // Each keeps two chunks at most: all else can be had by any of them.
        expect(bank.free.records).toBeGreaterThanOrEqual(total.records - 3 * 8)
        expect(bank.free.bytes).toBeGreaterThanOrEqual(total.bytes - 3 * 160)
      }),
    )
  })
})
