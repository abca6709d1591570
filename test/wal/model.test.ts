/** The log does what a list would, whatever happens to it: pushes, settling, kills, damage, waiting. */
import { expect, it } from 'vitest'
import { SEGMENT_HEADER_BYTES } from '../../src/wal/frame.ts'
import { settle } from '../support/fake-clock.ts'
import { SeededRandom } from '../support/random.ts'
import { runs } from '../support/random-runs.ts'
import { LogHarness, type ReadRecord } from './support/log-harness.ts'
import { SimulatedStorage } from './support/simulated-storage.ts'

/** One push of the list. Its values begin with its number, and no other value contains them. */
interface Push {
  readonly number: number
  readonly values: readonly string[]
}

/** The log, and the list that it must be equal to. */
class Model {
  readonly #random: SeededRandom
  #storage = new SimulatedStorage()
  #harness: LogHarness | undefined
  /** Accepted, in order. */
  #pushes: Push[] = []
  /** Handed out by the log since it was opened, and not settled. */
  #open = new Map<string, ReadRecord>()
  readonly #settled = new Set<string>()
  /** Settled a moment ago: after a kill they may come again. */
  readonly #settledJustNow = new Set<string>()
  /** Handed out since the log was opened. */
  #read: string[] = []
  #next = 0

  constructor(seed: number) {
    this.#random = new SeededRandom(seed)
  }

  async step(): Promise<void> {
    const random = this.#random
    const action = random.below(100)
    if (action < 45) await this.#push()
    else if (action < 60) await this.#readAll()
    else if (action < 85) this.#settleSome()
    else if (action < 95) await this.#wait()
    else await this.#killAndReopen()
  }

  /** Everything that is not settled comes, in order; after a kill also what was settled just before it. */
  async compare(label: string): Promise<void> {
    await this.#readAll()
    const got = new Set(this.#read)
    const expected = this.#pushes
      .flatMap(({ values }) => values)
      .filter((value) => got.has(value) || !this.#settled.has(value))
    expect(this.#read, label).toEqual(expected)
  }

  async #log(): Promise<LogHarness> {
    this.#harness ??= await LogHarness.open(this.#storage, {
      segmentBytes: this.#random.pick([300, 2_000, 20_000]),
    })
    return this.#harness
  }

  async #push(): Promise<void> {
    const [number, count] = [this.#next, this.#random.between(1, 4)]
    this.#next += 1
    const values = Array.from({ length: count }, (_, index) =>
      `<${number}.${index}>`.padEnd(this.#random.pick([8, 8, 100, 1_500]), 'x'),
    )
    await (await this.#log()).append(...values)
    this.#pushes.push({ number, values })
  }

  async #readAll(): Promise<void> {
    const harness = await this.#log()
    for (const entry of await harness.read()) {
      for (const record of harness.recordsOf(entry)) {
        // What was settled just before a kill is settled again.
        this.#open.set(record.value, record)
        this.#read.push(record.value)
      }
    }
  }

  /** In any order: Kafka acknowledges one partition before another. */
  #settleSome(): void {
    for (const [value, record] of this.#open) {
      if (this.#random.chance(0.4)) continue
      record.settle()
      this.#open.delete(value)
      this.#settled.add(value)
      this.#settledJustNow.add(value)
    }
  }

  async #wait(): Promise<void> {
    await (await this.#log()).clock.advance(this.#random.pick([100, 1_000]))
    await settle()
    this.#settledJustNow.clear()
  }

  async #killAndReopen(): Promise<void> {
    await this.compare('before a kill')
    this.#storage = this.#storage.killed()
    if (this.#random.chance(0.3)) this.#damage()
    for (const value of this.#settledJustNow) this.#settled.delete(value)
    const before = this.#settledJustNow.size
    this.#harness = undefined
    this.#open = new Map()
    this.#read = []
    await this.#readAll()
    // Each of them comes again, or was written down in time.
    const came = new Set(this.#read)
    const all = this.#pushes.flatMap(({ values }) => values)
    for (const value of this.#settledJustNow) if (!came.has(value)) this.#settled.add(value)
    this.#settledJustNow.clear()
    expect(this.#read, `after a kill with ${before} settled just before`).toEqual(
      all.filter((value) => !this.#settled.has(value)),
    )
    this.#forgetSettled()
  }

  /** Damages a byte of a push, whose records are then lost. */
  #damage(): void {
    const name = this.#random.pick([
      '',
      ...this.#storage.names.filter((one) => one.endsWith('.wal')),
    ])
    if (name === '') return
    const bytes = Buffer.from(this.#storage.bytesOf(name))
    const text = bytes.toString('latin1')
    const there = this.#pushes.filter(({ values }) => text.includes(values[0] ?? ''))
    if (there.length === 0 || bytes.length <= SEGMENT_HEADER_BYTES) return
    const { number, values } = this.#random.pick(there)
    const at = bytes.indexOf(values[0] ?? '')
    bytes[at] = 0
    this.#storage.overwrite(name, bytes)
    this.#pushes = this.#pushes.filter((push) => push.number !== number)
    for (const value of values) {
      this.#settledJustNow.delete(value)
      this.#settled.delete(value)
    }
  }

  /** The list would grow for ever. */
  #forgetSettled(): void {
    this.#pushes = this.#pushes.flatMap(({ number, values }) => {
      const left = values.filter((value) => !this.#settled.has(value))
      return left.length === 0 ? [] : [{ number, values: left }]
    })
    this.#settled.clear()
  }
}

it('the log is equal to a list, whatever order things happen in', async () => {
  const seed = 1
  const model = new Model(seed)
  for (let step = 1; step <= runs(500); step += 1) {
    await model.step()
    if (step % 50 === 0) await model.compare(`seed ${seed}, step ${step}`)
  }
})
