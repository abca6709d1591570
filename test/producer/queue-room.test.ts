import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ChunkPool, LARGEST_CHUNK_BYTES } from '../../src/producer/chunk-pool.ts'
import { QueueBudget } from '../../src/producer/queue-budget.ts'
import { LeasedRoom, type Room, type RoomQuota } from '../../src/producer/queue-room.ts'
import { QueueQuota } from '../../src/workers/queue-quota.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import { reserve } from '../support/reserve.ts'

/** A scripted quota. */
class ScriptedQuota implements RoomQuota {
  readonly chunk = { records: 10, bytes: 1000 }
  readonly total = { records: 100, bytes: 10_000 }
  readonly wanted: Room[] = []
  readonly returned: Room[] = []
  #grant: (room: Room) => void = () => undefined
  tellRoomAgain: () => void = () => undefined

  acquire(wanted: Room): Promise<Room> {
    this.wanted.push(wanted)
    return new Promise((resolve) => {
      this.#grant = resolve
    })
  }

  release(room: Room): void {
    this.returned.push(room)
  }

  onRoomAgain(listener: () => void): void {
    this.tellRoomAgain = listener
  }

  async grant(room: Room | undefined = this.wanted.at(-1)): Promise<void> {
    this.#grant(room ?? { records: 0, bytes: 0 })
    await settle()
  }
}

function makeBudget(): { budget: QueueBudget; quota: ScriptedQuota; clock: FakeClock } {
  const quota = new ScriptedQuota()
  const clock = new FakeClock()
  return { budget: new QueueBudget(new LeasedRoom(quota), clock), quota, clock }
}

function fill(budget: QueueBudget, records: number, valueBytes = 1): number {
  let taken = 0
  while (taken < records && budget.tryReserve(valueBytes, 0)) taken += 1
  return taken
}

describe('a queue with leased room', () => {
  test('leases a chunk before it needs it', async () => {
    const { budget, quota } = makeBudget()
    expect(quota.wanted).toEqual([{ records: 10, bytes: 1000 }])

    await quota.grant()

    expect(fill(budget, 20)).toBe(10)
  })

  test('leases more when less than half a chunk is free, up to one chunk', async () => {
    const { budget, quota } = makeBudget()
    await quota.grant()

    fill(budget, 6)

    expect(quota.wanted.slice(1)).toEqual([{ records: 6, bytes: 6 }])
  })

  test('asks once at a time', async () => {
    const { budget, quota } = makeBudget()
    await quota.grant()

    fill(budget, 10)

    expect(quota.wanted).toHaveLength(2)
  })

  test('gives back down to a chunk when more than two are free', async () => {
    const { budget, quota } = makeBudget()
    await quota.grant()
    for (let burst = 0; burst < 2; burst += 1) {
      fill(budget, 6)
      await quota.grant()
    }
    expect(quota.returned).toEqual([])

    budget.release(12, 12)

    expect(quota.returned).toEqual([{ records: 12, bytes: 0 }])
  })

  test('lets a push without wait use the room of the quota', async () => {
    const { budget, quota } = makeBudget()

    const reserved = reserve(budget, 4000, 0)
    await quota.grant()
    expect(quota.wanted.at(-1)).toEqual({ records: 1, bytes: 4000 })
    await quota.grant()

    expect(await reserved).toBe(true)
  })

  test('refuses a push without wait once the quota has no more room', async () => {
    const { budget, quota } = makeBudget()

    const reserved = reserve(budget, 1, 0)
    await quota.grant({ records: 0, bytes: 0 })

    expect(await reserved).toBe(false)
    expect(await reserve(budget, 1, 0)).toBe(false)
    expect(quota.wanted).toHaveLength(1)
  })

  test('lets a push without wait take the rest of the room, and refuses later ones', async () => {
    const { budget, quota } = makeBudget()
    const log: string[] = []
    for (const name of ['a', 'b', 'c']) {
      void reserve(budget, 1, 0).then((reserved) => log.push(`${name}: ${reserved}`))
    }

    await quota.grant({ records: 1, bytes: 1000 })

    expect(log).toEqual(['a: true', 'b: false', 'c: false'])
    expect(budget.records).toBe(1)
  })

  test('refuses a push without wait if memory is lacking', async () => {
    const quota = new ScriptedQuota()
    const pool = new ChunkPool()
    const bound = { pool, maxBytes: LARGEST_CHUNK_BYTES + 10_000 }
    const budget = new QueueBudget(new LeasedRoom(quota), new FakeClock(), bound)
    await quota.grant()
    pool.lend(10_000)

    expect(await reserve(budget, 1, 0)).toBe(false)
  })

  test('asks again once there may be room, and serves pushes that still wait', async () => {
    const { budget, quota } = makeBudget()
    const reserved = reserve(budget, 1, 60_000)
    await quota.grant({ records: 0, bytes: 0 })

    quota.tellRoomAgain()
    await quota.grant()

    expect(await reserved).toBe(true)
  })

  test('refuses a value larger than the whole quota at once', async () => {
    const { budget, quota } = makeBudget()

    expect(await reserve(budget, quota.total.bytes + 1, 60_000)).toBe(false)
  })

  test('refuses a push that waited too long', async () => {
    const { budget, quota, clock } = makeBudget()
    const reserved = reserve(budget, 1, 100)
    await quota.grant({ records: 0, bytes: 0 })

    await clock.advance(100)

    expect(await reserved).toBe(false)
  })
})

describe('queues that share one quota', () => {
  test('never hold more than the quota, and lose none of it', async () => {
    const step = fc.record({
      queue: fc.nat(2),
      takes: fc.integer({ min: 0, max: 60 }),
      valueBytes: fc.integer({ min: 0, max: 40 }),
      releases: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const total = { records: 200, bytes: 4000 }
        const quota = new QueueQuota(total)
        const queues = [0, 1, 2].map(() => {
          const listeners: (() => void)[] = []
          const lease = quota.open(() => {
            for (const listener of listeners) listener()
          })
          const roomQuota: RoomQuota = {
            total,
            chunk: { records: 4, bytes: 80 },
            acquire: (wanted) => Promise.resolve(lease.acquire(wanted)),
            release: (room) => {
              lease.release(room)
            },
            onRoomAgain: (listener) => void listeners.push(listener),
          }
          return new QueueBudget(new LeasedRoom(roomQuota), new FakeClock())
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
        expect(quota.free.records).toBeGreaterThanOrEqual(total.records - 3 * 8)
        expect(quota.free.bytes).toBeGreaterThanOrEqual(total.bytes - 3 * 160)
      }),
    )
  })
})
