/**
 * Workaround: kafkajs waits for the answer to a SASL step as long as for any other answer. A produce request that
 * needs the connection times out earlier and leaves it unchanged, and so does the next. With brokers before Kafka
 * 1.0 kafkajs waits until the broker closes the connection, and does not notice when it breaks: requests that need
 * it then wait for ever, and the first answer on the next connection is mistaken for the missing one.
 */
import type { Connection } from 'kafkajs/src/broker/index.js'
import type { Clock } from '../../base/clock.ts'
import { SocketEnd } from './sockets.ts'

/** Ends the authentication of a connection when it closes, and after a timeout. */
export function boundAuthentication(
  connection: Pick<
    Connection,
    'socket' | 'isConnected' | 'connect' | 'authenticate' | 'authHandlers'
  >,
  clock: Clock,
  timeoutMs: number,
): void {
  const connect = connection.connect.bind(connection)
  connection.connect = () => {
    if (connection.isConnected()) return connect()
    const connected = connect()
    const { socket } = connection
    socket?.once('close', () => {
      if (connection.socket === socket) connection.authHandlers?.onError()
    })
    return connected
  }
  const authenticate = connection.authenticate.bind(connection)
  connection.authenticate = async () => {
    const { socket } = connection
    const cancelTimer = clock.schedule(timeoutMs, () => {
      socket?.destroy(new SocketEnd('timeout', `not authenticated within ${timeoutMs} ms`))
    })
    try {
      await authenticate()
    } finally {
      cancelTimer()
    }
  }
}
