/** Each operation of the file system fails in turn, with each error: what was accepted stays, and nothing else does. */
import { describe, expect, it } from 'vitest'
import { settle } from '../support/fake-clock.ts'
import { TIMES } from '../support/random-runs.ts'
import { LogError } from '../../src/wal/log-types.ts'
import { LogHarness } from './support/log-harness.ts'
import { newOutcomes, type Outcomes as AllOutcomes, violationsOf } from './support/power-loss.ts'
import { type Operation, SimulatedStorage, systemError } from './support/simulated-storage.ts'

/** What the reply of a push is when it fails with this error. */
const KINDS = {
  ...{ EIO: 'failed', EMFILE: 'failed', EROFS: 'failed', EACCES: 'failed' },
  ...{ ENOSPC: 'full', EDQUOT: 'full', EFBIG: 'full' },
} as const
type Code = keyof typeof KINDS
const CODES = Object.keys(KINDS) as readonly Code[]
/** Operations that fail in a row, when more than one does: longer than the log takes to try elsewhere. */
const STICKY = 20
/** The script in steps; each is over before the next begins, so that operations have the same order every time. */
const PUSHES = 24

interface Outcomes extends AllOutcomes {
  /** Why pushes were refused. */
  readonly kinds: Set<string>
}

/** Fails some operations in a row. */
class Fault {
  readonly code: Code
  readonly #first: number
  readonly #count: number
  readonly names = new Set<Operation['name']>()

  constructor(code: Code, first: number, count: number) {
    this.code = code
    this.#first = first
    this.#count = count
  }

  /** Puts it in force on a storage. */
  on(storage: SimulatedStorage): void {
    storage.operations = 0
    storage.fault = ({ name }, number) => {
      if (number < this.#first || number >= this.#first + this.#count) return
      this.names.add(name)
      throw systemError(this.code)
    }
  }
}

/** A folder that an earlier process left: a segment with records, half of them settled, and a torn one. */
async function leftFolder(): Promise<{ storage: SimulatedStorage; outcomes: Outcomes }> {
  const storage = new SimulatedStorage()
  const outcomes = { ...newOutcomes(), kinds: new Set<string>() }
  const harness = await LogHarness.open(storage)
  for (let number = 0; number < 6; number += 1) await push(harness, outcomes, `left ${number}`)
  await deliver(harness, outcomes, 3)
  await harness.clock.advance(100)
  const after = storage.killed()
  after.overwrite('0000000000000007.wal', Buffer.alloc(10))
  after.overwrite('0000000000000005-1.acks', Buffer.alloc(12))
  return { storage: after, outcomes }
}

/** Rotates, settles and removes; everything that a log does with its folder. */
async function play(storage: SimulatedStorage, outcomes: Outcomes): Promise<LogHarness> {
  const harness = await LogHarness.open(storage, { segmentBytes: 1_500, minFreeBytes: 1 })
  await deliver(harness, outcomes, 2)
  for (let number = 0; number < PUSHES; number += 1) {
    await push(harness, outcomes, `${number}`.padEnd(number % 3 === 0 ? 600 : 20, '.'))
    if (number % 4 === 3) await deliver(harness, outcomes, 3)
    if (number % 5 === 4) await harness.clock.advance(100)
    if (number === 10) await harness.clock.advance(1_000)
  }
  return harness
}

async function push(harness: LogHarness, outcomes: Outcomes, value: string): Promise<void> {
  try {
    await harness.append(value)
    outcomes.accepted.add(value)
  } catch (error) {
    outcomes.refused.add(value)
    outcomes.kinds.add(error instanceof LogError ? error.kind : 'a bug')
  }
  await settle()
}

/** Settles so many of the records that can be read; a read that fails is for the next time. */
async function deliver(harness: LogHarness, outcomes: Outcomes, count: number): Promise<void> {
  const entries = await harness.read().catch(() => [])
  const records = entries.flatMap((entry) => harness.recordsOf(entry))
  for (const { value, settle: settleRecord } of records.slice(0, count)) {
    settleRecord()
    outcomes.settled.add(value)
  }
}

/** How many operations the script takes when nothing fails. */
async function operationsOfScript(): Promise<number> {
  const { storage, outcomes } = await leftFolder()
  storage.operations = 0
  await (await play(storage, outcomes)).log.close()
  return storage.operations
}

/** Plays the script with a fault. @returns what is wrong; nothing if all is well. */
async function violationsWith(fault: Fault, share: number): Promise<readonly string[]> {
  const { storage, outcomes } = await leftFolder()
  storage.failedAppendShare = share
  fault.on(storage)
  let harness: LogHarness
  try {
    harness = await play(storage, outcomes)
  } catch (error) {
    // Only a start may fail, and changes nothing that matters then.
    storage.fault = () => undefined
    const isOpening = String(error).includes(fault.code) && outcomes.refused.size === 0
    return [...(isOpening ? [] : [String(error)]), ...(await violationsOf(storage, outcomes))]
  }
  const wrong = outcomes.refused.size > 0 ? wrongReasons(harness, outcomes, fault) : []
  storage.fault = () => undefined
  await harness.clock.advance(2_000)
  await push(harness, outcomes, 'after')
  const isRecovered = outcomes.accepted.has('after') && harness.log.problem === undefined
  await harness.clock.advance(200)
  await settle()
  return [
    ...wrong,
    ...(isRecovered ? [] : ['not recovered']),
    ...(await violationsOf(storage.killed(), outcomes)),
  ]
}

/** A push was refused: that must have been told, and with the right reason. */
function wrongReasons(
  { observer }: LogHarness,
  { kinds }: Outcomes,
  { code }: Fault,
): readonly string[] {
  const isTold = observer.failures.some((failure) => failure.includes(code))
  const others = [...kinds].filter((kind) => kind !== KINDS[code])
  return [...(isTold ? [] : ['nobody was told']), ...others.map((kind) => `refused as ${kind}`)]
}

describe('whichever operation of the file system fails', () => {
  it.each(CODES)(
    'with %s, once or for a while, no accepted push is lost and no refused one is there',
    async (code) => {
      const operations = await operationsOfScript()
      const failed = new Set<string>()
      const shares = TIMES > 1 ? [0, 0.3, 0.5, 1] : [0.5]
      for (let first = 1; first <= operations; first += 1) {
        for (const count of [1, STICKY]) {
          for (const share of shares) {
            const fault = new Fault(code, first, count)
            const label = `${code} at operation ${first}, ${count} times, ${share} written`
            expect(await violationsWith(fault, share), label).toEqual([])
            for (const name of fault.names) failed.add(name)
          }
        }
      }
      expect(operations).toBeGreaterThan(90)
      expect([...failed].sort()).toEqual(
        expect.arrayContaining([
          ...['append', 'close', 'create', 'list', 'read', 'remove', 'space', 'sync'],
          ...['syncFolder', 'truncate'],
        ]),
      )
    },
    20_000 * TIMES,
  )
})
