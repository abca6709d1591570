/**
 * Names that the Rust kprf has fixed, and that promtool complains of: counters without `_total`, and gauges and
 * counters with `_count`. Dashboards use them, so that they stay.
 */
export const RUST_NAMES: ReadonlySet<string> = new Set([
  'kafka_sent_messages',
  'kafka_errors_count',
  'ratelimit_messages_count',
  ...[
    ...['total_requests_count', 'total_bytes_sent', 'total_responses_received'],
    ...['total_bytes_received', 'total_messages_sent', 'total_messages_bytes_sent'],
    ...['metadata_cache_topics_count', 'request_timeouts'],
    ...['broker_outbuf_count', 'broker_outbuf_msg_count', 'broker_waitresp_count'],
    ...['broker_waitresp_msg_count', 'broker_requests_sent', 'broker_requests_sent_bytes'],
    ...['broker_transmission_errors', 'broker_request_retries', 'broker_responses_count'],
    ...['broker_bytes_received', 'broker_errors_count'],
  ].map((name) => `kafka_producer_${name}`),
])
