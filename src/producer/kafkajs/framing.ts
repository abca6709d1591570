/**
 * Workaround: kafkajs's Connection does not validate the frames of answers. An invalid length throws inside the socket's
 * listener, which ends the process. A part of an answer is kept when the connection is lost, so that all answers of the
 * next connection are read at wrong positions. An answer that belongs to no request is logged and otherwise ignored,
 * while its request keeps waiting. And if a connection is not established in time, the kernel keeps trying for two
 * minutes.
 *
 * For the rest of an incomplete answer, kafkajs waits until the timeout of the request, which may be a minute. A
 * broker writes an answer at once: if it stops in the middle, it does not continue.
 */
import type { CancelTimer, Clock } from '../../base/clock.ts'
import type { Connection } from 'kafkajs/src/broker/index.js'
import { NOT_KAFKA, SocketEnd, TLS_EXPECTED } from './sockets.ts'

/** Longest pause between two parts of an answer, ms: enough for a network that loses packets. */
const MAX_PAUSE_MS = 2_000

/** Every answer begins with the id of its request. */
const MIN_ANSWER_BYTES = 4

const LENGTH_BYTES = 4
/** The first bytes of a TLS alert, with which a TLS broker answers a plaintext request. */
const TLS_ALERT = [0x15, 0x03]
/** The first bytes of an HTTP response, with which an HTTP server answers a request of Kafka. */
const HTTP = Buffer.from('HTTP')

/** Limits on answers. */
export interface FramingLimits {
  readonly clock: Clock
  /** The longest answer accepted, bytes (receive.message.max.bytes). */
  readonly maxAnswerBytes: number
  /** Called when an answer belongs to no request. */
  readonly onForeignAnswer?: () => void
}

/** Resets the state of a connection before it connects, and closes it at the first malformed answer. */
export function guardFraming(
  connection: Connection,
  { clock, maxAnswerBytes, onForeignAnswer }: FramingLimits,
): void {
  let cancelPause: CancelTimer | undefined
  const watchPause = (): void => {
    cancelPause?.()
    cancelPause = undefined
    const { socket, bytesBuffered } = connection
    if (bytesBuffered === 0 || !socket || socket.destroyed) return
    const cancel = clock.schedule(MAX_PAUSE_MS, () => {
      socket.destroy(new SocketEnd('timeout', `only a part of an answer arrived`))
    })
    socket.once('close', cancel)
    cancelPause = () => {
      cancel()
      socket.off('close', cancel)
    }
  }
  const connect = connection.connect.bind(connection)
  let connecting: Promise<unknown> | undefined
  // Callers share one attempt: kafkajs would open a socket for each, and the end of one would end the others.
  connection.connect = () => {
    if (!connecting && !connection.isConnected()) {
      connection.chunks = []
      connection.bytesBuffered = 0
      connection.bytesNeeded = LENGTH_BYTES
    }
    connecting ??= connect()
      .catch((error: unknown) => {
        connection.socket?.destroy(new SocketEnd('intended', 'the connection could not be set up'))
        throw error
      })
      .finally(() => {
        connecting = undefined
      })
    return connecting
  }
  const processData = connection.processData.bind(connection)
  connection.processData = (data) => {
    try {
      processData(data)
      assertLength(connection, maxAnswerBytes)
      watchPause()
    } catch (error) {
      connection.socket?.destroy(endOf(connection, error))
    }
  }
  const { requestQueue } = connection
  const fulfillRequest = requestQueue.fulfillRequest.bind(requestQueue)
  requestQueue.fulfillRequest = (answer) => {
    // Some brokers answer a request with acks 0, although nobody waits: then nothing is in flight.
    const isForeign =
      requestQueue.inflight.size > 0 && !requestQueue.inflight.has(answer.correlationId)
    if (isForeign) {
      onForeignAnswer?.()
      throw new Error(`correlation id ${answer.correlationId} was never sent`)
    }
    fulfillRequest(answer)
  }
}

/**
 * Decodes an answer. After a malformed one it closes the connection, because later answers on it would be malformed
 * too.
 */
export async function decodeOrDestroy<Answer>(
  connection: Connection,
  payload: Buffer,
  decode: (payload: Buffer) => Answer | Promise<Answer>,
): Promise<Answer> {
  try {
    return await decode(payload)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    connection.socket?.destroy(new SocketEnd('malformed', `malformed answer: ${reason}`))
    throw error
  }
}

function endOf({ chunks }: Connection, error: unknown): SocketEnd {
  if (TLS_ALERT.every((byte, index) => chunks[0]?.[index] === byte)) {
    return new SocketEnd('malformed', 'the broker uses TLS, but kprf does not', TLS_EXPECTED)
  }
  if (HTTP.every((byte, index) => chunks[0]?.[index] === byte)) {
    return new SocketEnd('malformed', 'it answers like an HTTP server, not like Kafka', NOT_KAFKA)
  }
  const reason = error instanceof Error ? error.message : String(error)
  return new SocketEnd('malformed', `malformed answer: ${reason}`)
}

/** Checks the length of the next answer, if it is known already. */
function assertLength({ chunks, bytesBuffered }: Connection, maxAnswerBytes: number): void {
  if (bytesBuffered < LENGTH_BYTES) return
  const [head = Buffer.alloc(0)] = chunks
  const start = head.length >= LENGTH_BYTES ? head : Buffer.concat(chunks)
  const length = start.readInt32BE(0)
  if (length < MIN_ANSWER_BYTES || length > maxAnswerBytes) throw new Error(`length ${length}`)
}
