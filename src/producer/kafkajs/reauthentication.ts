/**
 * Workaround: kafkajs re-authenticates 10 s before its session ends (KIP-368), and thus before each request if
 * sessions are shorter; brokers accept that once a second and otherwise close the connection.
 */
import type { Connection } from 'kafkajs/src/broker/index.js'

/** Share of a session at which it is renewed, as in other Kafka clients. */
const REMAINING = 0.15
/** kafkajs's own threshold, ms. */
const MAX_REMAINING_MS = 10_000

/** Makes a connection re-authenticate when this share of its session is left, however long the session is. */
export function renewSessionInTime(
  connection: Pick<Connection, 'sessionLifetime' | 'reauthenticationThreshold'>,
): void {
  Object.defineProperty(connection, 'reauthenticationThreshold', {
    get: () => {
      const sessionMs = Number(connection.sessionLifetime.toString())
      return Math.min(Math.floor(REMAINING * sessionMs), MAX_REMAINING_MS)
    },
  })
}
