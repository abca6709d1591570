/** A small Kafka cluster in this process, for trials. `testing.ts` adds faults and a log of requests for tests. */
export { EmbeddedCluster } from './cluster.ts'
export type { Denial } from './access-control.ts'
export type { BrokerClock } from './clock.ts'
export type { ArrivedRecord, NewestOptions, TopicSummary } from './newest-records.ts'
export type { EmbeddedClusterOptions, SaslOptions, TopicOptions } from './options.ts'
export type { StoredRecord } from './stored-records.ts'
