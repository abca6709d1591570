/**
 * The name of every refusal and failure, with its meaning. `http/error-mapper.ts` alone decides the HTTP status; a
 * code missing there does not compile.
 */
export const ERROR_CODES = {
  CONFIG_INVALID: 'The configuration is wrong; nothing was started.',
  INVALID_JSON: 'The request body is not JSON.',
  INVALID_UTF8: 'The request body is not valid UTF-8.',
  EMPTY_BODY: 'The request has no body.',
  INVALID_ENCODED_BODY: 'The body cannot be decompressed with its Content-Encoding.',
  INVALID_TEXT: 'A string has a lone surrogate, which UTF-8 cannot express.',
  INVALID_IDEMPOTENCY_KEY:
    'The Idempotency-Key is not 1 to 255 printable ASCII characters, or the path takes none.',
  INVALID_HTTP: 'The request is not well-formed HTTP.',
  MISDIRECTED_REQUEST: 'The request line names another host than the Host header.',
  HOST_NOT_ALLOWED: 'The request is for a host that http.hosts does not list.',
  UNSUPPORTED_MEDIA_TYPE: 'The path does not take this Content-Type.',
  UNSUPPORTED_CONTENT_ENCODING: 'The Content-Encoding is not gzip, deflate, br, zstd or identity.',
  BODY_TOO_LARGE: 'The body is larger than http.max_body_bytes.',
  JSON_TOO_COMPLEX: 'The JSON has more parts than kprf parses at once.',
  TOO_MANY_RECORDS: 'The request has more records than http.max_records_per_request.',
  TOO_MANY_TOPICS: 'The request has more topics than http.max_topics_per_request.',
  HEADERS_TOO_LARGE: 'The request line or headers are too large.',
  INVALID_REQUEST: 'The body is JSON, but not a push.',
  JSON_TOO_DEEP: 'The JSON is nested too deeply.',
  INVALID_RECORDS: 'The records are missing or not an array.',
  INVALID_RECORD: 'A record breaks a rule.',
  INVALID_TOPIC: 'The topic name is not a valid Kafka topic name.',
  INVALID_PARTITION: 'The partition is not an integer of -1 or more.',
  INVALID_TIMESTAMP:
    'The timestamp is not an integer of milliseconds since 1970, or is before 2000.',
  INVALID_HEADERS:
    'The headers are neither an object of strings nor a list of headers, or are too many.',
  INVALID_BASE64: 'The data, the key or a header is not base64.',
  UNKNOWN_FIELD: 'A field is unknown or not supported.',
  DUPLICATE_NAME: 'An object of the body has the same name twice.',
  RECORD_NOT_SENT: 'The record is valid, but another record of the request is not.',
  NOT_FOUND: 'No such path.',
  METHOD_NOT_ALLOWED: 'The path does not take this method.',
  EXPECTATION_FAILED: 'The Expect header asks for something other than 100-continue.',
  REQUEST_TIMEOUT: 'The request did not arrive in time.',
  NOT_IMPLEMENTED: 'The request uses a part of HTTP that is not supported.',
  HTTP_VERSION_NOT_SUPPORTED: 'The HTTP version of the request is neither 1.0 nor 1.1.',
  RECORD_REJECTED: 'Kafka rejected the record for something that its sender can correct.',
  IDEMPOTENCY_KEY_IN_USE: 'An earlier request with the same Idempotency-Key has no answer yet.',
  IDEMPOTENCY_KEY_REUSED: 'The Idempotency-Key was sent with another body or query.',
  TOO_MANY_IDEMPOTENCY_KEYS:
    'http.idempotency.max_keys requests with an Idempotency-Key have no answer yet.',
  ORIGIN_NOT_ALLOWED:
    'The request comes from a web page (`Origin`) whose origin is not allowed to push.',
  RATE_LIMITED: 'The rate limit of the topic is reached.',
  TOPIC_CREATION_LIMITED:
    'The topic does not exist, and kafka.max_topic_creations_per_minute delayed its creation for too long.',
  QUOTA_EXCEEDED: 'The client has sent as much as its quota allows.',
  TOO_MANY_IN_FLIGHT: 'The client has as many requests in progress as its quota allows.',
  PRODUCER_DRAINING: 'kprf is shutting down and accepts no more records.',
  OVERLOADED: 'Request bodies or unread replies fill the memory reserved for them.',
  BUFFER_FULL: 'The queue is full.',
  TOO_MANY_UNKNOWN_TOPICS:
    'Records already wait for kafka.max_unknown_topics topics that Kafka does not know yet.',
  LOG_FULL: 'The write-ahead log has no room.',
  LOG_FAILED: 'The write-ahead log cannot be written.',
  PUSH_TOO_LARGE: 'The push does not fit into the write-ahead log, even if that is empty.',
  RECORD_TOO_LARGE: 'The record is larger than message.max.bytes allows.',
  TOPIC_UNKNOWN: 'The topic does not exist.',
  PARTITION_UNKNOWN: 'The topic has no such partition.',
  UNAUTHENTICATED: 'The request does not say who sent it, or not in a way that kprf accepts.',
  JWT_KEYS_UNAVAILABLE: 'The keys that verify JSON Web Tokens cannot be fetched.',
  TOPIC_FORBIDDEN:
    'The client may not write to the topic, or Kafka does not authorise kprf for it.',
  BROKER_UNAVAILABLE: 'No broker could be reached in time.',
  AUTHENTICATION_FAILED: 'Kafka refused the credentials, or kprf has no token to send.',
  DELIVERY_TIMED_OUT: 'It is unknown whether Kafka stored the record.',
  OUTCOME_UNKNOWN:
    'It is unknown whether Kafka stored the records of the first request with the same Idempotency-Key.',
  NOT_DELIVERED_IN_TIME: 'The record was not delivered in time. Kafka does not have it.',
  BROKER_REJECTED:
    'Kafka rejected the record for something that its sender cannot correct; a retry would not help.',
  INTERNAL: 'A bug in kprf.',
} as const

/** Name of a refusal or failure; see {@link ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES

/** The one exception class of kprf. Narrow by `code`, never by message. */
export class ProxyError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ProxyError'
    this.code = code
  }
}
