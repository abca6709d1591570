/** A log on a simulated folder. */
import { Log } from '../../../src/wal/log.ts'
import { LogReader } from '../../../src/wal/log-reader.ts'
import type { Entry, LogObserver, LogOptions } from '../../../src/wal/log-types.ts'
import { readRecords } from '../../../src/wal/records.ts'
import type { ProducerRecord } from '../../../src/producer/types.ts'
import { FakeClock } from '../../support/fake-clock.ts'
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

  failed(operation: string, error: unknown): void {
    this.failures.push(`${operation}: ${String(error)}`)
  }

  damaged(_segment: string, _at: number, bytes: number, records: number | undefined): void {
    this.damages.push({ bytes, records })
  }

  buried(): void {
    // The tests of the feeder see what it buries.
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
    overrides: Partial<LogOptions> = {},
  ): Promise<LogHarness> {
    const clock = new FakeClock()
    const observer = new RecordingObserver()
    opened += 1
    const random = new SeededRandom(opened)
    const log = await Log.open({
      ...{ storage, clock, random: random.next, observer, sync: 'always', syncIntervalMs: 1_000 },
      ...{ segmentBytes: 4_096, maxBytes: 2 ** 30, minFreeBytes: 0 },
      ...overrides,
    })
    return new LogHarness(log, clock, observer)
  }

  /** Appends one push of these values. */
  append(...values: readonly string[]): Promise<void> {
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
      this.log.passed(place.segment, left)
      entries.push(entry)
    }
    return entries
  }

  /** The records of a push that were not settled before the log was opened. */
  recordsOf({ place: { segment }, header, payload }: Entry): readonly ReadRecord[] {
    return readRecords(payload, header.recordCount).flatMap(({ value }, position) => {
      const index = header.firstIndex + position
      if (segment.settledBefore.has(index)) return []
      const settle = (): void => {
        this.log.settled(segment, index)
      }
      return [{ value: String(value), settle }]
    })
  }

  /** The values of the records that can be read now and are not settled. */
  async values(): Promise<readonly string[]> {
    return (await this.read()).flatMap((entry) => this.recordsOf(entry).map(({ value }) => value))
  }
}

function recordOf(value: string): ProducerRecord {
  return {
    ...{ topic: 'orders', partition: undefined, key: `key of ${value}`, value },
    ...{ headers: [{ key: 'h', value: null }], timestampMs: undefined },
  }
}
