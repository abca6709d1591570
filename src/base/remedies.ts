/** What to do about each error, as in docs/ERRORS.md; names of keys and what to type are in backticks. */
import type { ErrorCode } from './errors.ts'

export const REMEDIES: Readonly<Record<ErrorCode, string>> = {
  CONFIG_INVALID: 'Never sent over HTTP: kprf prints it at start and exits with code 78.',
  INVALID_JSON:
    'The message has the line and column. The usual cause is JSON in `data` with unescaped quotes: let a JSON library write the body.',
  INVALID_UTF8:
    'Encode the body as UTF-8; a compressed body needs its `Content-Encoding`. Send bytes that are not text with `"encoding": "base64"`.',
  EMPTY_BODY: 'Send a body; check that a redirect or a proxy did not drop it.',
  INVALID_ENCODED_BODY:
    'Compress the body as its `Content-Encoding` says, or leave the header out. `deflate` means the zlib format. The message says what is wrong with zstd.',
  INVALID_TEXT:
    'Do not cut strings in the middle of a surrogate pair; send other bytes with `"encoding": "base64"`.',
  INVALID_IDEMPOTENCY_KEY:
    'Send one `Idempotency-Key`, such as a UUID, with or without quotes: PUSH.md.',
  INVALID_HTTP: 'Fix the client or the proxy in front of kprf. The connection was closed.',
  MISDIRECTED_REQUEST: 'kprf is not a forward proxy: send the request to the host it names.',
  HOST_NOT_ALLOWED:
    'Send the request to one of the names in `http.hosts`, or add the name of the `Host` header there. The connection was closed.',
  UNSUPPORTED_MEDIA_TYPE:
    "To `/push`, send `Content-Type: application/json`, or leave it out. `curl -d` sends the type of a form unless `-H 'Content-Type: application/json'` is given. A request with an `Origin` header, as browsers send it, must have it. To `/topics/{topic}/events`, send an event in one of three ways.",
  UNSUPPORTED_CONTENT_ENCODING:
    'Use one of those, and only one; lines of JSON cannot be `br`. `utf-8` counts as identity. A verified webhook cannot be compressed.',
  BODY_TOO_LARGE:
    'Send fewer records at once, or raise `http.max_body_bytes`. The limit is on the body as sent and when decompressed.',
  JSON_TOO_COMPLEX:
    'Send fewer records at once. Objects, arrays, colons and commas together may be 4,000, plus 25 for each record of `http.max_records_per_request`; different lists of names in objects (such as headers) may be 1,000, plus 2 for each record.',
  TOO_MANY_RECORDS: 'Send fewer records at once, or raise `http.max_records_per_request`.',
  TOO_MANY_TOPICS:
    'Split the records among several requests, or raise `http.max_topics_per_request`.',
  HEADERS_TOO_LARGE:
    'Send fewer than 100 headers, and 16 KiB with the request line. The connection was closed.',
  INVALID_REQUEST:
    'Send an object with `records`; `wait_for_send` and `return_offsets` are booleans.',
  JSON_TOO_DEEP:
    'A push needs four levels, and 64 are allowed. JSON as the value of a record may be a string in `data`, which does not count.',
  INVALID_RECORDS: 'Send `records` as an array; it may be empty.',
  INVALID_RECORD:
    'The message names the field and its allowed values. JSON goes in as a string in `data`, or as it is in `json`. Of an event, it names the attribute, as `ce-NAME` if that is a header.',
  INVALID_TOPIC:
    'A topic has 1 to 249 of the characters `a-z A-Z 0-9 . _ -` and is neither `.` nor `..`.',
  INVALID_PARTITION: 'Send an integer from 0 to 2147483647. Leave it out, or send -1, for any.',
  INVALID_TIMESTAMP:
    'Send an integer of milliseconds, not seconds, microseconds or a string, or leave it out. If records are really that old, set `http.allow_old_timestamps`.',
  INVALID_HEADERS:
    'Send an object of strings, or a list of `{"key", "value", "encoding"}`: at most 100, with names that are not empty.',
  INVALID_BASE64: 'Use the standard alphabet with padding, without line breaks.',
  UNKNOWN_FIELD:
    'The message names it. Correct the name, or set `http.unknown_fields` to `ignore`. `__proto__`, `constructor` and `prototype` are always refused.',
  DUPLICATE_NAME:
    'The message has the line and column of the second one. Send each name once; send headers with the same name as a list.',
  RECORD_NOT_SENT:
    'Correct the other record and send the whole request again: nothing of it was produced.',
  NOT_FOUND:
    'The message says what the port has. Use `POST /push`. Metrics and health are on the other port, `http.metrics_port`.',
  METHOD_NOT_ALLOWED: 'Use a method of the `Allow` header.',
  EXPECTATION_FAILED: 'Leave the `Expect` header out, or send `100-continue`.',
  REQUEST_TIMEOUT:
    'Send the headers within 10 s of their first byte (`http.head_timeout_ms`), and the body within 30 s of them (`http.body_timeout_ms`). While the memory for bodies is full, send 16 KiB of the body at least every 2 s: those that are slower make room for others.',
  NOT_IMPLEMENTED: 'Use `Transfer-Encoding: chunked` alone; compress with `Content-Encoding`.',
  HTTP_VERSION_NOT_SUPPORTED:
    'Send HTTP/1.1; configure clients that start with HTTP/2 not to do so. The connection was closed.',
  RECORD_REJECTED:
    "The message has Kafka's reason: a compacted topic takes no record without a key, a topic may limit how far ahead a timestamp is (`message.timestamp.after.max.ms`), a schema or a policy may forbid the record, Kafka may not allow the name of the topic. The other records of the request count separately.",
  IDEMPOTENCY_KEY_IN_USE: 'Repeat the request after `Retry-After` seconds, with the same key.',
  IDEMPOTENCY_KEY_REUSED: 'Send each push under a key of its own, and repeat it byte for byte.',
  TOO_MANY_IDEMPOTENCY_KEYS:
    'Try again after `Retry-After` seconds, or raise `http.idempotency.max_keys`.',
  ORIGIN_NOT_ALLOWED:
    'List the origin in `http.cors.origins`, or leave the header out if no browser sends it.',
  RATE_LIMITED:
    'Try again after `Retry-After` seconds, or raise the limit in `ratelimit.rules`. Only the records with the text `ratelimit` were refused.',
  TOPIC_CREATION_LIMITED:
    'Create the topic by hand, try again after `Retry-After` seconds, or raise `kafka.max_topic_creations_per_minute` or `kafka.message_timeout_ms`.',
  QUOTA_EXCEEDED:
    'Send the whole push again after `Retry-After` seconds, or raise the amount in `http.quotas`.',
  TOO_MANY_IN_FLIGHT:
    'Wait for the replies to them, or raise `requests_in_flight` in `http.quotas`.',
  PRODUCER_DRAINING: 'Try again: on another instance at once, on this one when it is back.',
  OVERLOADED:
    'Try again after `Retry-After` seconds, with fewer or smaller requests at once. Read each reply to its end. One client address holds at most three quarters of the memory for bodies and half of that for replies: if all pushes come through one proxy, this is their limit. `kprf_http_body_bytes` and `kprf_http_body_limit_bytes` show it.',
  BUFFER_FULL:
    'Try again after `Retry-After` seconds. If it lasts, Kafka is slower than the pushes, or `kafka.queue_buffering_max_messages` or `_max_kbytes` is too small.',
  TOO_MANY_UNKNOWN_TOPICS:
    'Try again after `Retry-After` seconds, or raise `kafka.max_unknown_topics`. Records for topics that Kafka knows are not refused.',
  LOG_FULL:
    'Try again after `Retry-After` seconds. If it lasts, Kafka takes less than comes, or the disk is full: raise `wal.max_bytes`, or make room.',
  LOG_FAILED: 'Try again after `Retry-After` seconds. The log says what the disk answers.',
  PUSH_TOO_LARGE: 'Send fewer records at once, or raise `wal.max_bytes`.',
  RECORD_TOO_LARGE:
    'Make the record smaller, or raise `kafka.message_max_bytes` and the limit of the topic in Kafka.',
  TOPIC_UNKNOWN:
    'Create the topic, or correct its name. kprf looks for it again by itself. To a client that asks about the topic, it may also mean that `http.acl` does not let it `describe` the topic.',
  PARTITION_UNKNOWN: 'Leave `partition` out, or choose one that the topic has.',
  UNAUTHENTICATED:
    'Send `Authorization: Bearer TOKEN`, once, with a token of `http.auth.tokens` or of the issuer of `http.auth.jwt`; `message` says what is wrong. A verified webhook needs a right signature instead. Nothing was produced.',
  JWT_KEYS_UNAVAILABLE:
    'Try again after `Retry-After` seconds. The operator makes `http.auth.jwt.jwks_url` reachable for kprf; the log says what is wrong. Nothing was produced.',
  TOPIC_FORBIDDEN:
    'If the text names `http.acl` or `http.topics.allow`, add the topic there. Otherwise give the Kafka user of kprf the right to write to the topic. No client may write to the topics that Kafka keeps for itself, such as `__consumer_offsets`.',
  BROKER_UNAVAILABLE:
    'Try again after `Retry-After` seconds. If it lasts, check that the brokers run and that `kafka.brokers` is right; the log says whether TLS failed.',
  AUTHENTICATION_FAILED:
    'The log says which broker refused what, or why there is no token, and what to check.',
  DELIVERY_TIMED_OUT:
    '`outcome` says for each record whether Kafka may have it: send an `unknown` one again only if a duplicate does no harm. If it happens often, raise `kafka.message_timeout_ms`.',
  OUTCOME_UNKNOWN:
    'kprf ended before it had an answer to the first. Look whether Kafka has the records, or send them under a new key if they may be stored twice.',
  NOT_DELIVERED_IN_TIME:
    'Try again after `Retry-After` seconds. If it lasts, the partition has no leader, a quota of the brokers holds kprf back, or Kafka is slower than the pushes: the log and `/metrics` say which. A larger `kafka.message_timeout_ms` gives Kafka more time.',
  BROKER_REJECTED:
    'The text names the reason Kafka gave: the settings of kprf, or those of Kafka, have to change.',
  INTERNAL: 'Report it, with the log lines of that `request_id`.',
}
