/** `kafka.*`: the queue, and how records are sent, retried and given up. */
import { PARTITIONER_NAMES } from '../../base/kafka-names.ts'
import { acknowledgements, boolean, float, INT_MAX, integer, oneOf, text } from '../kinds.ts'
import { setting } from '../setting.ts'

export const KAFKA_QUEUE = {
  message_max_bytes: setting({
    doc: 'Largest record: key, value, headers and 36 bytes of framing, before compression. Brokers and topics have limits of their own.',
    kind: integer(1000, 1_000_000_000),
    default: 1024 * 1024,
    unit: 'bytes',
    property: {
      names: ['message.max.bytes'],
      librdkafkaDefault: 1_000_000,
      by: 'kprf',
      note: 'Counted as librdkafka does: 36 bytes, key, value and headers, before compression. Also the bound on a batch.',
    },
  }),
  queue_buffering_max_messages: setting({
    doc: 'Most records in the queue, those in flight included, over all topics. 0 is no limit.',
    kind: integer(0, INT_MAX),
    default: 100_000,
    unit: 'records',
    property: {
      names: ['queue.buffering.max.messages'],
      by: 'kprf',
      note: 'Counts each record from its admission to its delivery report.',
    },
  }),
  queue_buffering_max_ms: setting({
    doc: 'How long a record waits for others to share its batch. Must be less than `kafka.message_timeout_ms`.',
    kind: float(0, 900_000),
    default: 10,
    unit: 'ms',
    property: {
      names: ['queue.buffering.max.ms', 'linger.ms'],
      librdkafkaDefault: 5,
      by: 'kprf',
      note: 'Measured from the first record of a batch. A batch may be sent after half of this time if another request goes to its leader.',
    },
  }),
  queue_buffering_max_kbytes: setting({
    doc: 'Most bytes of record values in the queue, those in flight included, over all topics.',
    kind: integer(1, INT_MAX),
    default: 1024 * 1024,
    unit: 'KiB',
    property: {
      names: ['queue.buffering.max.kbytes'],
      by: 'kprf',
      note: 'Counts the bytes of values, as librdkafka does.',
    },
  }),
  queue_memory_max_kbytes: setting({
    doc: 'Most memory that records in the queue hold, over all topics and workers: keys, values, headers and what kprf adds. 0 is half of the memory that the process may use (of its container or machine). Each worker gets an equal share, but at least 8 MiB plus the largest record.',
    kind: integer(0, INT_MAX),
    default: 0,
    unit: 'KiB',
  }),
  queue_full_wait_ms: setting({
    doc: 'How long a push that finds the queue full waits for room. 0 refuses it at once.',
    kind: integer(0, 900_000),
    default: 100,
    unit: 'ms',
  }),
  partitioner: setting({
    doc: 'How kprf chooses the partition of a record. It uses CRC-32 of the key (`consistent`, `consistent_random`), the hash of the Java client (`murmur2`, `murmur2_random`), the hash of Sarama (`fnv1a`, `fnv1a_random`), or chance (`random`). The names that end in `_random` spread records without a key over the partitions; the others put them all into one. `murmur2_random` agrees with the Java client.',
    kind: oneOf(PARTITIONER_NAMES),
    default: 'consistent_random',
    property: {
      names: ['partitioner'],
      kind: text(),
      by: 'kprf',
      note: 'Chooses once, at admission; a record never changes its partition.',
    },
  }),
  retries: setting({
    doc: 'How often a record is sent again after a temporary error. If not set, it is 2147483647 with `kafka.enable_idempotence`, as in librdkafka, and with `wal.enabled`.',
    kind: integer(0, INT_MAX),
    default: 3,
    property: {
      names: ['retries', 'message.send.max.retries'],
      usualName: 'message.send.max.retries',
      librdkafkaDefault: INT_MAX,
      by: 'kprf',
      note: 'Counts attempts that were sent, as librdkafka does.',
    },
  }),
  message_timeout_ms: setting({
    doc: 'How long delivery of a record may take, from its admission, retries included. 0 is no limit.',
    kind: integer(0, INT_MAX),
    default: 2000,
    unit: 'ms',
    property: {
      names: ['message.timeout.ms', 'delivery.timeout.ms'],
      librdkafkaDefault: 300_000,
      by: 'kprf',
      note: 'From admission to the delivery report. 0 is no limit.',
    },
  }),
  request_timeout_ms: setting({
    doc: 'How long a broker may wait for its replicas to acknowledge.',
    kind: integer(1, 900_000),
    default: 30_000,
    unit: 'ms',
    property: {
      names: ['request.timeout.ms'],
      by: 'kafkajs',
      note: 'How long a broker may wait for its replicas.',
    },
  }),
  request_required_acks: setting({
    doc: 'Replicas that must acknowledge: `all` (-1) in sync, 1 the leader, 0 none.',
    kind: acknowledgements(),
    default: -1,
    property: {
      names: ['request.required.acks', 'acks'],
      kind: integer(-1, 1000),
      words: { all: -1 },
      refusesMoreThan: { max: 1, reason: 'brokers refuse it; use all (-1), 1 or 0' },
      by: 'kafkajs',
      note: 'Replicas that must acknowledge a record; `all` is -1.',
    },
  }),
  enable_idempotence: setting({
    doc: 'Whether Kafka stores a record once even if kprf sends it several times: no duplicates from retries. It also keeps the order when an answer is missing: without it, a record whose outcome is unknown can be stored after later records of its key. Needs `kafka.request_required_acks` -1 and `kafka.retries` of at least 1; if `kafka.retries` is not set, only `kafka.message_timeout_ms` ends retries.',
    kind: boolean(),
    default: false,
    property: {
      names: ['enable.idempotence'],
      by: 'kprf',
      note: 'Kafka stores a record once, however often kprf sends it. When an outcome stays unknown, kprf starts a new sequence for the partition.',
    },
  }),
  statistics_interval_ms: setting({
    doc: 'How often statistics are collected for /stats and the kafka_producer_ metrics, in whole seconds (rounded up). 0 collects none.',
    kind: integer(0, 86_400_000),
    default: 0,
    unit: 'ms',
    property: {
      names: ['statistics.interval.ms'],
      by: 'kprf',
      note: 'Served at `/stats` and as `kafka_producer_*` metrics.',
    },
  }),
  topic_metadata_propagation_max_ms: setting({
    doc: 'How long records wait for a topic that brokers do not know. Less than the 30000 of librdkafka, so that a push to an unknown topic is answered within a second.',
    kind: integer(0, 3_600_000),
    default: 800,
    unit: 'ms',
    property: {
      names: ['topic.metadata.propagation.max.ms'],
      librdkafkaDefault: 30_000,
      by: 'kprf',
      note: 'Grace period for a topic that brokers do not know yet.',
    },
  }),
  max_unknown_topics: setting({
    doc: 'Most topics that records wait for although no broker has confirmed them. A record for a further such topic is refused with 503; records for confirmed topics are not affected. Several workers share the limit.',
    kind: integer(1, 1_000_000),
    default: 1000,
    unit: 'topics',
  }),
  max_topic_creations_per_minute: setting({
    doc: 'Most topics that kprf asks brokers to create per minute, if `allow.auto.create.topics` is true. After a quiet minute that many may be created at once. Records for further missing topics wait until theirs may be created; after `kafka.message_timeout_ms` they fail with 429. 0 is no limit. Several workers share the limit.',
    kind: integer(0, INT_MAX),
    default: 60,
    unit: 'topics',
  }),
}
