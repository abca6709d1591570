/** Whatever the disk keeps of what was not synced, and whichever operation fails: an accepted push can be read. */
import { describe, expect, it } from 'vitest'
import { settle } from '../support/fake-clock.ts'
import { SeededRandom } from '../support/random.ts'
import { runs } from '../support/random-runs.ts'
import { LogHarness } from './support/log-harness.ts'
import { type Operation, SimulatedStorage, systemError } from './support/simulated-storage.ts'

/** What a client was told, and what became of its record. */
interface Ledger {
  readonly accepted: Set<string>
  /** Not accepted, and certainly not in the log. */
  readonly refused: Set<string>
  readonly settled: Set<string>
  /** Handed out at least once. */
  readonly delivered: Set<string>
}

const ERRORS = ['EIO', 'ENOSPC', 'EDQUOT', 'EMFILE', 'EROFS']

function newLedger(): Ledger {
  return { accepted: new Set(), refused: new Set(), settled: new Set(), delivered: new Set() }
}

/** Pushes, reads, settles and waits at random, as long as nothing is cut off. */
async function work(
  harness: LogHarness,
  ledger: Ledger,
  random: SeededRandom,
  prefix: string,
): Promise<void> {
  const pushes: Promise<void>[] = []
  for (let step = 0; step < random.between(3, 30); step += 1) {
    const value = `${prefix}-${step}${'x'.repeat(random.pick([0, 0, 30, 400, 2_000]))}`
    if (random.chance(0.7)) {
      pushes.push(
        harness.append(value).then(
          () => void ledger.accepted.add(value),
          () => void ledger.refused.add(value),
        ),
      )
    }
    if (random.chance(0.4)) await settle()
    if (random.chance(0.3)) await deliver(harness, ledger, random)
    if (random.chance(0.3)) await harness.clock.advance(100)
  }
  if (random.chance(0.7)) await Promise.all(pushes)
}

async function deliver(harness: LogHarness, ledger: Ledger, random: SeededRandom): Promise<void> {
  for (const entry of await harness.read()) {
    for (const { value, settle } of harness.recordsOf(entry)) {
      ledger.delivered.add(value)
      if (!random.chance(0.8)) continue
      settle()
      ledger.settled.add(value)
    }
  }
}

/** Every accepted record is settled or still there, and none that was refused for certain is. */
async function check(storage: SimulatedStorage, ledger: Ledger, label: string): Promise<void> {
  const harness = await LogHarness.open(storage)
  const there = new Set(await harness.values())
  const lost = [...ledger.accepted].filter(
    (value) => !there.has(value) && !ledger.settled.has(value),
  )
  expect(lost, label).toEqual([])
  const ghosts = [...ledger.refused].filter((value) => there.has(value))
  expect(ghosts, label).toEqual([])
}

describe('a power loss', () => {
  it('loses no accepted push', async () => {
    for (let seed = 1; seed <= runs(100); seed += 1) {
      const random = new SeededRandom(seed)
      const ledger = newLedger()
      let storage = new SimulatedStorage()
      for (let start = 1; start <= 3; start += 1) {
        const harness = await LogHarness.open(storage)
        if (random.chance(0.5)) await deliver(harness, ledger, random)
        await work(harness, ledger, random, `${seed}-${start}`)
        storage = storage.afterPowerLoss(random)
        // A push under way when the power went is neither accepted nor refused.
        ledger.refused.clear()
      }
      await check(storage, ledger, `seed ${seed}`)
    }
  })
})

describe('a kill', () => {
  it('loses no accepted push, and keeps no refused one, whichever operation failed before', async () => {
    const failedOperations = new Set<string>()
    for (const isSticky of [false, true]) {
      for (let number = 1; number <= 60; number += 1) {
        const random = new SeededRandom(number)
        const storage = new SimulatedStorage()
        const ledger = newLedger()
        const harness = await LogHarness.open(storage)
        const code = ERRORS[number % ERRORS.length] ?? 'EIO'
        storage.failedAppendShare = random.next()
        storage.fault = ({ name }: Operation, at) => {
          if (isSticky ? at < number || at > number + 20 : at !== number) return
          failedOperations.add(name)
          throw systemError(code)
        }
        await work(harness, ledger, random, `${number}`)
        storage.fault = () => undefined
        await harness.append('after').then(
          () => void ledger.accepted.add('after'),
          () => undefined,
        )
        await harness.clock.advance(200)
        await settle()
        await check(storage.killed(), ledger, `${code} at operation ${number}, sticky: ${isSticky}`)
      }
    }
    expect([...failedOperations].sort()).toEqual(
      expect.arrayContaining(['append', 'close', 'create', 'sync', 'syncFolder']),
    )
  })
})
