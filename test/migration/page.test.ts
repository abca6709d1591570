/** What the release has is here, and docs/MIGRATION.md has a row for it. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { SETTINGS } from '../../src/config/settings.ts'

const DOCS = new URL('../../docs/', import.meta.url)
const page = readFileSync(new URL('MIGRATION.md', DOCS), 'utf8')
const metricsPage = readFileSync(new URL('METRICS.md', DOCS), 'utf8')

/** The metrics of the release; the last ones only with `kafka.statistics_interval_ms`. */
const RELEASE_METRICS = [
  ...['http_requests_duration', 'ratelimit_messages_count', 'kprf_app_metadata'],
  ...['kafka_internal_queue_size', 'kafka_errors_count', 'kafka_sent_messages'],
  'kafka_message_send_duration',
  ...[
    ...['reply_queue_size', 'current_messages_in_queue', 'current_messages_in_queue_bytes'],
    ...['total_requests_count', 'total_bytes_sent', 'total_responses_received'],
    ...['total_bytes_received', 'total_messages_sent', 'total_messages_bytes_sent'],
    ...['metadata_cache_topics_count', 'broker_state', 'broker_state_age'],
    ...['broker_outbuf_count', 'broker_outbuf_msg_count', 'broker_waitresp_count'],
    ...['broker_waitresp_msg_count', 'broker_requests_sent', 'broker_requests_sent_bytes'],
    ...['broker_transmission_errors', 'broker_request_retries', 'request_timeouts'],
    ...['broker_responses_count', 'broker_bytes_received', 'broker_errors_count'],
    ...['topic_metadata_age', 'topic_batchsize_avg', 'topic_batchcount_avg'],
  ].map((name) => `kafka_producer_${name}`),
]

/** The keys of the release. */
const RELEASE_KEYS = [
  ...['output_file', 'http.port', 'http.metrics_port', 'ratelimit.enabled', 'ratelimit.rules'],
  ...['kafka.brokers', 'kafka.user', 'kafka.password', 'kafka.message_max_bytes'],
  ...['kafka.queue_buffering_max_messages', 'kafka.queue_buffering_max_ms', 'kafka.retries'],
  ...['kafka.queue_buffering_max_kbytes', 'kafka.message_timeout_ms', 'kafka.request_timeout_ms'],
  ...['kafka.request_required_acks', 'kafka.statistics_interval_ms'],
]

/** Its defaults; that of `kafka.request_required_acks` is another one here, and the page says so. */
const RELEASE_DEFAULTS = {
  output_file: '/dev/stdout',
  'http.port': 4242,
  'http.metrics_port': 8088,
  'kafka.message_max_bytes': 1_048_576,
  'kafka.queue_buffering_max_messages': 100_000,
  'kafka.queue_buffering_max_ms': 10,
  'kafka.queue_buffering_max_kbytes': 1_048_576,
  'kafka.retries': 3,
  'kafka.message_timeout_ms': 2_000,
  'kafka.request_timeout_ms': 30_000,
  'kafka.statistics_interval_ms': 0,
}

describe('docs/MIGRATION.md', () => {
  it.each(RELEASE_KEYS)('has a row for the key %s', (key) => {
    const [, table = ''] = page.split('\n## Configuration\n')
    const [rows = ''] = table.split('\n## ')
    // Later ones of a row are written without their section, or by their end: `_ms`.
    const ends = key.split('.').flatMap((word) => [word, word.replace(/^.*(?=_)/, '')])

    expect([key, ...ends].some((end) => rows.includes(`\`${end}\``))).toBe(true)
  })

  it.each(RELEASE_METRICS)('has a row for the metric %s', (name) => {
    const short = name.replace('kafka_producer', '')
    const [, table = ''] = page.split('\n## Metrics\n')

    expect(table.includes(`\`${name}\``) || table.includes(`\`${short}\``), name).toBe(true)
  })
})

describe('what the release has', () => {
  it.each(Object.entries(RELEASE_DEFAULTS))('has its default: %s is %s', (key, value) => {
    expect(SETTINGS.find((setting) => setting.key === key)?.default).toBe(value)
  })

  it.each(RELEASE_METRICS)('is here: the metric %s', (name) => {
    expect(isMetric(name)).toBe(true)
  })

  it.each(RELEASE_KEYS)('is here: the key %s', (key) => {
    expect(SETTINGS.map((setting) => setting.key)).toContain(key)
  })
})

function isMetric(name: string): boolean {
  return metricsPage.includes(`| \`${name}\` `)
}
