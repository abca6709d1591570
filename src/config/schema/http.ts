/** `http.*`: addresses to listen on, and limits on requests. */
import { boolean, integer, host, oneOf, text } from '../kinds.ts'
import { accessRules, quotas, tokens, topicPatterns } from '../list-kinds.ts'
import { setting } from '../setting.ts'
import { HTTP_JWT } from './http-jwt.ts'
import { HTTP_DOORS } from './http-doors.ts'
import { HTTP_ORIGIN } from './http-origin.ts'
import { HTTP_CLIENT_CERTIFICATES } from './http-client-certificates.ts'
import { HTTP_TLS } from './http-tls.ts'

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
  }),
  port: setting({
    doc: 'Port for pushes. 0 takes a free one.',
    kind: integer(0, 65_535),
    default: 4242,
  }),
  metrics_port: setting({
    doc: 'Port for metrics and health checks. 0 takes a free one.',
    kind: integer(0, 65_535),
    default: 8088,
  }),
  fast_path: setting({
    doc: 'Whether pushes in the usual form are served without the HTTP server of Node.js. It serves all other requests, and every connection with TLS. Such a push takes 27 to 39 % less processor time; replies and limits are the same.',
    kind: boolean(),
    default: true,
  }),
  max_body_bytes: setting({
    doc: 'Largest request body, after decompression. The default fits the largest record that the default `kafka.message_max_bytes` allows, however its JSON is escaped.',
    kind: integer(1024, LONGEST_BODY_BYTES),
    default: DEFAULT_MAX_BODY_BYTES,
    unit: 'bytes',
  }),
  max_compression_ratio: setting({
    doc: 'Highest compression ratio of a request body, for bodies that decompress to more than 128 KiB. Ordinary records have a ratio of 5 to 30; a ratio of 1000 is an attack on memory and processor time. 0 is no limit.',
    kind: integer(0, 1_000_000),
    default: 100,
  }),
  max_records_per_request: setting({
    doc: 'Most records in one push. With the default and that of `http.max_body_bytes`, no body blocks the event loop for much more than 100 ms on one core of 2026; a larger one makes all other clients wait in proportion.',
    kind: integer(1, 1_000_000),
    default: DEFAULT_MAX_RECORDS,
    unit: 'records',
  }),
  max_topics_per_request: setting({
    doc: 'Most topics that the records of one push may name.',
    kind: integer(1, 1_000_000),
    default: 1000,
    unit: 'topics',
  }),
  max_connections: setting({
    doc: 'Most open connections; several `workers` share them. A further connection replaces the one that has been idle longest; if none is idle, the new one is closed. The limit on open files may lower this number.',
    kind: integer(1, 1_000_000),
    default: 10_000,
    unit: 'connections',
  }),
  max_connections_per_address: setting({
    doc: 'Most open connections from one address, in each worker; an IPv6 /64 counts as one address. Further ones are closed. 0 is no limit: behind a load balancer all clients have its address. Connections of `http.trusted_proxies` do not count.',
    kind: integer(0, 1_000_000),
    default: 0,
    unit: 'connections',
  }),
  head_timeout_ms: setting({
    doc: 'How long the request line and headers of a push may take to arrive, from their first byte on. A connection on which nothing was sent yet is idle.',
    kind: integer(100, 3_600_000),
    default: 10_000,
    unit: 'ms',
  }),
  body_timeout_ms: setting({
    doc: 'How long the body of a push may take to arrive after its headers.',
    kind: integer(100, 3_600_000),
    default: 30_000,
    unit: 'ms',
  }),
  keep_alive_timeout_ms: setting({
    doc: 'How long an idle connection to `http.port` is kept open. It must be longer than the idle timeout of the load balancer or proxy in front of kprf: who closes last sees no error, and a balancer that sends a request into a connection that kprf is closing answers its client 502. The default fits those with 60 s, as AWS and nginx have; Google Cloud needs 620000, Envoy and Istio 3660000.',
    kind: integer(1000, 86_400_000),
    default: 65_000,
    unit: 'ms',
  }),
  max_requests_per_connection: setting({
    doc: 'Requests served on one connection to `http.port`; it is closed with the reply to the last one. Then a load balancer can give the client another kprf. 0 is no limit.',
    kind: integer(0, 1_000_000_000),
    default: 10_000,
    unit: 'requests',
  }),
  unknown_fields: setting({
    doc: 'What to do with a push that has a field kprf does not know.',
    kind: oneOf(['ignore', 'reject']),
    default: 'ignore',
  }),
  invalid_records: setting({
    doc: 'What to do with a push that has an invalid record, such as one whose topic is no valid name. `refuse_request`: nothing of the push is produced, so that the client can correct it and send it again. `refuse_record`: the others are produced, and `errors` says which were not. With `replies: rust`, a field of the wrong type still refuses the request.',
    kind: oneOf(['refuse_request', 'refuse_record']),
    default: 'refuse_request',
  }),
  replies: setting({
    doc: 'Form of the replies of `/push`. `readme`: as this documentation says. `rust`: as the released Rust kprf sent them, for clients that read its `errors` or expect its statuses: [MIGRATION.md](MIGRATION.md#replies).',
    kind: oneOf(['readme', 'rust']),
    default: 'readme',
  }),
  allow_old_timestamps: setting({
    doc: 'Whether a record may have a timestamp before 2000-01-01. Nearly always that is a timestamp in seconds, which would be stored as one of January 1970, and retention would delete the record at once.',
    kind: boolean(),
    default: false,
  }),
  idempotency: {
    window_ms: setting({
      doc: 'How long a push with an `Idempotency-Key` is remembered after its answer. Who repeats it within that time gets the same answer, and nothing is produced ([PUSH.md](PUSH.md#repeated-pushes)).',
      kind: integer(1000, 86_400_000),
      default: 600_000,
      unit: 'ms',
    }),
    max_keys: setting({
      doc: 'Most keys that are remembered, over all `workers`. When there are more, the one whose push ended first is forgotten before its time. 0: the header has no meaning.',
      kind: integer(0, 10_000_000),
      default: 100_000,
      unit: 'keys',
    }),
    unknown_outcome: setting({
      doc: 'What a repeated push gets if it is unknown whether Kafka has the records of the first (504). `replay`: the same answer, so that nothing is ever produced twice under one key. `produce`: another attempt, which may store records twice.',
      kind: oneOf(['replay', 'produce']),
      default: 'replay',
    }),
  },
  auth: {
    tokens: setting({
      doc: 'Who may push, by their tokens. Each has a `principal`, the name of its client in `http.acl` and in the log, and the `sha256` of the token: `kprf token new` makes both. A principal may have several tokens. A client sends its token as `Authorization: Bearer TOKEN`, or as the password of `Basic`.',
      kind: tokens(),
      default: [],
      reload: true,
    }),
    tokens_file: setting({
      doc: 'File with further tokens, a YAML or JSON list as in `http.auth.tokens`. Empty: none.',
      kind: text(),
      default: '',
      reload: true,
    }),
    client_certificates: HTTP_CLIENT_CERTIFICATES,
    jwt: HTTP_JWT,
    anonymous: setting({
      doc: 'Whether clients may push without a token. `auto`: as long as no tokens are configured, of any kind, and certificates name no clients. Their principal is `anonymous`.',
      kind: oneOf(['auto', 'allow', 'deny']),
      default: 'auto',
      reload: true,
    }),
  },
  acl: setting({
    doc: 'What each principal may do with which topics. A rule has `principals`, `topics` (`*` in either is any text) and `allow`: `produce`, to write records, and `describe`, to be told about the topic (`GET /topics`); neither includes the other. Once there is a rule, everything else is forbidden, and so are topics that begin with `__`, which belong to Kafka and its tools. Empty: every client may write to every topic and be told about all but those.',
    kind: accessRules(),
    default: [],
    reload: true,
  }),
  quotas: setting({
    doc: 'How much each principal may send, in all `workers` together. A rule has `principals` (`*` is any text) and at least one of `records_per_second`, `bytes_per_second` (keys, values and headers) and `requests_in_flight` (from the head of a request to its reply). The first rule with the name counts, and each principal that it names has the amount for itself. A push beyond it is refused as a whole: 429, with `Retry-After`. A second of quiet saves up the amount of one second; a push of more than that is let through after it, and what follows waits longer.',
    kind: quotas(),
    default: [],
    reload: true,
  }),
  metrics_auth: {
    tokens: setting({
      doc: 'Who may read `/metrics`, `/stats`, `/readyz?verbose` and the page on `http.metrics_port`: tokens as in `http.auth.tokens`. Empty: everybody. Probes need no token.',
      kind: tokens(),
      default: [],
      reload: true,
    }),
  },
  ...HTTP_TLS,
  topics: {
    allow: setting({
      doc: 'The topics that can be written to and asked about at all, whoever the client is: names in which `*` is any text. Those that begin with `__` cannot, even if a pattern fits. Empty: all topics.',
      kind: topicPatterns(),
      default: [],
      reload: true,
    }),
  },
  ...HTTP_ORIGIN,
  ...HTTP_DOORS,
}
