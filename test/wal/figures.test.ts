import { describe, expect, it } from 'vitest'
import { settle } from '../support/fake-clock.ts'
import { LogHarness } from './support/log-harness.ts'
import { SimulatedStorage, systemError } from './support/simulated-storage.ts'

describe('what is counted of a log', () => {
  it('are the records of an earlier process that are read, without those that were settled', async () => {
    const storage = new SimulatedStorage()
    const harness = await LogHarness.open(storage)
    await harness.append('a', 'b', 'c')
    const [first] = await harness.read()
    if (first) harness.log.settled(first, 1)
    await harness.clock.advance(100)
    await settle()
    const second = await LogHarness.open(storage.killed())
    await second.append('new')
    await second.values()

    expect(harness.observer.replayedRecords).toBe(0)
    expect(second.observer.replayedRecords).toBe(2)
  })

  it.each(['always', 'interval'] as const)(
    'are the syncs that fail, with sync: %s',
    async (sync) => {
      const storage = new SimulatedStorage()
      const harness = await LogHarness.open(storage, { sync })
      let fails = 1
      storage.fault = ({ name }) => {
        if (name === 'sync' && fails-- > 0) throw systemError('EIO')
      }
      await harness.append('a')
      await harness.clock.advance(1_000)
      await settle()

      expect(harness.observer.failedSyncs).toBe(1)
      expect(harness.observer.failures).toEqual(['write: Error: EIO: simulated'])
    },
  )

  it('are no syncs if a write fails', async () => {
    const storage = new SimulatedStorage()
    const harness = await LogHarness.open(storage)
    let fails = 1
    storage.fault = ({ name }) => {
      if (name === 'append' && fails-- > 0) throw systemError('EIO')
    }
    await harness.append('a')

    expect(harness.observer.failedSyncs).toBe(0)
    expect(harness.observer.failures).toHaveLength(1)
  })

  it('are segments as pending while one of their records is, and while they are not read', async () => {
    const storage = new SimulatedStorage()
    const harness = await LogHarness.open(storage)
    const pending = ({ log }: LogHarness): boolean[] => log.segments.map((each) => each.isPending)
    await harness.append('a')
    expect(pending(harness)).toEqual([true])
    const second = await LogHarness.open(storage.killed())
    expect(pending(second)).toEqual([true])
    const [entry] = await harness.read()
    if (entry) harness.log.settled(entry, 0)

    expect(pending(harness)).toEqual([false])
  })
})
