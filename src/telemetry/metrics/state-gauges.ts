/** The gauges of kprf's current state, read at each scrape. */
import { Gauge, type Registry } from './prom-client.ts'

/** The state that the gauges show. */
export interface KprfState {
  /** Whether the last attempt to reach Kafka succeeded. */
  readonly isKafkaUp: boolean
  /** `undefined` before the first answer. */
  readonly metadataAgeMs: number | undefined
  /** Records admitted and not yet reported, and the bytes of their values. */
  readonly queueRecords: number
  readonly queueBytes: number
  /** `Infinity` for no limit. */
  readonly queueLimitRecords: number
  readonly queueLimitBytes: number
  /** All memory that these records hold, and its limit for all processes together. */
  readonly queueMemoryBytes: number
  readonly queueMemoryLimitBytes: number
  /** Time since the oldest record was admitted; 0 if there is none. */
  readonly queueOldestAgeMs: number
  /** Bytes of request bodies in memory. */
  readonly bodyBytes: number
  readonly bodyLimitBytes: number
  /** Topics in use that no broker has confirmed. */
  readonly unknownTopics: number
}

/** Name, help, value, and the aggregation over several workers. */
type StateGauge = readonly [string, string, (now: KprfState) => number, 'sum' | 'min' | 'max']

const GAUGES: readonly StateGauge[] = [
  [
    'kprf_kafka_up',
    '1 if the last attempt to reach Kafka succeeded, 0 if not, also if no broker can be reached at its advertised address.',
    ({ isKafkaUp }) => (isKafkaUp ? 1 : 0),
    'min',
  ],
  [
    'kprf_kafka_metadata_age_seconds',
    'Time since a broker last answered about topics; NaN before the first answer.',
    ({ metadataAgeMs = NaN }) => metadataAgeMs / 1000,
    'max',
  ],
  [
    'kprf_queue_records',
    'Records admitted and not yet reported, over all topics.',
    ({ queueRecords }) => queueRecords,
    'sum',
  ],
  [
    'kprf_queue_bytes',
    'Bytes of the values of these records.',
    ({ queueBytes }) => queueBytes,
    'sum',
  ],
  [
    'kprf_queue_limit_records',
    'Limit on kprf_queue_records: kafka.queue_buffering_max_messages, or +Inf if that is 0.',
    ({ queueLimitRecords }) => queueLimitRecords,
    'max',
  ],
  [
    'kprf_queue_limit_bytes',
    'Limit on kprf_queue_bytes: kafka.queue_buffering_max_kbytes.',
    ({ queueLimitBytes }) => queueLimitBytes,
    'max',
  ],
  [
    'kprf_queue_memory_bytes',
    'Memory that records in the queue hold: keys, values, headers, and what kprf stores with each.',
    ({ queueMemoryBytes }) => queueMemoryBytes,
    'sum',
  ],
  [
    'kprf_queue_memory_limit_bytes',
    'Limit on kprf_queue_memory_bytes: kafka.queue_memory_max_kbytes, or a share of the memory of the process.',
    ({ queueMemoryLimitBytes }) => queueMemoryLimitBytes,
    'max',
  ],
  [
    'kprf_queue_oldest_age_seconds',
    'Time since the oldest record in the queue was admitted; 0 if the queue is empty.',
    ({ queueOldestAgeMs }) => queueOldestAgeMs / 1000,
    'max',
  ],
  [
    'kprf_http_body_bytes',
    'Bytes of request bodies in memory: bodies that are arriving, or whose records are not admitted yet.',
    ({ bodyBytes }) => bodyBytes,
    'sum',
  ],
  [
    'kprf_http_inflight_bytes',
    'The same bytes as kprf_http_body_bytes.',
    ({ bodyBytes }) => bodyBytes,
    'sum',
  ],
  [
    'kprf_http_body_limit_bytes',
    'Limit on kprf_http_body_bytes: 256 MiB, or a quarter of the memory that the process may use if that is less.',
    ({ bodyLimitBytes }) => bodyLimitBytes,
    'sum',
  ],
  [
    'kprf_kafka_unknown_topics',
    'Topics that no broker has confirmed, and that records wait for or waited for recently.',
    ({ unknownTopics }) => unknownTopics,
    'sum',
  ],
]

/** Declares the gauges. @param state - read for each of them at each scrape. */
export function declareState(registry: Registry, state: () => KprfState): void {
  for (const [name, help, read, aggregator] of GAUGES) {
    const gauge = new Gauge({
      name,
      help,
      registers: [registry],
      aggregator,
      collect: () => {
        gauge.set(read(state()))
      },
    })
  }
}
