/**
 * Workaround: kafkajs waits for the answer to a step of SASL for as long as for any other. A produce request that needs
 * the connection is over earlier and leaves it as it is, and so does the next. With brokers before Kafka 1.0 kafkajs
 * waits until the broker ends the connection, and does not notice when it breaks: whoever needs it then waits for ever,
 * and the first answer on the next connection is taken for the one that was missed.
 */
import type { Connection } from 'kafkajs/src/broker/index.js'
import type { Clock } from '../../base/clock.ts'
import { SocketEnd } from './sockets.ts'

/** Makes the authentication of one connection end with the connection, and in time. */
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
