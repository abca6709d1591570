import type { ConnectionOptions } from 'node:tls'
import type { SaslSettings } from '../security/settings.ts'
import type { SocketSettings } from './sockets.ts'

/** When those at the bootstrap addresses are asked once there are brokers that metadata named. */
export interface RebootstrapSettings {
  /** `metadata.recovery.strategy`: `false` never, not even when all of these are out of reach. */
  readonly isAllowed: boolean
  /**
   * `metadata.recovery.rebootstrap.trigger.ms`: for how long none of these may have answered; 0 asks all at once. If
   * they have all failed, it is not waited for.
   */
  readonly triggerMs: number
}

/** Where Kafka is and how to get in. */
export interface KafkajsTransportSettings {
  /** `host:port`, IPv6 hosts in brackets. */
  readonly brokers: readonly string[]
  readonly rebootstrap: RebootstrapSettings
  readonly clientId: string
  /** Options for `tls.connect`; `undefined` for plain text. */
  readonly ssl: ConnectionOptions | undefined
  readonly sasl: SaslSettings | undefined
  /** `socket.connection.setup.timeout.ms`. */
  readonly connectTimeoutMs: number
  /** `socket.timeout.ms`. */
  readonly socketTimeoutMs: number
  readonly socket: SocketSettings
  /** `connections.max.idle.ms`: a connection on which nothing happens for so long is closed; 0 never. */
  readonly maxIdleMs: number
  /** `receive.message.max.bytes`: an answer that says it is longer ends its connection. */
  readonly maxAnswerBytes: number
  /** `reconnect.backoff.ms` and `reconnect.backoff.max.ms`. */
  readonly reconnectBackoffMs: number
  readonly reconnectBackoffMaxMs: number
  /** Whether kafkajs's own debug lines are wanted. */
  readonly isDebugLogged: boolean
}
