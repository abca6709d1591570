/** Idempotency keys on the disk: what a process that ends in any way leaves of them. */
import { describe, expect, it } from 'vitest'
import {
  ACCEPTED,
  type IdempotencyKey,
  type KeyOutcome,
  NOTHING,
  UNKNOWN,
} from '../../src/base/idempotency.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import { SeededRandom } from '../support/random.ts'
import { runs } from '../support/random-runs.ts'
import {
  type Folders,
  KeyHarness,
  keyNamed,
  type Restored,
  WINDOW_MS,
} from './support/key-harness.ts'
import { SimulatedStorage, systemError } from './support/simulated-storage.ts'

const ANSWER: KeyOutcome = {
  kind: 'answered',
  reply: {
    ...{ status: 207, contentType: 'application/json', headers: ['Retry-After', '1'] },
    body: '{"é":"\\u2713 ✓"}',
  },
}

const newFolders = (): Folders => ({ log: new SimulatedStorage(), keys: new SimulatedStorage() })

/** The same folders for another process, after the one before was killed. */
async function killed(folders: Folders): Promise<Folders> {
  await settle()
  return {
    log: folders.log.killed(),
    keys: folders.keys.killed(),
  }
}

async function restoredFrom(folders: Folders, clock?: FakeClock): Promise<readonly Restored[]> {
  return (await KeyHarness.open(folders, clock)).restored
}

describe('the keys of a slot', () => {
  it('of pushes that do not wait are in the frames of their records', async () => {
    const folders = newFolders()
    const first = await KeyHarness.open(folders)

    await first.accept(keyNamed('whole'))
    await first.accept(keyNamed('partial'), false)

    expect(await restoredFrom(await killed(folders))).toEqual([
      ['whole', 'whole', ACCEPTED],
      ['partial', 'partial', UNKNOWN],
    ])
  })

  it('of pushes that wait are unknown once they have begun, until they have ended', async () => {
    const folders = newFolders()
    const first = await KeyHarness.open(folders)
    for (const name of ['open', 'answered', 'nothing']) await first.keyLog.begun(keyNamed(name))

    await first.keyLog.ended(keyNamed('answered'), ANSWER)
    await first.keyLog.ended(keyNamed('nothing'), NOTHING)

    expect(await restoredFrom(await killed(folders))).toEqual([
      ['open', 'open', UNKNOWN],
      ['answered', 'answered', ANSWER],
    ])
  })

  it('are the same after one start more', async () => {
    const folders = newFolders()
    const first = await KeyHarness.open(folders)
    await first.accept(keyNamed('a'))
    await first.keyLog.begun(keyNamed('b'))
    await first.accept(keyNamed('c'))
    await first.keyLog.ended(keyNamed('c'), ANSWER)

    const second = await killed(folders)
    const before = await restoredFrom(second)
    const after = await restoredFrom(await killed(second))

    expect(new Map(after.map((key) => [key[0], key]))).toEqual(
      new Map(before.map((key) => [key[0], key])),
    )
    expect(before).toHaveLength(3)
  })

  it('keep the file of their records until their end is noted', async () => {
    const folders = newFolders()
    const first = await KeyHarness.open(folders)
    await first.accept(keyNamed('a'))
    for (const entry of await first.log.read()) {
      for (const { settle: settleRecord } of first.log.recordsOf(entry)) settleRecord()
    }
    await first.clock.advance(1_000)
    const second = await killed(folders)
    const harness = await KeyHarness.open(second)
    await harness.log.read()

    await harness.clock.advance(1_000)

    expect(harness.log.log.segments).toHaveLength(0)
    expect(await restoredFrom(await killed(second))).toEqual([['a', 'a', ACCEPTED]])
  })

  it('keep the file of their records for the window where their end cannot be noted', async () => {
    const folders = newFolders()
    const first = await KeyHarness.open(folders)
    await first.accept(keyNamed('a'))
    folders.keys.fault = () => {
      throw systemError('EIO')
    }
    await first.keyLog.ended(keyNamed('a'), ACCEPTED)
    for (const entry of await first.log.read()) {
      for (const { settle: settleRecord } of first.log.recordsOf(entry)) settleRecord()
    }
    // Ends the segment, so that it could be removed.
    await first.log.append('x'.repeat(5_000))
    await first.log.read()
    await first.clock.advance(WINDOW_MS - 1)
    const before = first.log.log.segments.length
    await first.clock.advance(200)

    expect([before, first.log.log.segments.length]).toEqual([2, 1])
  })

  it('are of no use after the window, and their files go', async () => {
    const folders = newFolders()
    const clock = new FakeClock()
    const first = await KeyHarness.open(folders, clock)
    await first.keyLog.begun(keyNamed('old'))
    await first.keyLog.ended(keyNamed('old'), ACCEPTED)
    await first.close()
    await clock.advance(WINDOW_MS)

    const second = await KeyHarness.open(await killed(folders), clock)
    await clock.advance(1_000)

    expect(second.restored).toEqual([])
    expect(second.keys.log.segments).toHaveLength(0)
  })

  it('that the table has forgotten take no room, and those under way are kept', async () => {
    const folders = newFolders()
    const harness = await KeyHarness.open(folders, new FakeClock(), { maxKeys: 50 })
    await harness.keyLog.begun(keyNamed('open'))
    for (let index = 0; index < 500; index += 1) {
      await harness.accept(keyNamed(`k${index}`))
      await harness.keyLog.ended(keyNamed(`k${index}`), ACCEPTED)
      await harness.clock.advance(100)
    }

    const [oldest] = harness.keys.log.segments
    expect(oldest?.number).toBe(1)
    expect(harness.keys.log.segments.length).toBeLessThan(6)
  })

  it('that are used for other content later are what they were last', async () => {
    const folders = newFolders()
    const clock = new FakeClock()
    const first = await KeyHarness.open(folders, clock)
    await first.accept(keyNamed('a', 'early'))
    await first.keyLog.ended(keyNamed('a', 'early'), ANSWER)
    await clock.advance(1)
    await first.accept(keyNamed('a', 'late'))

    expect(await restoredFrom(await killed(folders), clock)).toEqual([['a', 'late', ACCEPTED]])
  })

  it('cost a start nothing where there are none', async () => {
    const folders = newFolders()
    const first = await KeyHarness.open(folders)
    await first.log.append('without a key')
    const second = await killed(folders)
    let reads = 0
    const log = await KeyHarness.open(second)
    second.log.fault = ({ name }) => {
      if (name === 'read') reads += 1
    }

    await log.keyLog.restore()

    expect(reads).toBe(0)
    expect(await second.keys.list()).toEqual([])
  })

  it('can begin to be written while the log for them cannot: then nothing is', async () => {
    const folders = newFolders()
    const harness = await KeyHarness.open(folders)
    folders.keys.fault = () => {
      throw systemError('ENOSPC')
    }

    await expect(harness.keyLog.ready()).rejects.toMatchObject({ kind: 'full' })
    await expect(harness.keyLog.begun(keyNamed('a'))).rejects.toMatchObject({ kind: 'full' })
    folders.keys.fault = () => undefined
    await harness.keyLog.ready()
    await harness.accept(keyNamed('a'))

    expect(await restoredFrom(await killed(folders))).toEqual([['a', 'a', ACCEPTED]])
  })

  it('that have begun are waited for at the end, for a second', async () => {
    const harness = await KeyHarness.open(newFolders())
    const key = keyNamed('a')
    let ends = 0
    await harness.keyLog.begun(key)

    const closed = harness.keyLog.close().then(() => (ends += 1))
    await settle()
    const before = ends
    await harness.keyLog.ended(key, ACCEPTED)
    await closed

    expect([before, ends, harness.clock.timers]).toEqual([0, 1, 0])
  })
})

describe('a power loss', () => {
  it('leaves of each key what was durable, or more', async () => {
    for (let seed = 1; seed <= runs(150); seed += 1) {
      const random = new SeededRandom(seed)
      const clock = new FakeClock()
      /** What the client was told, or may be told: what a repeat may be answered. */
      const allowed = new Map<string, readonly (string | undefined)[]>()
      let folders = newFolders()
      for (let start = 1; start <= 3; start += 1) {
        const harness = await KeyHarness.open(folders, clock, { segmentBytes: 1_024 })
        check(harness, allowed, `seed ${seed}, start ${start}`)
        await work(harness, allowed, random, `${start}`)
        folders = {
          log: folders.log.afterPowerLoss(random),
          keys: folders.keys.afterPowerLoss(random),
        }
      }
      check(await KeyHarness.open(folders, clock), allowed, `seed ${seed}, end`)
    }
  })
})

/** Pushes with keys, of which some wait, while records are settled and their files are removed. */
async function work(
  harness: KeyHarness,
  allowed: Map<string, readonly (string | undefined)[]>,
  random: SeededRandom,
  prefix: string,
): Promise<void> {
  const { keyLog, clock, log } = harness
  let isOn = true
  /** Only as long as the power is: the clock goes on, but this process does not. */
  const allow = (name: string, ...kinds: readonly (string | undefined)[]): void => {
    if (isOn) allowed.set(name, kinds)
  }
  const push = async (key: IdempotencyKey, name: string): Promise<void> => {
    const outcome = random.pick([ACCEPTED, ANSWER])
    allow(name, undefined, 'unknown', 'accepted', outcome.kind)
    if (random.chance(0.5)) {
      await harness.accept(key)
      allow(name, 'accepted', outcome.kind)
      if (random.chance(0.3)) await settle()
      await keyLog.ended(key, outcome)
    } else {
      await keyLog.begun(key)
      allow(name, 'unknown', outcome.kind)
      if (random.chance(0.3)) await settle()
      if (random.chance(0.2)) return
      await keyLog.ended(key, outcome)
    }
    allow(name, outcome.kind)
  }
  for (let step = 0; step < random.between(3, 30); step += 1) {
    const name = `${prefix}x${step}`
    if (random.chance(0.8)) push(keyNamed(name), name).catch(() => undefined)
    if (random.chance(0.4)) await settle()
    if (random.chance(0.4)) {
      for (const entry of await log.read()) {
        for (const record of log.recordsOf(entry)) record.settle()
      }
    }
    if (random.chance(0.3)) await clock.advance(random.pick([100, 1_000]))
  }
  isOn = false
}

function check(
  { restored }: KeyHarness,
  allowed: Map<string, readonly (string | undefined)[]>,
  label: string,
): void {
  const kinds = new Map(restored.map(([name, , { kind }]) => [name, kind]))
  for (const [name, those] of allowed) {
    const kind = kinds.get(name)
    expect(those, `${label}: ${name} is ${kind}`).toContain(kind)
    // From now on it is this.
    allowed.set(name, [kind])
  }
}
