/** A log that loses power, is killed, or whose disk fails, and what must hold of it after that. */
import { settle } from '../../support/fake-clock.ts'
import { SeededRandom } from '../../support/random.ts'
import { LogHarness } from './log-harness.ts'
import { SimulatedStorage } from './simulated-storage.ts'

/** What clients were told, and what became of their records. */
export interface Outcomes {
  readonly accepted: Set<string>
  /** Not accepted, and certainly not in the log. */
  readonly refused: Set<string>
  readonly settled: Set<string>
}

export function newOutcomes(): Outcomes {
  return { accepted: new Set(), refused: new Set(), settled: new Set() }
}

/** Pushes, reads, settles and waits at random, as long as nothing is cut off. */
async function work(
  harness: LogHarness,
  outcomes: Outcomes,
  random: SeededRandom,
  prefix: string,
): Promise<void> {
  const pushes: Promise<void>[] = []
  for (let step = 0; step < random.between(3, 30); step += 1) {
    const value = `${prefix}-${step}${'x'.repeat(random.pick([0, 0, 30, 400, 2_000]))}`
    if (random.chance(0.7)) {
      pushes.push(
        harness.append(value).then(
          () => void outcomes.accepted.add(value),
          () => void outcomes.refused.add(value),
        ),
      )
    }
    if (random.chance(0.4)) await settle()
    if (random.chance(0.3)) await deliver(harness, outcomes, random)
    if (random.chance(0.3)) await harness.clock.advance(100)
  }
  if (random.chance(0.7)) await Promise.all(pushes)
}

async function deliver(
  harness: LogHarness,
  { settled }: Outcomes,
  random: SeededRandom,
): Promise<void> {
  for (const entry of await harness.read()) {
    for (const { value, settle: settleRecord } of harness.recordsOf(entry)) {
      if (!random.chance(0.8)) continue
      settleRecord()
      settled.add(value)
    }
  }
}

/**
 * Starts a log several times, each time until the power goes, and looks for what was accepted.
 *
 * @returns what is wrong; nothing if all is well.
 */
export async function powerLossViolations(seed: number): Promise<readonly string[]> {
  const random = new SeededRandom(seed)
  const outcomes = newOutcomes()
  let storage = new SimulatedStorage()
  for (let start = 1; start <= 3; start += 1) {
    const harness = await LogHarness.open(storage)
    if (random.chance(0.5)) await deliver(harness, outcomes, random)
    await work(harness, outcomes, random, `${seed}-${start}`)
    storage = storage.afterPowerLoss(random)
    // A push under way when the power went is neither accepted nor refused.
    outcomes.refused.clear()
  }
  return violationsOf(storage, outcomes)
}

/** Every accepted record is settled or still there, and none that was refused for certain is. */
export async function violationsOf(
  storage: SimulatedStorage,
  { accepted, refused, settled }: Outcomes,
): Promise<readonly string[]> {
  const harness = await LogHarness.open(storage)
  const there = new Set(await harness.values())
  const lost = [...accepted].filter((value) => !there.has(value) && !settled.has(value))
  const ghosts = [...refused].filter((value) => there.has(value))
  return [
    ...lost.map((value) => `lost: ${value.slice(0, 20)}`),
    ...ghosts.map((value) => `refused, and there: ${value.slice(0, 20)}`),
  ]
}
