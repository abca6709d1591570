import type { ConnectionPool } from 'kafkajs/src/broker/index.js'
import type { Clock } from '../../base/clock.ts'
import type { EventSink } from '../events.ts'
import type { TokenSource } from '../security/bearer-token.ts'
import type { BrokerBackoff } from './broker-backoff.ts'
import type { BrokerLog } from './broker-log.ts'
import type { SecurityBackoff } from './security-backoff.ts'

/** Dependencies of an `HonestBroker` beyond those of a kafkajs Broker. */
export interface HonestBrokerDependencies {
  readonly clock: Clock
  readonly events: EventSink
  /** Shared by all brokers, since kafkajs may make several of one address. */
  readonly securityBackoff: SecurityBackoff
  /** Shared, too. */
  readonly gate: BrokerBackoff
  /** Shared, too. */
  readonly brokerLog: BrokerLog
  /** `undefined` if none is needed. */
  readonly tokens: TokenSource | undefined
  /** TCP, TLS and SASL together may take so long. */
  readonly connectTimeoutMs: number
  /** Timeout of an answer, ms. */
  readonly socketTimeoutMs: number
  /** Longest answer accepted, bytes. */
  readonly maxAnswerBytes: number
  /** Whether brokers may create the topics of the current metadata request. */
  readonly mayCreateTopics: () => boolean
  /** Makes a connection pool to the same address. */
  readonly renewConnectionPool: (stale: ConnectionPool) => Promise<ConnectionPool>
}
