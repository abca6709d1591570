/**
 * Workaround: kafkajs re-authenticates from 10 s before the end of its session (KIP-368). If sessions are shorter, it
 * does so before each request. Brokers accept re-authentication once a second, and otherwise close the connection.
 */
import type { Connection } from 'kafkajs/src/broker/index.js'

/** A session is renewed when this share of it is left, as in other Kafka clients. */
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
