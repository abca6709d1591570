/**
 * Workaround: kafkajs proves itself anew 10 s before its session ends (KIP-368), and so before each request
 * when sessions are shorter; brokers take that once a second and hang up otherwise.
 */
import type { Connection } from 'kafkajs/src/broker/index.js'

/** Of a session's life; other clients of Kafka leave as much. */
const REMAINING = 0.15
/** What kafkajs leaves of any session. */
const MAX_REMAINING_MS = 10_000

/** Makes one connection prove itself anew when a part of its session is left, however long that is. */
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
