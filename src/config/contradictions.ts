/** What no single value breaks: rules between keys. */
import { brokerAddresses, parseBrokers } from './brokers.ts'
import type { Values } from './schema.ts'
import type { SecurityProtocol } from './types.ts'

/** A rule between keys. */
export interface Rule {
  /** The keys it reads; it is not applied while one of them is wrong in itself. */
  readonly keys: readonly string[]
  /** What must hold, for the documentation. */
  readonly rule: string
  /** Says how values break the rule, or undefined if they keep it. */
  readonly complaint: (values: Values, facts: Facts) => string | undefined
}

/** What matters to a rule and is no key. */
export interface Facts {
  /** `--embedded-broker` was given. */
  readonly isBrokerEmbedded: boolean
}

/** 64 workers keep up to 128 records' room in reserve; of 1000 that is an eighth. */
const SHARED_QUEUE_MIN_RECORDS = 1000

const SSL_FILES = ['ca_file', 'cert_file', 'key_file'] as const

/** Every rule between keys. */
export const RULES: readonly Rule[] = [
  {
    keys: ['kafka.brokers'],
    rule: '`kafka.brokers` names at least one broker, unless `--embedded-broker` is given; never both.',
    complaint: brokersOrEmbedded,
  },
  {
    keys: ['kafka.brokers', 'kafka.security_protocol', 'kafka.user'],
    rule: 'A `PROTOCOL://` in `kafka.brokers` is that of `kafka.security_protocol`.',
    complaint: brokerOfOtherProtocol,
  },
  {
    keys: ['kafka.queue_buffering_max_ms', 'kafka.message_timeout_ms'],
    rule: '`kafka.queue_buffering_max_ms` is less than `kafka.message_timeout_ms`, unless that is 0.',
    complaint: lingerOverTimeout,
  },
  {
    keys: ['kafka.enable_idempotence', 'kafka.request_required_acks', 'kafka.retries'],
    rule: '`kafka.enable_idempotence` goes with `kafka.request_required_acks` -1 and at least one of `kafka.retries`.',
    complaint: idempotenceWithoutAcks,
  },
  {
    keys: ['workers', 'kafka.queue_buffering_max_messages'],
    rule: '`kafka.queue_buffering_max_messages` is 0 or at least 1000 when `workers` is not 1: they share it.',
    complaint: queueTooSmallToShare,
  },
  {
    keys: ['http.port', 'http.metrics_port'],
    rule: '`http.port` and `http.metrics_port` differ, unless they are 0.',
    complaint: samePort,
  },
  {
    keys: ['kafka.security_protocol', 'kafka.user'],
    rule: '`kafka.user` goes with `sasl_plaintext` and `sasl_ssl`, and these with it.',
    complaint: userOrProtocolAlone,
  },
  {
    keys: ['kafka.user', 'kafka.password'],
    rule: '`kafka.user` and `kafka.password` are both set or both empty.',
    complaint: ({ kafka: { user, password } }: Values) =>
      alone({ 'kafka.user': user, 'kafka.password': password }),
  },
  {
    keys: ['kafka.ssl.cert_file', 'kafka.ssl.key_file'],
    rule: '`kafka.ssl.cert_file` and `kafka.ssl.key_file` are both set or both empty.',
    complaint: ({ kafka: { ssl } }: Values) =>
      alone({ 'kafka.ssl.cert_file': ssl.cert_file, 'kafka.ssl.key_file': ssl.key_file }),
  },
  {
    keys: ['kafka.ssl.key_file', 'kafka.ssl.key_password'],
    rule: '`kafka.ssl.key_password` goes with `kafka.ssl.key_file`; the key may have no password.',
    complaint: ({ kafka: { ssl } }: Values) =>
      ssl.key_password === ''
        ? undefined
        : alone({ 'kafka.ssl.key_password': 'set', 'kafka.ssl.key_file': ssl.key_file }),
  },
  {
    keys: [
      'kafka.security_protocol',
      'kafka.user',
      ...SSL_FILES.map((name) => `kafka.ssl.${name}`),
    ],
    rule: 'The files of `kafka.ssl` go with `ssl` and `sasl_ssl`: nothing is sent in the clear by mistake.',
    complaint: filesWithoutEncryption,
  },
]

/** The protocol in effect: a user turns SASL on where no protocol is named. */
export function securityProtocol({ kafka }: Values): SecurityProtocol {
  if (kafka.security_protocol !== '') return kafka.security_protocol
  return kafka.user === '' ? 'plaintext' : 'sasl_plaintext'
}

function brokersOrEmbedded({ kafka }: Values, { isBrokerEmbedded }: Facts): string | undefined {
  const isEmpty = brokerAddresses(kafka.brokers).length === 0
  if (isEmpty === isBrokerEmbedded) return undefined
  return isEmpty
    ? 'kafka.brokers is empty; name at least one broker: kafka.brokers in the file, KPRF_KAFKA_BROKERS=localhost:9092 or --kafka.brokers=localhost:9092; or try kprf out with --embedded-broker'
    : '--embedded-broker is given, and kafka.brokers too; remove one of them'
}

function brokerOfOtherProtocol(values: Values): string | undefined {
  const protocol = securityProtocol(values)
  const other = parseBrokers(values.kafka.brokers).find(
    (broker) => broker.protocol !== undefined && broker.protocol !== protocol,
  )
  if (other?.protocol === undefined) return undefined
  return `kafka.brokers has ${other.protocol}://${other.address}, but kafka.security_protocol is ${protocol}; make them agree`
}

/** The wording after the colon is librdkafka's. */
function lingerOverTimeout({ kafka }: Values): string | undefined {
  const { message_timeout_ms: timeoutMs, queue_buffering_max_ms: lingerMs } = kafka
  if (timeoutMs === 0 || lingerMs < timeoutMs) return undefined
  return `kafka.message_timeout_ms is ${timeoutMs} and kafka.queue_buffering_max_ms is ${lingerMs}: \`message.timeout.ms\` must be greater than \`linger.ms\``
}

function idempotenceWithoutAcks({ kafka }: Values): string | undefined {
  if (!kafka.enable_idempotence) return undefined
  if (kafka.request_required_acks !== -1) {
    return `kafka.enable_idempotence is true and kafka.request_required_acks is ${kafka.request_required_acks}: idempotence needs -1, the acknowledgement of all in-sync replicas`
  }
  return kafka.retries === 0
    ? 'kafka.enable_idempotence is true and kafka.retries is 0: idempotence needs at least 1'
    : undefined
}

function queueTooSmallToShare({ workers, kafka }: Values): string | undefined {
  const maxRecords = kafka.queue_buffering_max_messages
  if (workers === 1 || maxRecords === 0 || maxRecords >= SHARED_QUEUE_MIN_RECORDS) return undefined
  return `workers is ${workers} and kafka.queue_buffering_max_messages is ${maxRecords}; workers share a queue of at least ${SHARED_QUEUE_MIN_RECORDS}: raise it, set it to 0, or set workers to 1`
}

function samePort({ http: { port, metrics_port: metricsPort } }: Values): string | undefined {
  if (port === 0 || port !== metricsPort) return undefined
  return `http.port and http.metrics_port are both ${port}; they must differ`
}

function userOrProtocolAlone({ kafka }: Values): string | undefined {
  const { security_protocol: protocol, user } = kafka
  const isSasl = protocol.startsWith('sasl_')
  if (protocol === '' || isSasl === (user !== '')) return undefined
  return isSasl
    ? `kafka.security_protocol is ${protocol}, but kafka.user is empty; set it, or use ${protocol.replace('sasl_', '')}`
    : `kafka.user is set, but kafka.security_protocol is ${protocol}; use sasl_${protocol}, or remove the user`
}

/** Of two keys that need each other, says which is set without the other. */
function alone(texts: Readonly<Record<string, string>>): string | undefined {
  const isEmpty = (key: string): boolean => texts[key] === ''
  const keys = Object.keys(texts)
  const missing = keys.find(isEmpty)
  const present = keys.find((key) => !isEmpty(key))
  if (present === undefined || missing === undefined) return undefined
  return `${present} is set, but ${missing} is empty; set both or neither`
}

function filesWithoutEncryption(values: Values): string | undefined {
  const protocol = securityProtocol(values)
  const file = SSL_FILES.find((name) => values.kafka.ssl[name] !== '')
  if (file === undefined || protocol.endsWith('ssl')) return undefined
  const encrypted = protocol === 'plaintext' ? 'ssl' : 'sasl_ssl'
  return `kafka.ssl.${file} is set, but kafka.security_protocol is ${protocol}, which does not encrypt; use ${encrypted}`
}
