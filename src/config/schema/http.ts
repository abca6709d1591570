/** `http.*`: addresses to listen on, and limits on requests. */
import { boolean, integer, host, oneOf } from '../kinds.ts'
import { setting } from '../setting.ts'

/** V8's longest string: a request body is decoded into one. */
const LONGEST_BODY_BYTES = 2 ** 29 - 24

/**
 * The worst bodies of this size and number of records block the event loop for nearly 100 ms: bench/hostile/hold.ts.
 * JSON escapes a byte with at most six bytes, `\u0000`, so that 6 MiB hold the largest record of the default
 * `kafka.message_max_bytes`.
 */
const DEFAULT_MAX_BODY_BYTES = 10 * 1024 * 1024
const DEFAULT_MAX_RECORDS = 12_000

export const HTTP = {
  host: setting({
    doc: 'Address or host name to listen on, for both ports. `0.0.0.0` is every IPv4 interface, `::` every interface.',
    kind: host(),
    default: '0.0.0.0',
    reload: false,
  }),
  port: setting({
    doc: 'Port for pushes. 0 takes a free one.',
    kind: integer(0, 65_535),
    default: 4242,
    reload: false,
  }),
  metrics_port: setting({
    doc: 'Port for metrics and health checks. 0 takes a free one.',
    kind: integer(0, 65_535),
    default: 8088,
    reload: false,
  }),
  max_body_bytes: setting({
    doc: 'Largest request body, after decompression. The default fits the largest record that the default `kafka.message_max_bytes` allows, however its JSON is escaped.',
    kind: integer(1024, LONGEST_BODY_BYTES),
    default: DEFAULT_MAX_BODY_BYTES,
    unit: 'bytes',
    reload: false,
  }),
  max_compression_ratio: setting({
    doc: 'Highest compression ratio of a request body, for bodies that decompress to more than 128 KiB. Ordinary records have a ratio of 5 to 30; a ratio of 1000 is an attack on memory and processor time. 0 is no limit.',
    kind: integer(0, 1_000_000),
    default: 100,
    reload: true,
  }),
  max_records_per_request: setting({
    doc: 'Most records in one push. With the default and that of `http.max_body_bytes`, no body blocks the event loop for much more than 100 ms on one core of 2026; a larger one makes all other clients wait in proportion.',
    kind: integer(1, 1_000_000),
    default: DEFAULT_MAX_RECORDS,
    unit: 'records',
    reload: true,
  }),
  max_topics_per_request: setting({
    doc: 'Most topics that the records of one push may name.',
    kind: integer(1, 1_000_000),
    default: 1000,
    unit: 'topics',
    reload: true,
  }),
  max_connections: setting({
    doc: 'Most open connections; several `workers` share them. A further connection replaces the one that has been idle longest; if none is idle, the new one is closed. The limit on open files may lower this number.',
    kind: integer(1, 1_000_000),
    default: 10_000,
    unit: 'connections',
    reload: true,
  }),
  max_connections_per_address: setting({
    doc: 'Most open connections from one address, in each worker; an IPv6 /64 counts as one address. Further ones are closed. 0 is no limit: behind a load balancer all clients have its address.',
    kind: integer(0, 1_000_000),
    default: 0,
    unit: 'connections',
    reload: true,
  }),
  head_timeout_ms: setting({
    doc: 'How long the request line and headers of a push may take to arrive, from their first byte on. A connection on which nothing was sent yet is idle.',
    kind: integer(100, 3_600_000),
    default: 10_000,
    unit: 'ms',
    reload: true,
  }),
  body_timeout_ms: setting({
    doc: 'How long the body of a push may take to arrive after its headers.',
    kind: integer(100, 3_600_000),
    default: 30_000,
    unit: 'ms',
    reload: true,
  }),
  keep_alive_timeout_ms: setting({
    doc: 'How long an idle connection to `http.port` is kept open. It must be longer than the idle timeout of the load balancer or proxy in front of kprf: who closes last sees no error, and a balancer that sends a request into a connection that kprf is closing answers its client 502. The default fits those with 60 s, as AWS and nginx have; Google Cloud needs 620000, Envoy and Istio 3660000.',
    kind: integer(1000, 86_400_000),
    default: 65_000,
    unit: 'ms',
    reload: true,
  }),
  unknown_fields: setting({
    doc: 'What to do with a push that has a field kprf does not know.',
    kind: oneOf(['ignore', 'reject']),
    default: 'ignore',
    reload: true,
  }),
  invalid_records: setting({
    doc: 'What to do with a push that has an invalid record, such as one whose topic is no valid name. `refuse_request`: nothing of the push is produced, so that the client can correct it and send it again. `refuse_record`: the others are produced, and `errors` says which were not. With `replies: rust`, a field of the wrong type still refuses the request.',
    kind: oneOf(['refuse_request', 'refuse_record']),
    default: 'refuse_request',
    reload: true,
  }),
  replies: setting({
    doc: 'Form of the replies of `/push`. `readme`: as this documentation says. `rust`: as the released Rust kprf sent them, for clients that read its `errors` or expect its statuses: [MIGRATION.md](MIGRATION.md#replies).',
    kind: oneOf(['readme', 'rust']),
    default: 'readme',
    reload: true,
  }),
  allow_old_timestamps: setting({
    doc: 'Whether a record may have a timestamp before 2000-01-01. Nearly always that is a timestamp in seconds, which would be stored as one of January 1970, and retention would delete the record at once.',
    kind: boolean(),
    default: false,
    reload: true,
  }),
}
