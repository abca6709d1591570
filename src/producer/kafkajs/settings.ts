import type { Credentials, CredentialsReader } from '../security/renewable-credentials.ts'
import type { SocketSettings } from './sockets.ts'

/** When the bootstrap addresses are asked after metadata has named brokers. */
export interface RebootstrapSettings {
  /** `metadata.recovery.strategy`: with `false` never, not even if all known brokers are unreachable. */
  readonly isAllowed: boolean
  /**
   * `metadata.recovery.rebootstrap.trigger.ms`: how long all known brokers must have been silent; with 0 all are
   * asked at once. If all known brokers have failed, there is no wait.
   */
  readonly triggerMs: number
}

/** Addresses of Kafka, TLS and SASL, and limits of connections. */
export interface KafkajsTransportSettings extends Credentials {
  /** `host:port`, IPv6 hosts in brackets. */
  readonly brokers: readonly string[]
  readonly rebootstrap: RebootstrapSettings
  readonly clientId: string
  /** Reads the credentials again when their files change. @defaultValue they are never read again */
  readonly renewal?: CredentialsReader
  /** `socket.connection.setup.timeout.ms`. */
  readonly connectTimeoutMs: number
  /** `socket.timeout.ms`. */
  readonly socketTimeoutMs: number
  readonly socket: SocketSettings
  /** `connections.max.idle.ms`: a connection without traffic for this long is closed; 0 never. */
  readonly maxIdleMs: number
  /** `receive.message.max.bytes`: a longer answer closes its connection. */
  readonly maxAnswerBytes: number
  /** `reconnect.backoff.ms` and `reconnect.backoff.max.ms`. */
  readonly reconnectBackoffMs: number
  readonly reconnectBackoffMaxMs: number
  /** Whether to log kafkajs's own debug lines. */
  readonly isDebugLogged: boolean
}
