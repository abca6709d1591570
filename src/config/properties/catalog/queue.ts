/** Records and the queue: how much is kept, how batches are made, sent, retried and given up. */
import { COMPRESSION_CODECS } from '../../../base/kafka-names.ts'
import {
  boolean,
  derived,
  float,
  INT_MAX,
  integer,
  oneOf,
  own,
  setsKey,
  text,
} from '../property.ts'

export const QUEUE = {
  'message.max.bytes': setsKey('kafka.message_max_bytes', {
    kind: integer(1000, 1_000_000_000, 1_000_000),
    by: 'kprf',
    note: 'Counted as librdkafka does: 36 bytes, key, value and headers, before compression. Also the bound on a batch.',
  }),
  'queue.buffering.max.messages': setsKey('kafka.queue_buffering_max_messages', {
    kind: integer(0, INT_MAX, 100_000),
    by: 'kprf',
    note: 'Counts each record from its admission to its delivery report.',
  }),
  'queue.buffering.max.kbytes': setsKey('kafka.queue_buffering_max_kbytes', {
    kind: integer(1, INT_MAX, 1_048_576),
    by: 'kprf',
    note: 'Counts the bytes of values, as librdkafka does.',
  }),
  'queue.buffering.max.ms': setsKey('kafka.queue_buffering_max_ms', {
    kind: float(0, 900_000, 5),
    aliases: ['linger.ms'],
    by: 'kprf',
    note: 'Measured from the first record of a batch. A batch may go after half of it where a request goes to its leader anyway.',
  }),
  'batch.num.messages': own({
    kind: integer(1, 1_000_000, 10_000),
    by: 'kprf',
    note: 'Most records in one batch; a batch that has so many goes at once.',
  }),
  'batch.size': own({
    kind: integer(1, INT_MAX, 1_000_000),
    by: 'kprf',
    note: 'Most bytes of one batch, framing included, before compression. The first record always goes in.',
  }),
  'sticky.partitioning.linger.ms': derived({
    kind: integer(0, 900_000, 10),
    by: 'kprf',
    note: 'How long records without a key stay on one partition. Twice `linger.ms` where it is not set, as in librdkafka.',
  }),
  'message.send.max.retries': setsKey('kafka.retries', {
    kind: integer(0, INT_MAX, INT_MAX),
    aliases: ['retries'],
    by: 'kprf',
    note: "Counts attempts that were sent, as librdkafka does. Never kafkajs's own retries, which may lose or double records.",
  }),
  'retry.backoff.ms': own({
    kind: integer(1, 300_000, 100),
    by: 'kprf',
    note: 'Wait before the first retry of a batch and between questions about a topic; doubles, with 20 % of jitter.',
  }),
  'retry.backoff.max.ms': own({
    kind: integer(1, 300_000, 1000),
    by: 'kprf',
    note: 'Longest such wait.',
  }),
  'message.timeout.ms': setsKey('kafka.message_timeout_ms', {
    kind: integer(0, INT_MAX, 300_000),
    aliases: ['delivery.timeout.ms'],
    by: 'kprf',
    note: 'From admission to the delivery report. 0 is no limit.',
  }),
  'request.timeout.ms': setsKey('kafka.request_timeout_ms', {
    kind: integer(1, 900_000, 30_000),
    by: 'kafkajs',
    note: '`timeout` of `sendBatch`: how long the broker may wait for its replicas.',
  }),
  'request.required.acks': setsKey('kafka.request_required_acks', {
    kind: integer(-1, 1000, -1, { all: -1 }),
    aliases: ['acks'],
    by: 'kafkajs',
    note: '`acks` of `sendBatch`. `all` is -1.',
  }),
  'max.in.flight.requests.per.connection': own({
    kind: integer(1, 1_000_000, 1_000_000),
    default: 5,
    aliases: ['max.in.flight'],
    by: 'kprf',
    note: 'Requests in flight to one broker. Of a partition there is only ever one batch in flight, so that order is kept whatever this is (but see `kafka.enable_idempotence`). With `enable.idempotence` at most 5.',
  }),
  'enable.idempotence': setsKey('kafka.enable_idempotence', {
    kind: boolean(false),
    by: 'kprf',
    note: 'Own producer id and numbering, begun anew per partition where an outcome stays open: kafkajs would reuse numbers, and the broker drop the next batch.',
  }),
  'queuing.strategy': own({
    kind: oneOf(['fifo', 'lifo'], 'fifo'),
    by: 'kprf',
    note: 'Records of a partition are sent in the order in which they came; see also `kafka.enable_idempotence`.',
    refuses: { lifo: 'kprf keeps the order of records' },
  }),
  'compression.codec': own({
    kind: oneOf([...COMPRESSION_CODECS, 'inherit'], 'none'),
    aliases: ['compression.type'],
    by: 'kprf',
    note: 'Compresses whole batches. A batch that does not get smaller is sent as it is.',
    refuses: { inherit: 'there is nothing to inherit from; leave it out' },
  }),
  'compression.level': own({
    kind: integer(-1, 12, -1),
    by: 'kprf',
    note: '-1 is the default of the codec. gzip knows 0 to 9, zstd 1 to 12, lz4 and snappy have none here; of a level beyond, the nearest is taken.',
  }),
  partitioner: setsKey('kafka.partitioner', {
    kind: text('consistent_random'),
    by: 'kprf',
    note: 'Chooses once, at admission; a record never changes its partition.',
  }),
} as const
