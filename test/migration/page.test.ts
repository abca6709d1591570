/** What docs/MIGRATION.md names exists. */
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { PROPERTY_SETTINGS } from '../../src/config/names.ts'
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

describe('docs/MIGRATION.md', () => {
  it('asks for metrics that exist', () => {
    const queries = [...page.matchAll(/```promql\n(.*?)```/gs)].map(([, text = '']) => text)
    const names = queries.flatMap(
      (text) => text.replaceAll(/^#.*$/gm, '').match(/\b(?:http|kafka|kprf|ratelimit)_\w+/g) ?? [],
    )

    expect(names.length).toBeGreaterThan(8)
    for (const name of names) {
      expect([name, name.replace(/_count$/, '')].some(isMetric), name).toBe(true)
    }
  })

  it('names keys that exist', () => {
    const keys = new Set([...SETTINGS, ...PROPERTY_SETTINGS].map(({ key }) => key))
    const named = page.match(/(?<=`)(?:http|kafka|shutdown|ratelimit)\.[a-z_.]+(?=[`:])/g) ?? []

    expect(named.length).toBeGreaterThan(20)
    for (const key of new Set(named)) {
      if (key !== 'kafka.properties') expect(keys, key).toContain(key)
    }
  })

  it('links to pages that exist, and to its own headings', () => {
    const headings = [...page.matchAll(/^#+ (.+)$/gm)].map(([, text = '']) =>
      text.toLowerCase().replaceAll(' ', '-'),
    )

    for (const [, target = ''] of page.matchAll(/\]\(([^)]+)\)/g)) {
      const [file = '', heading] = target.split('#')
      if (file !== '') expect(existsSync(new URL(file, DOCS)), target).toBe(true)
      else expect(headings, target).toContain(heading)
    }
  })
})

describe('what the release has', () => {
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
