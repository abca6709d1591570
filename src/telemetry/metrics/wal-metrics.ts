/** The metrics of the write-ahead log. There are none without one. */
import type { WalState } from '../../base/wal-state.ts'
import { Counter, Gauge, type Registry } from 'prom-client'

type WalGauge = readonly [string, string, (now: WalState) => number, 'sum' | 'min']

const GAUGES: readonly WalGauge[] = [
  [
    'kprf_wal_pending_records',
    'Records in the write-ahead log that Kafka does not have yet. After a start, those of earlier processes count once they are read.',
    ({ pendingRecords }) => pendingRecords,
    'sum',
  ],
  ['kprf_wal_bytes', 'Size of the write-ahead log.', ({ bytes }) => bytes, 'sum'],
  [
    'kprf_wal_limit_bytes',
    'Limit on kprf_wal_bytes: wal.max_bytes of each worker.',
    ({ limitBytes }) => limitBytes,
    'sum',
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
      help: 'Operations of the write-ahead log that failed, by kind: write, read, settle (note what Kafka has) or remove.',
      labelNames: ['operation'],
      registers: [registry],
    })
    this.#damaged = new Counter({
      name: 'kprf_wal_damaged_records_total',
      help: 'Records of the write-ahead log that were lost because its file is damaged, as far as their number is known.',
      registers: [registry],
    })
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
