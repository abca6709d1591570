/**
 * Every key of the configuration: its meaning, default, range and librdkafka name. The file, the
 * environment variables, the flags, `kprf --help` and `docs/CONFIGURATION.md` all follow from it.
 */
import { PARTITIONER_NAMES, SASL_MECHANISMS } from '../base/kafka-names.ts'
import { LOG_LEVELS } from '../base/log-level.ts'
import {
  brokerList,
  choice,
  nonEmptyText,
  number,
  rateLimitRules,
  text,
  trueOrFalse,
  wholeNumber,
  workerCount,
} from './formats.ts'
import type { Setting } from './formats.ts'
import { INT_MAX } from './properties/property.ts'

/** The longest string of V8: a request body is decoded into one. */
const LONGEST_BODY_BYTES = 2 ** 29 - 24

/**
 * The worst JSON makes of a byte is `\u0000`, six bytes. The largest record of the default
 * `kafka.message_max_bytes` written so, 6 MiB, and the rest of its request fit in 8 MiB.
 */
const DEFAULT_MAX_BODY_BYTES = 8 * 1024 * 1024

const kafka = {
  brokers: brokerList({
    doc: 'Brokers to ask first; they name the others. A port left out is 9092. `PROTOCOL://` before a host must agree with `kafka.security_protocol`. An empty list is an error.',
    librdkafka: ['bootstrap.servers', 'metadata.broker.list'],
  }),
  client_id: nonEmptyText({
    doc: 'Name of this client in the logs, metrics and quotas of Kafka.',
    default: 'kprf',
    librdkafka: ['client.id'],
  }),
  user: text({
    doc: 'SASL user name. Setting it turns SASL on.',
    default: '',
    librdkafka: ['sasl.username'],
    hasFileVariable: true,
  }),
  password: text({
    doc: 'SASL password.',
    default: '',
    librdkafka: ['sasl.password'],
    sensitive: true,
    hasFileVariable: true,
  }),
  security_protocol: choice({
    doc: 'How to speak to brokers. When empty: `sasl_plaintext` if `kafka.user` is set, `plaintext` if not.',
    default: '',
    choices: ['', 'plaintext', 'ssl', 'sasl_plaintext', 'sasl_ssl'],
    librdkafka: ['security.protocol'],
  }),
  sasl_mechanism: choice({
    doc: 'SASL mechanism.',
    default: 'plain',
    choices: SASL_MECHANISMS,
    librdkafka: ['sasl.mechanism', 'sasl.mechanisms'],
  }),
  sasl_oauthbearer_token: text({
    doc: 'Token for the SASL mechanism `oauthbearer`, where it does not come from an endpoint.',
    default: '',
    sensitive: true,
    hasFileVariable: true,
  }),
  ssl: {
    ca_file: text({
      doc: "PEM file of the authorities that sign brokers' certificates, or a directory of such files. When empty: those Node.js trusts.",
      default: '',
      librdkafka: ['ssl.ca.location'],
    }),
    cert_file: text({
      doc: "PEM file of this client's certificate, where brokers ask for one.",
      default: '',
      librdkafka: ['ssl.certificate.location'],
    }),
    key_file: text({
      doc: 'PEM file of the private key of that certificate.',
      default: '',
      librdkafka: ['ssl.key.location'],
    }),
    key_password: text({
      doc: 'Password of the private key.',
      default: '',
      librdkafka: ['ssl.key.password'],
      sensitive: true,
      hasFileVariable: true,
    }),
  },
  message_max_bytes: wholeNumber({
    doc: 'Largest record: key, value, headers and 36 bytes of framing, before compression. Brokers and topics have limits of their own.',
    default: 1024 * 1024,
    min: 1000,
    max: 1_000_000_000,
    unit: 'bytes',
    librdkafka: ['message.max.bytes'],
  }),
  queue_buffering_max_messages: wholeNumber({
    doc: 'Most records in the queue, those in flight included, over all topics. 0 is no limit.',
    default: 100_000,
    min: 0,
    max: INT_MAX,
    unit: 'records',
    librdkafka: ['queue.buffering.max.messages'],
  }),
  queue_buffering_max_ms: number({
    doc: 'How long a record waits for others to share its batch. Must be less than `kafka.message_timeout_ms`.',
    default: 10,
    min: 0,
    max: 900_000,
    unit: 'ms',
    librdkafka: ['queue.buffering.max.ms', 'linger.ms'],
  }),
  queue_buffering_max_kbytes: wholeNumber({
    doc: 'Most bytes of record values in the queue, those in flight included, over all topics.',
    default: 1024 * 1024,
    min: 1,
    max: INT_MAX,
    unit: 'KiB',
    librdkafka: ['queue.buffering.max.kbytes'],
  }),
  queue_memory_max_kbytes: wholeNumber({
    doc: 'Most memory that records in the queue hold, over all topics and workers. That is keys, values, headers and what kprf keeps of each. 0 is half of the memory that the process may use (of its container, or of the machine). Each worker may hold an equal part of it, and 8 MiB and the largest record at least.',
    default: 0,
    min: 0,
    max: INT_MAX,
    unit: 'KiB',
  }),
  queue_full_wait_ms: wholeNumber({
    doc: 'How long a push that finds the queue full waits for room. 0 refuses it at once.',
    default: 100,
    min: 0,
    max: 900_000,
    unit: 'ms',
  }),
  partitioner: choice({
    doc: 'What decides the partition of a record. CRC-32 of its key (`consistent`, `consistent_random`), the hash that the Java client takes (`murmur2`, `murmur2_random`), that of Sarama (`fnv1a`, `fnv1a_random`), or chance (`random`). Those on `_random` spread records without a key; the others put them all into one partition. The Java client agrees with `murmur2_random`.',
    default: 'consistent_random',
    choices: PARTITIONER_NAMES,
    librdkafka: ['partitioner'],
  }),
  retries: wholeNumber({
    doc: 'How often a record is sent again after an error that may pass. 2147483647 where it is not set and `kafka.enable_idempotence` is true, as in librdkafka.',
    default: 3,
    min: 0,
    max: INT_MAX,
    librdkafka: ['retries', 'message.send.max.retries'],
  }),
  message_timeout_ms: wholeNumber({
    doc: 'How long delivery of a record may take, from its admission, retries included. 0 is no limit.',
    default: 2000,
    min: 0,
    max: INT_MAX,
    unit: 'ms',
    librdkafka: ['message.timeout.ms', 'delivery.timeout.ms'],
  }),
  request_timeout_ms: wholeNumber({
    doc: 'How long a broker may wait for its replicas to acknowledge.',
    default: 30_000,
    min: 1,
    max: 900_000,
    unit: 'ms',
    librdkafka: ['request.timeout.ms'],
  }),
  request_required_acks: wholeNumber({
    doc: 'Replicas that must acknowledge: -1 all in sync, 0 none, 1 the leader. Current brokers refuse more than 1.',
    default: -1,
    min: -1,
    max: 1000,
    librdkafka: ['request.required.acks', 'acks'],
  }),
  enable_idempotence: trueOrFalse({
    doc: 'Whether Kafka stores a record once however often it is sent: no duplicates from retries. It also keeps the order where an answer is missing: without it, a record whose outcome is unknown can be stored behind later ones of its key. Needs `kafka.request_required_acks` -1 and `kafka.retries` of at least 1; where that is not set, only `kafka.message_timeout_ms` ends retries.',
    default: false,
    librdkafka: ['enable.idempotence'],
  }),
  statistics_interval_ms: wholeNumber({
    doc: 'How often statistics are collected for /stats and the kafka_producer_ metrics, in whole seconds (rounded up). 0 collects none.',
    default: 0,
    min: 0,
    max: 86_400_000,
    unit: 'ms',
    librdkafka: ['statistics.interval.ms'],
  }),
  topic_metadata_propagation_max_ms: wholeNumber({
    doc: 'How long records of a topic that brokers do not know wait for it to appear. Less than the 30000 of librdkafka, so that a push to an unknown topic is answered within a second.',
    default: 800,
    min: 0,
    max: 3_600_000,
    unit: 'ms',
    librdkafka: ['topic.metadata.propagation.max.ms'],
  }),
  max_unknown_topics: wholeNumber({
    doc: 'Most topics that no broker has confirmed, and that records wait for. A record of one more is refused with 503; records of topics that brokers have are not. With several workers each has its part.',
    default: 1000,
    min: 1,
    max: 1_000_000,
    unit: 'topics',
  }),
  max_topic_creations_per_minute: wholeNumber({
    doc: 'Most topics that brokers are asked to create in a minute, where `allow.auto.create.topics` is true. After a quiet minute as many may be created at once. Records of other topics that do not exist wait for the turn of their topic, until `kafka.message_timeout_ms`: then they fail with 429. 0 is no limit. With several workers each has its part.',
    default: 60,
    min: 0,
    max: INT_MAX,
    unit: 'topics',
  }),
}

const http = {
  host: nonEmptyText({
    doc: 'Address or host name to listen on, for both ports. `0.0.0.0` is every IPv4 interface, `::` every interface.',
    default: '0.0.0.0',
  }),
  port: wholeNumber({
    doc: 'Port for pushes. 0 takes a free one.',
    default: 4242,
    min: 0,
    max: 65_535,
  }),
  metrics_port: wholeNumber({
    doc: 'Port for metrics and health checks. 0 takes a free one.',
    default: 8088,
    min: 0,
    max: 65_535,
  }),
  max_body_bytes: wholeNumber({
    doc: 'Largest request body, after decompression. The default holds the largest record of the default `kafka.message_max_bytes` however its JSON is escaped.',
    default: DEFAULT_MAX_BODY_BYTES,
    min: 1024,
    max: LONGEST_BODY_BYTES,
    unit: 'bytes',
  }),
  max_compression_ratio: wholeNumber({
    doc: 'Most bytes that each byte of a compressed body may become, for bodies that become larger than 128 KiB. Records of a business become 5 to 30; what becomes 1000 is made to cost time and memory. 0 is no limit.',
    default: 100,
    min: 0,
    max: 1_000_000,
  }),
  max_records_per_request: wholeNumber({
    doc: 'Most records in one push.',
    default: 10_000,
    min: 1,
    max: 1_000_000,
    unit: 'records',
  }),
  max_topics_per_request: wholeNumber({
    doc: 'Most topics that the records of one push may name.',
    default: 1000,
    min: 1,
    max: 1_000_000,
    unit: 'topics',
  }),
  max_connections: wholeNumber({
    doc: 'Most open connections; with several `workers`, each takes its share of them. One more takes the place of the one that has been idle for longest, and is closed only where none is idle. Never more than the limit on open files allows.',
    default: 10_000,
    min: 1,
    max: 1_000_000,
    unit: 'connections',
  }),
  max_connections_per_address: wholeNumber({
    doc: 'Most open connections of one address, in each of several `workers`; all of an IPv6 /64 count as one. Further ones are closed. 0 is no limit: behind a load balancer all clients have its address.',
    default: 0,
    min: 0,
    max: 1_000_000,
    unit: 'connections',
  }),
  unknown_fields: choice({
    doc: 'What to do with a push that has a field kprf does not know.',
    default: 'ignore',
    choices: ['ignore', 'reject'],
  }),
}

const ratelimit = {
  enabled: trueOrFalse({
    doc: 'Whether `ratelimit.rules` apply.',
    default: false,
  }),
  rules: rateLimitRules({
    doc: 'Limits of topics, counted per record over a sliding minute. A rule has a `topic_name`, and `max_requests_per_minute` from 0 to 2147483647. A topic without a rule has no limit.',
  }),
}

const shutdown = {
  timeout_ms: wholeNumber({
    doc: 'How long to wait, once pushes are refused, for those in flight to be answered and the queue to be delivered.',
    default: 20_000,
    min: 0,
    max: 3_600_000,
    unit: 'ms',
  }),
  drain_delay_ms: wholeNumber({
    doc: 'How long to go on taking pushes after SIGTERM, while `/readyz` already fails. 0 refuses them at once; behind a load balancer, as in Kubernetes, 5000 gives it time to look away.',
    default: 0,
    min: 0,
    max: 600_000,
    unit: 'ms',
  }),
}

/** Every key, in the shape of the file. */
export const SCHEMA = {
  kafka,
  http,
  output_file: nonEmptyText({
    doc: 'Where the log goes: a file, reopened on SIGHUP, or `/dev/stdout`.',
    default: '/dev/stdout',
  }),
  log_level: choice({
    doc: 'How much is logged.',
    default: 'info',
    choices: LOG_LEVELS,
  }),
  workers: workerCount({
    doc: 'Processes that take pushes, on as many cores; `auto` is one for each core. The limits of the queue and of the rates hold for all together, and metrics are those of all. Records of one key keep their order only within a connection once there is more than one.',
    default: 1,
    min: 1,
    max: 64,
  }),
  ratelimit,
  shutdown,
}

type ValuesOf<Node> =
  Node extends Setting<infer Value> ? Value : { readonly [Key in keyof Node]: ValuesOf<Node[Key]> }

/** The value of every key, in the shape of the file. */
export type Values = ValuesOf<typeof SCHEMA>
