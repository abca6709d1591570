/** The queue and its batches: limits, sending, retries, timeouts. */
import { COMPRESSION_CODECS } from '../../../base/kafka-names.ts'
import { INT_MAX, integer, oneOf } from '../../kinds.ts'
import { derived, KEY_PLACE, own } from '../property.ts'

export const QUEUE = {
  'message.max.bytes': KEY_PLACE,
  'queue.buffering.max.messages': KEY_PLACE,
  'queue.buffering.max.kbytes': KEY_PLACE,
  'queue.buffering.max.ms': KEY_PLACE,
  'batch.num.messages': own(integer(1, 1_000_000), 10_000, {
    by: 'kprf',
    note: 'Most records in one batch; a full batch is sent at once.',
  }),
  'batch.size': own(integer(1, INT_MAX), 1_000_000, {
    by: 'kprf',
    note: 'Most bytes of one batch, framing included, before compression. The first record always goes in.',
  }),
  'sticky.partitioning.linger.ms': derived(integer(0, 900_000), 10, {
    by: 'kprf',
    note: 'How long records without a key stay on one partition. Twice `linger.ms` if not set, as in librdkafka.',
  }),
  'message.send.max.retries': KEY_PLACE,
  'retry.backoff.ms': own(integer(1, 300_000), 100, {
    by: 'kprf',
    note: 'Wait before the first retry of a batch and between requests for the metadata of a topic; doubles each time, with 20 % of jitter.',
  }),
  'retry.backoff.max.ms': own(integer(1, 300_000), 1000, {
    by: 'kprf',
    note: 'Longest such wait.',
  }),
  'message.timeout.ms': KEY_PLACE,
  'request.timeout.ms': KEY_PLACE,
  'request.required.acks': KEY_PLACE,
  'max.in.flight.requests.per.connection': own(integer(1, 1_000_000), 1_000_000, {
    default: 5,
    aliases: ['max.in.flight'],
    by: 'kprf',
    note: 'Most requests in flight to one broker. A partition never has more than one batch in flight, so kprf keeps the order whatever this value is (but see `kafka.enable_idempotence`). At most 5 with `enable.idempotence`.',
  }),
  'enable.idempotence': KEY_PLACE,
  'queuing.strategy': own(oneOf(['fifo', 'lifo']), 'fifo', {
    by: 'kprf',
    note: 'Records of a partition are sent in the order in which they came; see also `kafka.enable_idempotence`.',
    refuses: { lifo: 'kprf keeps the order of records' },
  }),
  'compression.codec': own(oneOf([...COMPRESSION_CODECS, 'inherit']), 'none', {
    aliases: ['compression.type'],
    by: 'kprf',
    note: 'Compresses whole batches. A batch that does not get smaller, or whose broker does not read the codec, is sent uncompressed.',
    refuses: { inherit: 'there is nothing to inherit from; leave it out' },
  }),
  'compression.level': own(integer(-1, 12), -1, {
    by: 'kprf',
    note: '-1 is the default of the codec. gzip takes 0 to 9, zstd 1 to 12; lz4 and snappy have no levels here. kprf replaces a level outside the range by the nearest one.',
  }),
  partitioner: KEY_PLACE,
} as const
