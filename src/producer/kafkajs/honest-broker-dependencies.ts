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
  /** Shared by all brokers, because kafkajs may make several for one address. */
  readonly securityBackoff: SecurityBackoff
  /** The backoff of unreachable brokers. Shared by all brokers. */
  readonly gate: BrokerBackoff
  /** Shared by all brokers. */
  readonly brokerLog: BrokerLog
  /** The source of OAUTHBEARER tokens; `undefined` if none are needed. */
  readonly tokens: TokenSource | undefined
  /** Timeout of connecting, ms: for TCP, TLS and SASL together. */
  readonly connectTimeoutMs: number
  /** Timeout of an answer, ms. */
  readonly socketTimeoutMs: number
  /** Longest answer accepted, bytes. */
  readonly maxAnswerBytes: number
  /** Whether brokers may create the topics of the current metadata request. */
  readonly mayCreateTopics: () => boolean
  /** Makes a new connection pool to the address of a stale one. */
  readonly renewConnectionPool: (stale: ConnectionPool) => Promise<ConnectionPool>
}
