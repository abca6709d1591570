/** The metrics of the write-ahead log. There are none without one. */
import { WAL_CONDITIONS, type WalState } from '../../base/wal-state.ts'
import { Counter, exponentialBuckets, Gauge, Histogram, type Registry } from './prom-client.ts'
import { type CountSeries, PlainCounter } from './plain-counter.ts'

/** Name, help, value (NaN if it is not known), and how those of several processes make one. */
type WalGauge = readonly [string, string, (now: WalState) => number, 'sum' | 'min' | 'max']

/** From a fast disk, 0.1 ms, to one that hangs, 6.5 s. */
const DISK_BUCKETS_SECONDS = exponentialBuckets(0.0001, 2, 17)
const GROUP_BUCKETS = [1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000]
const MS_PER_SECOND = 1_000

const GAUGES: readonly WalGauge[] = [
  [
    'kprf_wal_pending_records',
    'Records in the write-ahead log that Kafka does not have yet. After a start, those of earlier processes count once they are read.',
    ({ pendingRecords }) => pendingRecords,
    'sum',
  ],
  [
    'kprf_wal_oldest_age_seconds',
    'Time since the oldest record of the write-ahead log that Kafka does not have was accepted, to the second; 0 if Kafka has all.',
    ({ oldestAgeMs }) => oldestAgeMs / MS_PER_SECOND,
    'max',
  ],
  [
    'kprf_wal_pending_bytes',
    'Size of the files of the write-ahead log with records that Kafka does not have, and of those of earlier processes that are not read yet.',
    ({ pendingBytes }) => pendingBytes,
    'sum',
  ],
  ['kprf_wal_bytes', 'Size of the write-ahead log.', ({ bytes }) => bytes, 'sum'],
  [
    'kprf_wal_limit_bytes',
    'Limit on kprf_wal_bytes: wal.max_bytes of each worker.',
    ({ limitBytes }) => limitBytes,
    'sum',
  ],
  [
    'kprf_wal_disk_free_bytes',
    'What the disk of the write-ahead log has free; NaN if that is not known.',
    ({ freeBytes }) => freeBytes ?? NaN,
    'min',
  ],
  [
    'kprf_wal_disk_bytes',
    'Size of the disk of the write-ahead log; NaN if that is not known.',
    ({ diskBytes }) => diskBytes ?? NaN,
    'max',
  ],
  ['kprf_wal_segments', 'Files of the write-ahead log.', ({ segments }) => segments, 'sum'],
  [
    'kprf_wal_accepting',
    '1 if the write-ahead log accepted the last push, 0 if it was full or could not be written.',
    ({ condition }) => (condition === 'accepting' ? 1 : 0),
    'min',
  ],
]

/** Counts what happens to the write-ahead log. */
export class WalMetrics {
  readonly #deadLetters: PlainCounter<'reason'>
  readonly #deadLettersBy = new Map<string, CountSeries>()
  readonly #errors: Counter<'operation'>
  readonly #syncErrors: Counter
  readonly #damaged: CountSeries
  readonly #damagedBytes: Counter
  readonly #truncatedBytes: Counter
  readonly #replayed: Counter
  readonly #writeDuration: Histogram
  readonly #syncDuration: Histogram
  readonly #groupRecords: Histogram

  /** @param state - read for each gauge at each scrape. */
  constructor(registry: Registry, state: () => WalState) {
    for (const [name, help, read, aggregator] of GAUGES) {
      const gauge = new Gauge({
        ...{ name, help, aggregator, registers: [registry] },
        collect: () => {
          gauge.set(read(state()))
        },
      })
    }
    declareCondition(registry, state)
    this.#deadLetters = new PlainCounter({
      name: 'kprf_wal_dead_letters_total',
      help: 'Records of the write-ahead log that Kafka refused for good, by reason.',
      alias: 'kprf_dlq_records_total',
      labelNames: ['reason'],
      registry,
    })
    this.#errors = new Counter({
      name: 'kprf_wal_errors_total',
      help: 'Operations of the write-ahead log that failed, by kind: write, read, settle (note what Kafka has), remove or adopt (take over the log of a process that is gone).',
      labelNames: ['operation'],
      registers: [registry],
    })
    this.#damaged = new PlainCounter({
      name: 'kprf_wal_damaged_records_total',
      help: 'Records of the write-ahead log that were lost because its file is damaged, as far as their number is known.',
      alias: 'kprf_wal_corrupt_records_total',
      labelNames: [],
      registry,
    }).addSeries({})
    const registers = [registry]
    this.#damagedBytes = new Counter({
      name: 'kprf_wal_damaged_bytes_total',
      help: 'Bytes of files of the write-ahead log that cannot be read, also where it is not known how many records they had.',
      registers,
    })
    this.#truncatedBytes = new Counter({
      name: 'kprf_wal_truncated_bytes_total',
      help: 'Bytes at the end of files of the write-ahead log that end within a push: it was not accepted, or the disk lost it.',
      registers,
    })
    this.#replayed = new Counter({
      name: 'kprf_wal_replayed_records_total',
      help: 'Records that earlier processes left in the write-ahead log and that were read to be sent.',
      registers,
    })
    this.#syncErrors = new Counter({
      name: 'kprf_wal_sync_errors_total',
      help: 'Syncs of the write-ahead log that failed.',
      registers,
    })
    this.#writeDuration = new Histogram({
      name: 'kprf_wal_append_duration_seconds',
      help: 'Time for one write of pushes that came together to the write-ahead log, without the sync.',
      buckets: DISK_BUCKETS_SECONDS,
      registers: [registry],
    })
    this.#syncDuration = new Histogram({
      name: 'kprf_wal_sync_duration_seconds',
      help: 'Time for the sync after such a write, with wal.sync: always.',
      buckets: DISK_BUCKETS_SECONDS,
      registers: [registry],
    })
    this.#groupRecords = new Histogram({
      name: 'kprf_wal_group_records',
      help: 'Records in one write of the write-ahead log, and so in one sync.',
      buckets: GROUP_BUCKETS,
      registers: [registry],
    })
  }

  /** Counts pushes that were written together. @param syncMs - `undefined` if they were not synced. */
  groupWritten(records: number, writeMs: number, syncMs: number | undefined): void {
    this.#groupRecords.observe(records)
    this.#writeDuration.observe(writeMs / MS_PER_SECOND)
    if (syncMs !== undefined) this.#syncDuration.observe(syncMs / MS_PER_SECOND)
  }

  /** Counts a record that became a dead letter. */
  buried(reason: string): void {
    const series = this.#deadLettersBy.get(reason) ?? this.#deadLetters.addSeries({ reason })
    this.#deadLettersBy.set(reason, series)
    series.count += 1
  }

  /** Counts a sync that failed. */
  syncFailed(): void {
    this.#syncErrors.inc()
  }

  /** Counts records of earlier processes that are sent. */
  replayed(records: number): void {
    this.#replayed.inc(records)
  }

  /** Counts bytes at the end of a file that were never a whole push. */
  truncated(bytes: number): void {
    this.#truncatedBytes.inc(bytes)
  }

  /** Counts an operation that failed. */
  failed(operation: string): void {
    this.#errors.inc({ operation })
  }

  /** Counts records and bytes that cannot be read any more. */
  damaged(records: number, bytes: number): void {
    this.#damaged.count += records
    this.#damagedBytes.inc(bytes)
  }
}

function declareCondition(registry: Registry, state: () => WalState): void {
  const gauge = new Gauge<'state'>({
    name: 'kprf_wal_state',
    help: '1 for the state of the write-ahead log, 0 for the others: accepting pushes, full, failed (it cannot be written), closed (not open yet). With several workers, 1 if any of them is in the state.',
    labelNames: ['state'],
    aggregator: 'max',
    registers: [registry],
    collect: () => {
      const now = state().condition
      for (const condition of WAL_CONDITIONS) {
        gauge.set({ state: condition }, condition === now ? 1 : 0)
      }
    },
  })
}
