/** Brokers, connections and what is asked of them beside produce requests. */
import { boolean, INT_MAX, integer, oneOf } from '../../kinds.ts'
import { derived, KEY_PLACE, own } from '../property.ts'

export const CONNECTIONS = {
  'client.id': KEY_PLACE,
  'metadata.broker.list': KEY_PLACE,
  'receive.message.max.bytes': own(integer(1000, INT_MAX), 100_000_000, {
    by: 'kprf',
    note: 'An answer that says it is longer ends the connection.',
  }),
  'metadata.recovery.strategy': own(oneOf(['none', 'rebootstrap']), 'rebootstrap', {
    by: 'kprf',
    note: 'Whether those of `bootstrap.servers` are asked when the known brokers do not answer, or one says that it takes a rebootstrap; their names are looked up anew. With `none` a cluster that has moved behind them is not found without a restart.',
  }),
  'metadata.recovery.rebootstrap.trigger.ms': own(integer(0, INT_MAX), 300_000, {
    default: 0,
    by: 'kprf',
    note: 'For how long none of the known brokers may have answered before those of `bootstrap.servers` are asked along with them; if all have failed, they are asked whatever it says. 0, unlike in librdkafka: kprf is back within seconds.',
  }),
  'topic.metadata.refresh.interval.ms': own(integer(-1, 3_600_000), 300_000, {
    by: 'kprf',
    note: 'How often topics in use are asked about when nothing is amiss; -1 is not before the answer is too old.',
  }),
  'metadata.max.age.ms': derived(integer(1, 86_400_000), 900_000, {
    by: 'kprf',
    note: 'How old an answer about a topic may be; a topic that was not used for so long is forgotten. Three times `topic.metadata.refresh.interval.ms` where it is not set, or 900000 where that is -1.',
  }),
  'topic.metadata.refresh.fast.interval.ms': derived(integer(1, 60_000), 100, {
    by: 'kprf',
    note: 'How soon a topic that misses a leader is asked about again. `retry.backoff.ms` where it is not set.',
  }),
  'topic.metadata.propagation.max.ms': KEY_PLACE,
  'allow.auto.create.topics': own(boolean(), false, {
    default: true,
    by: 'kafkajs',
    note: "true by default, as for librdkafka's producers; brokers must allow it too. A topic is asked about without creation first; `kafka.max_topic_creations_per_minute` bounds how many are created.",
  }),
  'socket.timeout.ms': own(integer(10, 300_000), 60_000, {
    by: 'kafkajs',
    note: '`requestTimeout`. A produce request gets less when its records have less time left; whatever is not answered in time loses its connection.',
  }),
  'socket.connection.setup.timeout.ms': own(integer(1000, INT_MAX), 30_000, {
    default: 5000,
    by: 'kafkajs',
    note: '`connectionTimeout` and `authenticationTimeout`; TCP, TLS and SASL together get no longer either. Less than in librdkafka, so that records for a broker that is out of reach learn sooner who leads their partition now.',
  }),
  'socket.keepalive.enable': own(boolean(), false, {
    default: true,
    by: 'kprf',
    note: 'TCP keep-alive after a minute without traffic.',
  }),
  'socket.nagle.disable': own(boolean(), true, {
    by: 'kprf',
    note: 'TCP_NODELAY. kafkajs itself would leave it off.',
  }),
  'broker.address.family': own(oneOf(['any', 'v4', 'v6']), 'any', {
    by: 'Node.js',
    note: '`family` of `net.connect`.',
  }),
  'connections.max.idle.ms': own(integer(0, INT_MAX), 0, {
    by: 'kprf',
    note: 'Closes a connection on which nothing was sent for so long; 0 never does.',
  }),
  'reconnect.backoff.ms': own(integer(0, 3_600_000), 100, {
    by: 'kprf',
    note: 'Wait before a broker that could not be reached is tried again; doubles, with -25 to +50 % of jitter.',
  }),
  'reconnect.backoff.max.ms': derived(integer(0, 3_600_000), 10_000, {
    by: 'kprf',
    note: 'Longest such wait. 1000 where it is not set, or `reconnect.backoff.ms` where that is more: less than in librdkafka, so that records with the default `message.timeout.ms` of 2000 still see the broker come back.',
  }),
  'client.dns.lookup': own(
    oneOf(['use_all_dns_ips', 'resolve_canonical_bootstrap_servers_only']),
    'use_all_dns_ips',
    {
      by: 'Node.js',
      note: 'All addresses of a name are tried.',
      refuses: {
        resolve_canonical_bootstrap_servers_only:
          'it serves Kerberos, which needs a native library; kprf has none',
      },
    },
  ),
  'statistics.interval.ms': KEY_PLACE,
} as const
