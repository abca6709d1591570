/** The metrics of the write-ahead log. There are none without one. */
import type { WalState } from '../../base/wal-state.ts'
import { Counter, exponentialBuckets, Gauge, Histogram, type Registry } from 'prom-client'

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
  ['kprf_wal_segments', 'Files of the write-ahead log.', ({ segments }) => segments, 'sum'],
  [
    'kprf_wal_accepting',
    '1 if the write-ahead log accepted the last push, 0 if it was full or could not be written.',
    ({ isAccepting }) => (isAccepting ? 1 : 0),
    'min',
  ],
]

/** Counts what happens to the write-ahead log. */
export class WalMetrics {
  readonly #deadLetters: Counter<'reason'>
  readonly #errors: Counter<'operation'>
  readonly #damaged: Counter
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
    this.#deadLetters = new Counter({
      name: 'kprf_wal_dead_letters_total',
      help: 'Records of the write-ahead log that Kafka refused for good, by reason.',
      labelNames: ['reason'],
      registers: [registry],
    })
    this.#errors = new Counter({
      name: 'kprf_wal_errors_total',
      help: 'Operations of the write-ahead log that failed, by kind: write, read, settle (note what Kafka has), remove or adopt (take over the log of a process that is gone).',
      labelNames: ['operation'],
      registers: [registry],
    })
    this.#damaged = new Counter({
      name: 'kprf_wal_damaged_records_total',
      help: 'Records of the write-ahead log that were lost because its file is damaged, as far as their number is known.',
      registers: [registry],
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
    this.#deadLetters.inc({ reason })
  }

  /** Counts an operation that failed. */
  failed(operation: string): void {
    this.#errors.inc({ operation })
  }

  /** Counts records that cannot be read any more. */
  damaged(records: number): void {
    this.#damaged.inc(records)
  }
}
