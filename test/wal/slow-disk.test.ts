/** A disk that takes long: what waits for it is bounded, in time and in memory, and nothing accepted is lost. */
import { describe, expect, it } from 'vitest'
import { settle } from '../support/fake-clock.ts'
import { LogHarness } from './support/log-harness.ts'
import { SimulatedStorage } from './support/simulated-storage.ts'

/** A log whose syncs wait until a test ends them. */
async function stalledLog(): Promise<{
  harness: LogHarness
  storage: SimulatedStorage
  answer: () => Promise<void>
}> {
  const storage = new SimulatedStorage()
  const harness = await LogHarness.open(storage)
  await harness.append('before')
  let stall = Promise.withResolvers<undefined>()
  storage.delay = ({ name }) => (name === 'sync' ? stall.promise : undefined)
  const answer = async (): Promise<void> => {
    storage.delay = () => undefined
    stall.resolve(undefined)
    stall = Promise.withResolvers()
    await settle()
  }
  return { harness, storage, answer }
}

/** What became of a push: `waits` while nobody knows. */
function outcomeOf(push: Promise<unknown>): () => string {
  let outcome = 'waits'
  push.then(
    () => (outcome = 'accepted'),
    (error: unknown) => (outcome = String(error)),
  )
  return () => outcome
}

const STALLED = 'LogError: the disk of the write-ahead log has not answered for 5 s'

describe('a sync that takes 30 s', () => {
  it('has the pushes behind it refused after 5 s, and its own accepted in the end', async () => {
    const { harness, storage, answer } = await stalledLog()
    const own = outcomeOf(harness.append('own'))
    await settle()
    const behind = outcomeOf(harness.append('behind'))
    await harness.clock.advance(4_999)
    expect([own(), behind()]).toEqual(['waits', 'waits'])

    await harness.clock.advance(1)
    const later = outcomeOf(harness.append('later'))
    await settle()
    expect([own(), behind(), later()]).toEqual(['waits', STALLED, STALLED])
    expect(harness.log.problem).toContain('has not answered for 5 s')
    expect(harness.log.room.condition).toBe('failed')
    expect(harness.observer.failures).toEqual([`write: ${STALLED}`])

    await harness.clock.advance(25_000)
    await answer()
    await harness.append('after')
    expect(own()).toBe('accepted')
    expect(harness.log.problem).toBeUndefined()
    expect(harness.log.room.condition).toBe('accepting')
    expect(await harness.values()).toEqual(['before', 'own', 'after'])
    expect(await (await LogHarness.open(storage.killed())).values()).toEqual([
      ...['before', 'own', 'after'],
    ])
  })

  it('has no more than 64 MiB of pushes wait for it', async () => {
    const { harness, answer } = await stalledLog()
    const large = 'x'.repeat(2 * 2 ** 20)
    const own = outcomeOf(harness.append('own'))
    await settle()
    const others = Array.from({ length: 20 }, () => outcomeOf(harness.append(large)))
    await settle()

    expect(others.filter((outcome) => outcome() === 'waits')).toHaveLength(15)
    expect(others.at(-1)?.()).toBe('LogError: the disk of the write-ahead log does not keep up')
    await answer()
    await expect.poll(() => others.filter((outcome) => outcome() === 'accepted').length).toBe(15)
    expect(own()).toBe('accepted')
    await harness.append('after')
  })
})

describe('a log that refused the last push', () => {
  it('is no problem any more once it has room, though nobody has pushed since', async () => {
    const harness = await LogHarness.open(new SimulatedStorage(), { maxBytes: 650 })
    await harness.append('a')
    await expect(harness.append('b'.repeat(220))).rejects.toMatchObject({ kind: 'full' })
    await harness.clock.advance(60_000)
    expect(harness.log.problem).toContain('wal.max_bytes')
    expect(harness.log.room.condition).toBe('full')
    for (const entry of await harness.read()) {
      for (const { settle: settleRecord } of harness.recordsOf(entry)) settleRecord()
    }
    await harness.clock.advance(200)

    expect(harness.log.problem).toBeUndefined()
  })

  it('is one for 10 s if only a push can show whether the disk works', async () => {
    const storage = new SimulatedStorage()
    const harness = await LogHarness.open(storage)
    storage.fault = ({ name }) => {
      if (name === 'append') throw new Error('EIO')
    }
    await expect(harness.append('a')).rejects.toMatchObject({ kind: 'failed' })
    await harness.clock.advance(9_999)
    expect(harness.log.problem).toContain('cannot be written')
    await harness.clock.advance(1)

    expect(harness.log.problem).toBeUndefined()
  })
})
