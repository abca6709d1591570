/**
 * Workaround: kafkajs's Connection puts answers together without suspicion. A length that makes no
 * sense throws inside the socket's listener, which ends the process; half an answer is kept when the
 * connection is lost, and misframes all answers of the next; an answer that belongs to no request is
 * logged and otherwise ignored, while the request it was for waits on. And a connection that does not come
 * about in time leaves its socket to the kernel, which goes on trying for two minutes.
 *
 * Of half an answer, kafkajs waits for the rest until the request's own time-out, which may be a minute. A broker
 * writes an answer in one go: one that stops in the midst of it does not go on.
 */
import type { CancelTimer, Clock } from '../../base/clock.ts'
import type { Connection } from 'kafkajs/src/broker/index.js'
import { SocketEnd, TLS_EXPECTED } from './sockets.ts'

/** Between two parts of an answer: long for a network that loses packets, and no more. */
const MAX_PAUSE_MS = 2_000

/** Every answer begins with the id of its request. */
const MIN_ANSWER_BYTES = 4

const LENGTH_BYTES = 4
/** How a TLS alert begins, which is what a plain request gets from a broker that speaks TLS. */
const TLS_ALERT = [0x15, 0x03]

/** What answers are held against. */
export interface FramingLimits {
  readonly clock: Clock
  /** The longest answer taken (receive.message.max.bytes). */
  readonly maxAnswerBytes: number
  /** Called when an answer belongs to no request. */
  readonly onForeignAnswer?: () => void
}

/** Makes one connection begin with a clean slate and break off at the first answer that is none. */
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
  // Shared: kafkajs would open a socket for each caller, and the end of one would end another.
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
    // Some brokers answer acks 0, for which nobody waits: then there is nothing in flight.
    const isForeign =
      requestQueue.inflight.size > 0 && !requestQueue.inflight.has(answer.correlationId)
    if (isForeign) {
      onForeignAnswer?.()
      throw new Error(`correlation id ${answer.correlationId} was never sent`)
    }
    fulfillRequest(answer)
  }
}

/** Decodes an answer; where it makes no sense, what follows on the connection will make none either. */
export async function decodeOrDestroy<Answer>(
  connection: Connection,
  payload: Buffer,
  decode: (payload: Buffer) => Promise<Answer>,
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
    return new SocketEnd('malformed', 'the broker speaks TLS, and kprf does not', TLS_EXPECTED)
  }
  const reason = error instanceof Error ? error.message : String(error)
  return new SocketEnd('malformed', `malformed answer: ${reason}`)
}

/** What is left is the beginning of an answer, whose length may be known already. */
function assertLength({ chunks, bytesBuffered }: Connection, maxAnswerBytes: number): void {
  if (bytesBuffered < LENGTH_BYTES) return
  const [head = Buffer.alloc(0)] = chunks
  const start = head.length >= LENGTH_BYTES ? head : Buffer.concat(chunks)
  const length = start.readInt32BE(0)
  if (length < MIN_ANSWER_BYTES || length > maxAnswerBytes) throw new Error(`length ${length}`)
}
