/** For every key three values that go together, whichever of them a key has. */
import { stringify } from 'yaml'

export type Sample = string | number | boolean | readonly string[] | readonly object[]

export const SAMPLES: readonly (readonly [key: string, a: Sample, b: Sample, c: Sample])[] = [
  ['kafka.brokers', ['a:1'], ['b:2', '[::1]:9092'], ['c:3']],
  ['kafka.client_id', 'a', 'b', 'c'],
  ['kafka.user', 'user-a', 'user-b', '0123'],
  ['kafka.password', 'password-a', ' password-b ', 'password=c'],
  ['kafka.security_protocol', 'sasl_ssl', 'sasl_ssl', 'sasl_ssl'],
  ['kafka.sasl_mechanism', 'scram-sha-256', 'scram-sha-512', 'plain'],
  ['kafka.sasl_oauthbearer_token', '', '', ''],
  ['kafka.ssl.ca_file', 'a.pem', 'b.pem', 'c.pem'],
  ['kafka.ssl.cert_file', 'a.pem', 'b.pem', 'c.pem'],
  ['kafka.ssl.key_file', 'a.pem', 'b.pem', 'c.pem'],
  ['kafka.ssl.key_password', 'secret-a', 'secret-b', 'secret-c'],
  ['kafka.message_max_bytes', 1001, 1002, 1003],
  ['kafka.queue_buffering_max_messages', 1001, 1002, 1003],
  ['kafka.queue_buffering_max_ms', 1, 2, 3],
  ['kafka.queue_buffering_max_kbytes', 1, 2, 3],
  ['kafka.queue_memory_max_kbytes', 1, 2, 3],
  ['kafka.queue_full_wait_ms', 1, 2, 3],
  ['kafka.partitioner', 'murmur2', 'fnv1a_random', 'random'],
  ['kafka.retries', 1, 2, 4],
  ['kafka.message_timeout_ms', 1001, 1002, 1003],
  ['kafka.request_timeout_ms', 1, 2, 3],
  ['kafka.request_required_acks', 1, 0, -1],
  ['kafka.enable_idempotence', false, false, false],
  ['kafka.statistics_interval_ms', 1, 2, 3],
  ['kafka.topic_metadata_propagation_max_ms', 1, 2, 3],
  ['kafka.max_unknown_topics', 1, 2, 3],
  ['kafka.max_topic_creations_per_minute', 1, 2, 3],
  ['http.host', '127.0.0.1', '::', 'localhost'],
  ['http.port', 1, 2, 3],
  ['http.metrics_port', 1001, 1002, 1003],
  ['http.max_body_bytes', 1024, 1025, 1026],
  ['http.max_compression_ratio', 1, 2, 3],
  ['http.max_records_per_request', 1, 2, 3],
  ['http.max_topics_per_request', 1, 2, 3],
  ['http.max_connections', 1001, 1002, 1003],
  ['http.max_connections_per_address', 1, 2, 3],
  ['http.unknown_fields', 'reject', 'ignore', 'reject'],
  ['http.invalid_records', 'refuse_record', 'refuse_request', 'refuse_record'],
  ['http.replies', 'rust', 'readme', 'rust'],
  ['http.allow_old_timestamps', true, false, true],
  ['http.idempotency.window_ms', 1000, 1001, 1002],
  ['http.idempotency.max_keys', 1, 2, 3],
  ['http.idempotency.unknown_outcome', 'produce', 'replay', 'produce'],
  ['http.head_timeout_ms', 100, 20_000, 3_600_000],
  ['http.body_timeout_ms', 100, 20_000, 3_600_000],
  ['http.keep_alive_timeout_ms', 1000, 620_000, 86_400_000],
  ['http.max_requests_per_connection', 0, 1, 1_000_000_000],
  [
    'http.auth.tokens',
    [{ principal: 'shop', sha256: 'a'.repeat(64) }],
    [],
    [{ principal: 'shop', sha256: 'b'.repeat(64) }],
  ],
  ['http.auth.tokens_file', '/a', '/b', '/c'],
  ['http.auth.client_certificates.principal_from', 'cn', 'san_dns', 'san_uri'],
  ['http.auth.jwt.jwks_file', '', '', ''],
  ['http.auth.jwt.jwks_url', 'https://a/keys', 'https://b/keys', 'http://127.0.0.1:1/c'],
  ['http.auth.jwt.issuer', 'https://a', 'https://b', 'https://c'],
  ['http.auth.jwt.audience', 'a', 'b', 'c'],
  ['http.auth.jwt.algorithms', ['ES256'], ['RS256', 'PS256'], ['EdDSA']],
  ['http.auth.jwt.principal_claim', 'a', 'b', 'c'],
  ['http.auth.jwt.clock_skew_ms', 1, 2, 3],
  ['http.auth.anonymous', 'allow', 'deny', 'auto'],
  [
    'http.acl',
    [{ principals: ['shop'], topics: ['orders.*'], allow: ['produce'] }],
    [],
    [{ principals: ['*'], topics: ['a'], allow: ['produce', 'describe'] }],
  ],
  [
    'http.quotas',
    [{ principals: ['shop'], records_per_second: 1 }],
    [],
    [{ principals: ['batch-*'], bytes_per_second: 3, requests_in_flight: 2 }],
  ],
  [
    'http.metrics_auth.tokens',
    [{ principal: 'prometheus', sha256: 'a'.repeat(64) }],
    [],
    [{ principal: 'prometheus', sha256: 'b'.repeat(64) }],
  ],
  ['http.tls.cert_file', 'a.pem', 'b.pem', 'c.pem'],
  ['http.tls.key_file', 'a.pem', 'b.pem', 'c.pem'],
  ['http.tls.key_password', 'secret-a', 'secret-b', 'secret-c'],
  ['http.tls.client_ca_file', 'a.pem', 'b.pem', 'c.pem'],
  ['http.tls.client_auth', 'require', 'request', 'require'],
  ['http.tls.min_version', 'tlsv1.3', 'tlsv1.2', 'tlsv1.3'],
  ['http.metrics_tls.cert_file', 'a.pem', 'b.pem', 'c.pem'],
  ['http.metrics_tls.key_file', 'a.pem', 'b.pem', 'c.pem'],
  ['http.metrics_tls.key_password', 'secret-a', 'secret-b', 'secret-c'],
  ['http.metrics_tls.client_ca_file', 'a.pem', 'b.pem', 'c.pem'],
  ['http.metrics_tls.client_auth', 'require', 'request', 'require'],
  ['http.metrics_tls.min_version', 'tlsv1.3', 'tlsv1.2', 'tlsv1.3'],
  ['http.topics.allow', ['a'], ['b.*', 'c'], ['*']],
  ['http.cors.origins', ['https://a.example'], ['http://[::1]:8080', 'app://b'], ['http://c']],
  ['http.rest.fail_request_when_all_fail', true, false, true],
  ['http.raw.forward_headers', ['X-A'], ['X-B', 'X-C'], ['X-D']],
  ['http.fast_path', true, false, true],
  ['http.propagate_trace', true, false, true],
  ['http.otlp_endpoint', 'http://a/v1/traces', 'https://b/v1/traces', 'http://127.0.0.1:1/c'],
  [
    'http.webhooks',
    [{ path: '/hooks/a', topic: 'a', verify: { scheme: 'github', secret_file: '/a' } }],
    [],
    [{ path: '/c', topic: 'c', key_from: 'json:/id', answer_challenge: true, wait: false }],
  ],
  ['http.cors.allow_headers', ['X-A'], ['X-B', 'X-C'], ['X-D']],
  ['http.cors.max_age_s', 1, 2, 3],
  ['http.hosts', ['kprf.example'], ['*.example.com', '::1'], ['127.0.0.1']],
  ['http.trusted_proxies', ['10.0.0.0/8'], ['::1', '192.0.2.0/24'], ['127.0.0.1']],
  ['http.proxy_protocol', false, false, false],
  ['wal.enabled', true, false, true],
  ['wal.dir', '/a', '/b', '/c'],
  ['wal.sync', 'interval', 'os', 'always'],
  ['wal.sync_interval_ms', 1, 2, 3],
  ['wal.segment_bytes', 1_048_576, 1_048_577, 1_048_578],
  ['wal.max_bytes', 2_097_152, 2_097_153, 2_097_154],
  ['wal.min_free_bytes', 1, 2, 3],
  ['wal.retention_ms', 1, 2, 3],
  ['wal.dead_letters.topic', 'a', 'b', 'c'],
  ['output_file', '/a', '/b', '/c'],
  ['log_level', 'debug', 'warn', 'error'],
  ['log_format', 'json', 'pretty', 'auto'],
  ['workers', 2, 'auto', 3],
  ['ratelimit.enabled', true, false, true],
  [
    'ratelimit.rules',
    [{ topic_name: 'a', max_requests_per_minute: 1 }],
    [],
    [{ topic_name: 'c', max_requests_per_minute: 3 }],
  ],
  ['shutdown.timeout_ms', 1, 2, 3],
  ['shutdown.drain_delay_ms', 1, 2, 3],
]

/** A file with the first value of every key. */
export const FULL_FILE = stringify(nested(SAMPLES.map(([key, a]) => [key, a])))

/** A value as a variable or a flag has it. */
export function asText(value: Sample): string {
  if (typeof value !== 'object') return String(value)
  const isTexts = value.length > 0 && value.every((item) => typeof item === 'string')
  return isTexts ? value.join(',') : JSON.stringify(value)
}

/** Reads a dotted key. */
export function valueAt(values: object, key: string): unknown {
  return key
    .split('.')
    .reduce<unknown>((node, name) => (node as Record<string, unknown>)[name], values)
}

function nested(entries: readonly (readonly [key: string, value: Sample])[]): object {
  const root: Record<string, unknown> = {}
  for (const [key, value] of entries) {
    const names = key.split('.')
    const last = names.pop() ?? ''
    let section = root
    for (const name of names) section = (section[name] ??= {}) as Record<string, unknown>
    section[last] = value
  }
  return root
}
