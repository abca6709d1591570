import { describe, expect, it } from 'vitest'
import type { WrittenGroup } from '../../src/wal/log-types.ts'
import { PendingRecords } from '../../src/wal/pending-records.ts'
import { ACCEPTED_MS, LogHarness } from './support/log-harness.ts'
import { SimulatedStorage } from './support/simulated-storage.ts'

describe('the age of the oldest record that is not settled', () => {
  it('is that of the oldest second with one, in whichever order they come and go', () => {
    const pending = new PendingRecords()
    expect([pending.count, pending.oldestMs]).toEqual([0, Infinity])
    pending.add(7_900, 2)
    pending.add(5_100, 1)
    pending.add(9_000, 3)
    expect([pending.count, pending.oldestMs]).toEqual([6, 5_000])
    pending.add(5_800, -1)
    expect([pending.count, pending.oldestMs]).toEqual([5, 7_000])
    pending.add(7_000, -2)
    pending.add(9_999, -3)
    expect([pending.count, pending.oldestMs]).toEqual([0, Infinity])
  })
})

describe('a log', () => {
  it('knows how many records are not settled and since when, also those of an earlier process', async () => {
    const storage = new SimulatedStorage()
    const harness = await LogHarness.open(storage)
    await harness.append('a', 'b')
    expect([harness.log.pendingRecords, harness.log.oldestPendingMs]).toEqual([2, ACCEPTED_MS])
    for (const entry of await harness.read()) harness.log.settled(entry, 1)
    expect([harness.log.pendingRecords, harness.log.oldestPendingMs]).toEqual([1, ACCEPTED_MS])

    const next = await LogHarness.open(storage.killed())
    expect([next.log.pendingRecords, next.log.oldestPendingMs]).toEqual([0, Infinity])
    const entries = await next.read()
    expect([next.log.pendingRecords, next.log.oldestPendingMs]).toEqual([2, ACCEPTED_MS])
    for (const entry of entries) for (const position of [0, 1]) next.log.settled(entry, position)
    expect([next.log.pendingRecords, next.log.oldestPendingMs]).toEqual([0, Infinity])
  })

  it('tells of each group how many records it has, and of its sync only if it waited for one', async () => {
    const groups: WrittenGroup[] = []
    const onGroup = (group: WrittenGroup): void => void groups.push(group)
    const synced = await LogHarness.open(new SimulatedStorage(), { onGroup })
    await Promise.all([synced.append('a'), synced.append('b', 'c'), synced.append('d')])
    const unsynced = await LogHarness.open(new SimulatedStorage(), { onGroup, sync: 'os' })
    await unsynced.append('e')

    expect(groups).toEqual([
      { records: 1, writeMs: 0, syncMs: 0 },
      { records: 3, writeMs: 0, syncMs: 0 },
      { records: 1, writeMs: 0, syncMs: undefined },
    ])
  })

  it('knows what its disk has free, as of the look before', async () => {
    const storage = new SimulatedStorage()
    storage.free = 1_000
    const { log, clock } = await LogHarness.open(storage)
    expect(log.freeBytes).toBeUndefined()
    await clock.advance(1_000)
    expect(log.freeBytes).toBe(1_000)
    expect(log.room.diskBytes).toBe(storage.diskBytes)
  })
})
