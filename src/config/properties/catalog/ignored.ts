/** Properties that are accepted without effect: kprf does so anyway, or nobody can tell the difference. */
import { boolean, flags, INT_MAX, integer, text } from '../../kinds.ts'
import { ignored } from '../property.ts'

const DEPRECATED = 'librdkafka itself no longer uses it'
const LOGGING = "kprf's own log has other lines; see `log_level` and `output_file`"

export const IGNORED = {
  'builtin.features': ignored(
    flags(),
    '',
    'it tells what a build of librdkafka can do; what kprf can do is in this table',
  ),
  'message.copy.max.bytes': ignored(
    integer(0, 1_000_000_000),
    65_535,
    'every record is encoded once, straight into its batch, whatever its size',
  ),
  'topic.metadata.refresh.fast.cnt': ignored(integer(0, 1000), 10, DEPRECATED),
  'topic.metadata.refresh.sparse': ignored(
    boolean(),
    true,
    'only topics in use are ever asked about',
    'true',
  ),
  debug: ignored(flags(), '', 'set log_level to debug instead', ''),
  'socket.blocking.max.ms': ignored(integer(1, 60_000), 1000, DEPRECATED),
  'socket.send.buffer.bytes': ignored(
    integer(0, 100_000_000),
    0,
    'Node.js leaves TCP buffer sizes to the operating system',
    '0',
  ),
  'socket.receive.buffer.bytes': ignored(
    integer(0, 100_000_000),
    0,
    'Node.js leaves TCP buffer sizes to the operating system',
    '0',
  ),
  'socket.max.fails': ignored(
    integer(0, 1_000_000),
    1,
    'the first request that times out closes its connection',
    '1',
  ),
  'broker.address.ttl': ignored(
    integer(0, 86_400_000),
    1000,
    'host names are resolved for each connection; the operating system may cache them',
  ),
  'reconnect.backoff.jitter.ms': ignored(integer(0, 3_600_000), 0, DEPRECATED),
  log_level: ignored(integer(0, 7), 6, LOGGING),
  'log.queue': ignored(boolean(), false, LOGGING, 'false'),
  'log.thread.name': ignored(boolean(), true, LOGGING),
  'log.connection.close': ignored(boolean(), true, LOGGING, 'true'),
  'enable.random.seed': ignored(boolean(), true, 'Node.js seeds its random numbers itself', 'true'),
  'internal.termination.signal': ignored(
    integer(0, 128),
    0,
    'kprf has no threads to interrupt',
    '0',
  ),
  'api.version.request.timeout.ms': ignored(
    integer(1, 300_000),
    10_000,
    'the request for versions is part of the connection setup; see socket.connection.setup.timeout.ms',
  ),
  'api.version.fallback.ms': ignored(
    integer(0, 604_800_000),
    0,
    'brokers are always asked for their versions',
  ),
  'broker.version.fallback': ignored(
    text(),
    '0.10.0',
    'brokers are always asked for their versions',
  ),
  'ssl.ca.certificate.stores': ignored(
    text(),
    'Root',
    'it is for Windows only; see ssl.ca.location',
  ),
  'client.rack': ignored(text(), '', 'only consumers use a rack, to read from the nearest replica'),
  'transaction.timeout.ms': ignored(integer(1000, INT_MAX), 60_000, 'kprf has no transactions'),
  'queue.buffering.backpressure.threshold': ignored(
    integer(1, 1_000_000),
    1,
    'max.in.flight limits the requests to a slow broker, and batches grow meanwhile',
  ),
  'delivery.report.only.error': ignored(
    boolean(),
    false,
    'each push says with wait_for_send whether it wants a report',
    'false',
  ),
  'enable.metrics.push': ignored(boolean(), true, 'kprf sends no metrics to brokers', 'false'),
  'produce.offset.report': ignored(
    boolean(),
    false,
    'each push says with return_offsets whether it wants offsets',
  ),
} as const
