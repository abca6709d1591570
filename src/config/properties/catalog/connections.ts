/** Brokers, connections, and requests other than produce. */
import { boolean, INT_MAX, integer, oneOf } from '../../kinds.ts'
import { derived, KEY_PLACE, own } from '../property.ts'

export const CONNECTIONS = {
  'client.id': KEY_PLACE,
  'metadata.broker.list': KEY_PLACE,
  'receive.message.max.bytes': own(integer(1000, INT_MAX), 100_000_000, {
    by: 'kprf',
    note: 'kprf closes the connection if an answer announces more.',
  }),
  'metadata.recovery.strategy': own(oneOf(['none', 'rebootstrap']), 'rebootstrap', {
    by: 'kprf',
    note: 'Whether kprf asks `bootstrap.servers` again when the known brokers do not answer, or when one of them requests a rebootstrap; it resolves their names anew. With `none`, kprf needs a restart to find a cluster whose brokers have all moved.',
  }),
  'metadata.recovery.rebootstrap.trigger.ms': own(integer(0, INT_MAX), 300_000, {
    default: 0,
    by: 'kprf',
    note: 'How long all known brokers may stay silent before kprf also asks `bootstrap.servers`; if all have failed, it asks at once. 0, unlike in librdkafka, so that kprf recovers within seconds.',
  }),
  'topic.metadata.refresh.interval.ms': own(integer(-1, 3_600_000), 300_000, {
    by: 'kprf',
    note: 'How often kprf refreshes the metadata of topics in use when there is no error; -1 refreshes it only when it is too old.',
  }),
  'metadata.max.age.ms': derived(integer(1, 86_400_000), 900_000, {
    by: 'kprf',
    note: 'How old the metadata of a topic may be; kprf forgets a topic that was not used for this long. If not set: three times `topic.metadata.refresh.interval.ms`, or 900000 if that is -1.',
  }),
  'topic.metadata.refresh.fast.interval.ms': derived(integer(1, 60_000), 100, {
    by: 'kprf',
    note: 'How soon kprf asks again for a topic without a leader. `retry.backoff.ms` if not set.',
  }),
  'topic.metadata.propagation.max.ms': KEY_PLACE,
  'allow.auto.create.topics': own(boolean(), false, {
    default: true,
    by: 'kafkajs',
    note: "true by default, as for librdkafka's producers; brokers must allow it too. kprf first asks for a topic without creating it; `kafka.max_topic_creations_per_minute` limits how many are created.",
  }),
  'socket.timeout.ms': own(integer(10, 300_000), 60_000, {
    by: 'kafkajs',
    note: 'How long a broker may take to answer. A produce request gets less when its records have less time left. kprf closes a connection whose answer is late.',
  }),
  'socket.connection.setup.timeout.ms': own(integer(1000, INT_MAX), 30_000, {
    default: 5000,
    by: 'kafkajs',
    note: 'How long TCP, TLS and SASL of a connection may take together. Less than in librdkafka, so that records for an unreachable broker are sent to the new leader of their partition sooner.',
  }),
  'socket.keepalive.enable': own(boolean(), false, {
    default: true,
    by: 'kprf',
    note: 'TCP keep-alive after a minute without traffic.',
  }),
  'socket.nagle.disable': own(boolean(), true, {
    by: 'kprf',
    note: 'Small packets are sent at once (TCP_NODELAY).',
  }),
  'broker.address.family': own(oneOf(['any', 'v4', 'v6']), 'any', {
    by: 'Node.js',
    note: 'Addresses to connect to: IPv4, IPv6 or both.',
  }),
  'connections.max.idle.ms': own(integer(0, INT_MAX), 0, {
    by: 'kprf',
    note: 'Closes a connection on which nothing was sent for this long; 0 never closes one.',
  }),
  'reconnect.backoff.ms': own(integer(0, 3_600_000), 100, {
    by: 'kprf',
    note: 'Wait before kprf connects to an unreachable broker again; doubles each time, with -25 to +50 % of jitter.',
  }),
  'reconnect.backoff.max.ms': derived(integer(0, 3_600_000), 10_000, {
    by: 'kprf',
    note: 'Longest such wait. If not set: 1000, or `reconnect.backoff.ms` if that is more. Less than in librdkafka, so that records with the default `message.timeout.ms` of 2000 can still be delivered when the broker comes back.',
  }),
  'client.dns.lookup': own(
    oneOf(['use_all_dns_ips', 'resolve_canonical_bootstrap_servers_only']),
    'use_all_dns_ips',
    {
      by: 'Node.js',
      note: 'kprf tries all addresses of a name.',
      refuses: {
        resolve_canonical_bootstrap_servers_only:
          'it is for Kerberos, which needs a native library, and kprf has none',
      },
    },
  ),
  'statistics.interval.ms': KEY_PLACE,
} as const
