/** Rules between several keys. */
import { brokerAddresses, parseBrokers } from '../brokers.ts'
import { securityProtocol, type Facts, type Rule, type Settled } from './rule.ts'
import { SCHEMA } from '../schema.ts'
import { CLIENT_CERTIFICATE_RULES } from './client-certificate-rules.ts'
import { HTTP_TLS_RULES } from './http-tls-rules.ts'
import { JWT_RULES } from './jwt-rules.ts'
import { SECURITY_RULES } from './security-rules.ts'

/** 64 workers reserve room for up to 128 records, an eighth of 1000. */
const SHARED_QUEUE_MIN_RECORDS = 1000

/** librdkafka's limit, because brokers remember the last five batches of a producer. */
const IDEMPOTENT_MAX_IN_FLIGHT = 5

/** Every rule between keys. */
export const RULES: readonly Rule[] = [
  {
    keys: ['kafka.brokers'],
    rule: 'Either `kafka.brokers` names at least one broker, or `--embedded-broker` is given; not both.',
    violation: brokersOrEmbedded,
  },
  {
    keys: ['kafka.brokers', 'kafka.security_protocol', 'kafka.user', 'kafka.password'],
    rule: 'A `PROTOCOL://` in `kafka.brokers` must agree with `kafka.security_protocol`.',
    violation: brokerOfOtherProtocol,
  },
  {
    keys: ['kafka.queue_buffering_max_ms', 'kafka.message_timeout_ms'],
    rule: '`kafka.queue_buffering_max_ms` must be less than `kafka.message_timeout_ms`, unless the latter is 0.',
    violation: lingerOverTimeout,
  },
  {
    keys: ['kafka.enable_idempotence', 'kafka.request_required_acks', 'kafka.retries'],
    rule: '`kafka.enable_idempotence` needs `kafka.request_required_acks` -1 and `kafka.retries` of at least 1.',
    violation: idempotenceWithoutAcks,
  },
  {
    keys: ['kafka.enable_idempotence', 'kafka.properties.max.in.flight.requests.per.connection'],
    rule: '`max.in.flight` must be at most 5 when `kafka.enable_idempotence` is true.',
    violation: tooManyInFlight,
  },
  {
    keys: ['kafka.properties.reconnect.backoff.ms', 'kafka.properties.reconnect.backoff.max.ms'],
    rule: '`reconnect.backoff.max.ms` must not be less than `reconnect.backoff.ms`.',
    violation: reconnectBackoffs,
  },
  {
    keys: ['workers', 'kafka.queue_buffering_max_messages'],
    rule: '`kafka.queue_buffering_max_messages` must be 0 or at least 1000 when `workers` is not 1, because the workers share it.',
    violation: queueTooSmallToShare,
  },
  {
    keys: ['http.port', 'http.metrics_port'],
    rule: '`http.port` and `http.metrics_port` must differ, unless they are 0.',
    violation: samePort,
  },
  ...SECURITY_RULES,
  ...HTTP_TLS_RULES,
  ...CLIENT_CERTIFICATE_RULES,
  ...JWT_RULES,
]

function brokersOrEmbedded(
  { kafka }: Settled,
  { isBrokerEmbedded, isBrokerOptional }: Facts,
): string | undefined {
  const isEmpty = brokerAddresses(kafka.brokers).length === 0
  if (isEmpty === isBrokerEmbedded || (isEmpty && isBrokerOptional)) return undefined
  return isEmpty
    ? 'kafka.brokers is empty; name at least one broker: kafka.brokers in the file, KPRF_KAFKA_BROKERS=localhost:9092 or --kafka.brokers=localhost:9092; or try kprf out with --embedded-broker'
    : '--embedded-broker is given, and kafka.brokers too; remove one of them'
}

function brokerOfOtherProtocol(values: Settled): string | undefined {
  const protocol = securityProtocol(values)
  const other = parseBrokers(values.kafka.brokers).find(
    (broker) => broker.protocol !== undefined && broker.protocol !== protocol,
  )
  if (other?.protocol === undefined) return undefined
  if (!SCHEMA.kafka.security_protocol.kind.accepts(other.protocol)) {
    return 'kafka.brokers has an address with a protocol that is none of Kafka; write host:port alone'
  }
  return `kafka.brokers has ${other.protocol}://${other.address}, but kafka.security_protocol is ${protocol}; make them agree`
}

function lingerOverTimeout({ kafka }: Settled): string | undefined {
  const { message_timeout_ms: timeoutMs, queue_buffering_max_ms: lingerMs } = kafka
  if (timeoutMs === 0 || lingerMs < timeoutMs) return undefined
  return `kafka.message_timeout_ms is ${timeoutMs} and kafka.queue_buffering_max_ms is ${lingerMs}: the first must be greater than the second`
}

function idempotenceWithoutAcks({ kafka }: Settled): string | undefined {
  if (!kafka.enable_idempotence) return undefined
  if (kafka.request_required_acks !== -1) {
    return `kafka.enable_idempotence is true and kafka.request_required_acks is ${kafka.request_required_acks}: idempotence needs -1, the acknowledgement of all in-sync replicas`
  }
  return kafka.retries === 0
    ? 'kafka.enable_idempotence is true and kafka.retries is 0: idempotence needs at least 1'
    : undefined
}

function tooManyInFlight({ kafka }: Settled): string | undefined {
  const maxInFlight = kafka.properties['max.in.flight.requests.per.connection']
  if (!kafka.enable_idempotence || maxInFlight <= IDEMPOTENT_MAX_IN_FLIGHT) return undefined
  return `max.in.flight is ${maxInFlight}: \`max.in.flight\` must be set <= ${IDEMPOTENT_MAX_IN_FLIGHT} when \`enable.idempotence\` is true`
}

function reconnectBackoffs({ kafka: { properties } }: Settled): string | undefined {
  const backoffMs = properties['reconnect.backoff.ms']
  const maxMs = properties['reconnect.backoff.max.ms']
  if (maxMs === undefined || maxMs >= backoffMs) return undefined
  return `reconnect.backoff.max.ms is ${maxMs} and reconnect.backoff.ms is ${backoffMs}: \`reconnect.backoff.max.ms\` must be >= \`reconnect.backoff.ms\``
}

function queueTooSmallToShare({ workers, kafka }: Settled): string | undefined {
  const maxRecords = kafka.queue_buffering_max_messages
  if (workers === 1 || maxRecords === 0 || maxRecords >= SHARED_QUEUE_MIN_RECORDS) return undefined
  return `workers is ${workers} and kafka.queue_buffering_max_messages is ${maxRecords}; workers share a queue of at least ${SHARED_QUEUE_MIN_RECORDS}: raise it, set it to 0, or set workers to 1`
}

function samePort({ http: { port, metrics_port: metricsPort } }: Settled): string | undefined {
  if (port === 0 || port !== metricsPort) return undefined
  return `http.port and http.metrics_port are both ${port}; they must differ`
}
