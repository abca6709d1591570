import { describe, expect, it } from 'vitest'
import { Backlog } from '../../src/wal/backlog.ts'
import type { BacklogState } from '../../src/wal/log-types.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { LogHarness } from './support/log-harness.ts'
import { SimulatedStorage } from './support/simulated-storage.ts'

/** A backlog whose size a test sets, and what it told. */
function harnessOf(files: number): {
  readonly clock: FakeClock
  readonly log: { backlog: Omit<BacklogState, 'slot'> }
  readonly told: string[]
  readonly backlog: Backlog
} {
  const clock = new FakeClock()
  const log = { backlog: { files, bytes: 100 * files, records: 0 } }
  const told: string[] = []
  const backlog = new Backlog({
    ...{ log, clock, slot: 'slot-00' },
    observer: {
      backlog: (state, { slot, files: left, bytes, records }) => {
        told.push(`${state} ${slot} ${left} ${bytes} ${records}`)
      },
    },
  })
  backlog.start()
  return { clock, log, told, backlog }
}

describe('the backlog', () => {
  it('is told of soon after the start, every 10 s, and once it is sent', async () => {
    const { clock, log, told } = harnessOf(3)
    await clock.advance(1_000)
    expect(told).toEqual(['begun slot-00 3 300 0'])

    log.backlog = { files: 1, bytes: 100, records: 40 }
    await clock.advance(20_000)
    expect(told.slice(1)).toEqual(['going on slot-00 1 100 40', 'going on slot-00 1 100 40'])

    log.backlog = { files: 0, bytes: 0, records: 50 }
    await clock.advance(60_000)
    expect(told.slice(3)).toEqual(['sent slot-00 0 0 50'])
    expect(clock.timers).toBe(0)
  })

  it('is not told of if files are left, but no records', async () => {
    const { clock, log, told } = harnessOf(1)
    log.backlog = { files: 0, bytes: 0, records: 0 }

    await clock.advance(60_000)
    expect(told).toEqual([])
  })

  it('is told of only at its end if it is sent at once', async () => {
    const { clock, log, told } = harnessOf(1)
    log.backlog = { files: 0, bytes: 0, records: 2 }

    await clock.advance(60_000)
    expect(told).toEqual(['sent slot-00 0 0 2'])
  })

  it('has no timer without files, nor once it is stopped', () => {
    expect(harnessOf(0).clock.timers).toBe(0)
    const { backlog, clock } = harnessOf(1)
    backlog.stop()

    expect(clock.timers).toBe(0)
  })
})

describe('the backlog of a log', () => {
  it('is what earlier processes left, and what was read of it', async () => {
    const first = await LogHarness.open(new SimulatedStorage())
    await first.append('a', 'b')
    const { storage } = first.log
    const after = storage instanceof SimulatedStorage ? storage.killed() : new SimulatedStorage()
    const second = await LogHarness.open(after)
    await second.append('c')
    expect(second.log.backlog).toMatchObject({ files: 1, records: 0 })

    for (const entry of await second.read()) {
      for (const record of second.recordsOf(entry)) record.settle()
    }
    await second.clock.advance(1_000)

    expect(second.log.backlog).toEqual({ files: 0, bytes: 0, records: 2 })
    expect(second.log.segments).toHaveLength(1)
  })
})
