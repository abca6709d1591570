import { CHOSEN, gauge, quantiles, rate, type Row, sumOfRates } from '../panel.ts'

const FILL = [
  [0, 'green'],
  [0.8, 'red'],
] as const

/** How full something is, by instance. */
const fillOf = (used: string, limit: string): string => `${gauge(used)} / ${gauge(limit)}`

export const QUEUE_AND_LOG: Row = {
  title: 'Queue and write-ahead log',
  panels: [
    {
      kind: 'lines',
      title: 'How full the queue is',
      description:
        'Records, bytes of values and memory, each as a share of its limit. At a limit, pushes are refused with 503 (50302).',
      unit: 'percentunit',
      width: 12,
      queries: [
        {
          expr: fillOf('kprf_queue_records', 'kprf_queue_limit_records'),
          legend: '{{instance}} records',
        },
        {
          expr: fillOf('kprf_queue_bytes', 'kprf_queue_limit_bytes'),
          legend: '{{instance}} bytes',
        },
        {
          expr: fillOf('kprf_queue_memory_bytes', 'kprf_queue_memory_limit_bytes'),
          legend: '{{instance}} memory',
        },
      ],
      thresholds: FILL,
      min: 0,
      alerts: ['KprfQueueFillsUp'],
    },
    {
      kind: 'lines',
      title: 'Oldest record in the queue',
      description:
        'Time since it was admitted. Without the write-ahead log, it is given up at kafka.message_timeout_ms.',
      unit: 's',
      width: 12,
      queries: [{ expr: gauge('kprf_queue_oldest_age_seconds'), legend: '{{instance}}' }],
      min: 0,
    },
    {
      kind: 'lines',
      title: 'Topics with most waiting records',
      description: 'Records admitted and not yet delivered, the ten topics with most.',
      unit: 'short',
      width: 8,
      queries: [
        {
          expr: `topk(10, sum by (topic) (kafka_internal_queue_size{${CHOSEN}, topic=~"$topic"}))`,
          legend: '{{topic}}',
        },
      ],
      min: 0,
      alerts: ['KprfQueueFillsUp'],
    },
    {
      kind: 'lines',
      title: 'How full the log is',
      description:
        'Size of the write-ahead log as a share of wal.max_bytes. When it is full, pushes that do not wait are refused with 503 (50308).',
      unit: 'percentunit',
      width: 8,
      queries: [{ expr: fillOf('kprf_wal_bytes', 'kprf_wal_limit_bytes'), legend: '{{instance}}' }],
      thresholds: FILL,
      min: 0,
      alerts: ['KprfLogFillsUp'],
    },
    {
      kind: 'states',
      title: 'State of the log',
      description:
        'Whether the write-ahead log of each instance accepts pushes, is full, or cannot be written.',
      unit: 'none',
      width: 8,
      queries: [{ expr: `${gauge('kprf_wal_state')} == 1`, legend: '{{instance}} {{state}}' }],
      words: [[1, 'is in this state', 'blue']],
      alerts: ['KprfLogRefuses', 'KprfLogFails'],
    },
    {
      kind: 'lines',
      title: 'Waiting in the log',
      description: 'Records of the write-ahead log that Kafka does not have yet.',
      unit: 'short',
      width: 8,
      queries: [{ expr: gauge('kprf_wal_pending_records'), legend: '{{instance}}' }],
      min: 0,
      alerts: ['KprfLogFallsBehind'],
    },
    {
      kind: 'lines',
      title: 'Oldest record in the log',
      description:
        'Time since the oldest record of the write-ahead log that Kafka does not have was accepted.',
      unit: 's',
      width: 8,
      queries: [{ expr: gauge('kprf_wal_oldest_age_seconds'), legend: '{{instance}}' }],
      thresholds: [
        [0, 'green'],
        [300, 'red'],
      ],
      min: 0,
      alerts: ['KprfLogFallsBehind'],
    },
    {
      kind: 'lines',
      title: 'Time of a sync',
      description:
        'Syncs of the write-ahead log to the disk, and writes before them. Pushes that do not wait for Kafka wait for these.',
      unit: 's',
      width: 8,
      queries: [
        ...quantiles('kprf_wal_sync_duration_seconds', [0.5, 0.99]).map(({ expr, legend }) => ({
          expr,
          legend: `sync ${legend}`,
        })),
        ...quantiles('kprf_wal_append_duration_seconds', [0.99]).map(({ expr, legend }) => ({
          expr,
          legend: `write ${legend}`,
        })),
      ],
      thresholds: [
        [0, 'green'],
        [0.1, 'red'],
      ],
      min: 0,
      alerts: ['KprfLogSyncSlow'],
    },
    {
      kind: 'lines',
      title: 'Free disk',
      description: 'What the disk of the write-ahead log has free, as a share of its size.',
      unit: 'percentunit',
      width: 6,
      queries: [
        {
          expr: fillOf('kprf_wal_disk_free_bytes', 'kprf_wal_disk_bytes'),
          legend: '{{instance}}',
        },
      ],
      thresholds: [
        [0, 'red'],
        [0.1, 'green'],
      ],
      min: 0,
      max: 1,
      alerts: ['KprfLogDiskAlmostFull'],
    },
    {
      kind: 'lines',
      title: 'Replayed records',
      description:
        'Records per second of earlier processes that were read from the write-ahead log to be sent.',
      unit: 'cps',
      width: 6,
      queries: [{ expr: rate('kprf_wal_replayed_records_total'), legend: '{{instance}}' }],
      min: 0,
    },
    {
      kind: 'lines',
      title: 'Damage and errors of the log',
      description:
        'Since the start of each instance: records and bytes that cannot be read, bytes at the end of files that end within a push, and operations that the disk refused.',
      unit: 'short',
      width: 6,
      queries: [
        { expr: gauge('kprf_wal_corrupt_records_total'), legend: '{{instance}} lost records' },
        { expr: gauge('kprf_wal_damaged_bytes_total'), legend: '{{instance}} damaged bytes' },
        { expr: gauge('kprf_wal_truncated_bytes_total'), legend: '{{instance}} cut-off bytes' },
        { expr: gauge('kprf_wal_sync_errors_total'), legend: '{{instance}} failed syncs' },
        {
          expr: `sum by (instance, operation) (${gauge('kprf_wal_errors_total')})`,
          legend: '{{instance}} failed: {{operation}}',
        },
      ],
      min: 0,
      alerts: ['KprfLogDamaged', 'KprfLogFails'],
    },
    {
      kind: 'lines',
      title: 'Dead letters',
      description:
        'Records per second of the write-ahead log that Kafka refused for good, by reason.',
      unit: 'cps',
      width: 6,
      queries: [{ expr: sumOfRates('kprf_dlq_records_total', 'reason'), legend: '{{reason}}' }],
      min: 0,
      alerts: ['KprfDeadLetters'],
    },
  ],
}
