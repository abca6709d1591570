/** A log on a simulated folder. */
import { Log } from '../../../src/wal/log.ts'
import { LogReader } from '../../../src/wal/log-reader.ts'
import type { Entry, LogObserver, LogOptions } from '../../../src/wal/log-types.ts'
import { readRecords } from '../../../src/wal/records.ts'
import type { ProducerRecord } from '../../../src/producer/types.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'
import { SeededRandom } from '../../support/random.ts'
import type { SimulatedStorage } from './simulated-storage.ts'

export const ACCEPTED_MS = 1_700_000_000_000

/** Logs so far: each has salts of its own. */
let opened = 0

/** Writes down what an operator would be told. */
export class RecordingObserver implements LogObserver {
  readonly failures: string[] = []
  readonly damages: { bytes: number; records: number | undefined }[] = []
  tornBytes = 0
  failedSyncs = 0
  replayedRecords = 0

  failed(operation: string, error: unknown): void {
    this.failures.push(`${operation}: ${String(error)}`)
  }

  syncFailed(): void {
    this.failedSyncs += 1
  }

  replayed(records: number): void {
    this.replayedRecords += records
  }

  damaged(_segment: string, _at: number, bytes: number, records: number | undefined): void {
    this.damages.push({ bytes, records })
  }

  buried(): void {
    // The tests of the feeder see what it buries.
  }

  backlog(): void {
    // The test of the backlog has its own.
  }

  torn(_segment: string, _at: number, bytes: number): void {
    this.tornBytes += bytes
  }
}

/** One record that was read. */
export interface ReadRecord {
  readonly value: string
  readonly settle: () => void
}

/** What can be replaced of a log. */
export type HarnessOptions = Partial<Omit<LogOptions, 'clock'>> & { readonly clock?: FakeClock }

/** An open log, and what reads it. */
export class LogHarness {
  readonly log: Log
  readonly clock: FakeClock
  readonly observer: RecordingObserver
  readonly #reader: LogReader

  private constructor(log: Log, clock: FakeClock, observer: RecordingObserver) {
    this.log = log
    this.clock = clock
    this.observer = observer
    this.#reader = new LogReader(log)
  }

  static async open(
    storage: SimulatedStorage,
    { clock = new FakeClock(), ...overrides }: HarnessOptions = {},
  ): Promise<LogHarness> {
    const observer = new RecordingObserver()
    opened += 1
    const random = new SeededRandom(opened)
    const opening = Log.open({
      ...{ storage, clock, random: random.next, observer, sync: 'always', syncIntervalMs: 1_000 },
      ...{ segmentBytes: 4_096, maxBytes: 2 ** 30, minFreeBytes: 0 },
      ...overrides,
    })
    // What the disk cannot read is tried again after a pause.
    while (await isPending(opening)) await clock.advance(1_000)
    return new LogHarness(await opening, clock, observer)
  }

  /** Appends one push of these values. */
  append(...values: readonly string[]): Promise<unknown> {
    return this.log.append(values.map(recordOf), ACCEPTED_MS)
  }

  /** What can be read now. */
  async read(): Promise<readonly Entry[]> {
    const entries: Entry[] = []
    for (let entry = await this.#reader.next(); entry; entry = await this.#reader.next()) {
      const { place, header } = entry
      let left = 0
      for (let index = 0; index < header.recordCount; index += 1) {
        if (!place.segment.settledBefore.has(header.firstIndex + index)) left += 1
      }
      this.log.passed(entry, left)
      entries.push(entry)
    }
    return entries
  }

  /** The records of a push that were not settled before the log was opened. */
  recordsOf(entry: Entry): readonly ReadRecord[] {
    const { place, header, payload } = entry
    return readRecords(payload, header.recordCount).flatMap(({ value }, position) => {
      if (place.segment.settledBefore.has(header.firstIndex + position)) return []
      const settle = (): void => {
        this.log.settled(entry, position)
      }
      return [{ value: String(value), settle }]
    })
  }

  /** The values of the records that can be read now and are not settled. */
  async values(): Promise<readonly string[]> {
    return (await this.read()).flatMap((entry) => this.recordsOf(entry).map(({ value }) => value))
  }
}

export function recordOf(value: string): ProducerRecord {
  return {
    ...{ topic: 'orders', partition: undefined, key: `key of ${value}`, value },
    ...{ headers: [{ key: 'h', value: null }], timestampMs: undefined },
  }
}

/** Whether nothing but time or a test decides a promise. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let isOver = false
  const end = (): void => {
    isOver = true
  }
  promise.then(end, end)
  await settle()
  return !isOver
}
