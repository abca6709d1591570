/**
 * One client connection. Like Kafka, it serves one request at a time and answers in the order of arrival; it reads
 * the next request only after the last answer.
 */
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Dispatcher, Origin, Outcome } from './dispatcher.ts'
import { FrameSplitter } from './frame-splitter.ts'
import { Authenticator } from './sasl/authenticator.ts'
import type { SaslSettings } from './sasl/authenticator.ts'
import { Session } from './session.ts'

/** Bytes of requests that may wait behind the one being served before the socket is no longer read. */
const MAX_WAITING_BYTES = 1_048_576

/** Largest request of a client before it has authenticated, as Kafka's `sasl.server.max.receive.size`. */
const MAX_STRANGER_REQUEST_BYTES = 524_288

/** What a connection needs from its broker. */
export interface ConnectionContext {
  readonly brokerId: number
  readonly connectionId: number
  readonly dispatcher: Dispatcher
  readonly maxRequestBytes: number
  /** Absent on a listener without SASL. */
  readonly sasl: SaslSettings | undefined
  readonly onInternalError: (error: unknown) => void
}

/** Serves a socket until either side closes it. */
export function serveConnection(socket: Socket, context: ConnectionContext): void {
  new Connection(socket, context).start()
}

class Connection {
  readonly #socket: Socket
  readonly #context: ConnectionContext
  readonly #splitter: FrameSplitter
  readonly #origin: Origin
  readonly #waiting: Buffer[] = []
  #waitingBytes = 0
  #isServing = false

  constructor(socket: Socket, context: ConnectionContext) {
    this.#socket = socket
    this.#context = context
    const { brokerId, connectionId, maxRequestBytes } = context
    const session = sessionOf(socket, context.sasl)
    this.#origin = { brokerId, connectionId, session }
    this.#splitter = new FrameSplitter(() =>
      session.isAdmitted ? maxRequestBytes : Math.min(maxRequestBytes, MAX_STRANGER_REQUEST_BYTES),
    )
  }

  start(): void {
    this.#socket.setNoDelay(true)
    // A client that disconnects is no error of the broker: 'close' follows every error.
    this.#socket.on('error', () => undefined)
    this.#socket.on('data', (chunk: Buffer) => {
      this.#receive(chunk)
    })
  }

  #receive(chunk: Buffer): void {
    try {
      for (const frame of this.#splitter.add(chunk)) {
        this.#waiting.push(frame)
        this.#waitingBytes += frame.length
      }
    } catch {
      this.#socket.destroy()
      return
    }
    if (this.#waitingBytes > MAX_WAITING_BYTES) this.#socket.pause()
    if (!this.#isServing) void this.#serveWaiting()
  }

  async #serveWaiting(): Promise<void> {
    this.#isServing = true
    try {
      let frame = this.#waiting.shift()
      while (frame && this.#socket.writable) {
        this.#waitingBytes -= frame.length
        if (this.#waiting.length === 0) this.#socket.resume()
        await this.#deliver(await this.#context.dispatcher.serve(frame, this.#origin))
        frame = this.#waiting.shift()
      }
    } catch (error) {
      this.#context.onInternalError(error)
      this.#socket.destroy()
    } finally {
      this.#isServing = false
    }
  }

  async #deliver({ pieces, close }: Outcome): Promise<void> {
    for (const [index, piece] of pieces.entries()) {
      // One turn of the event loop between pieces sends each in its own segment.
      if (index > 0) await nextTurn()
      await this.#write(piece)
    }
    if (close === 'reset') this.#socket.resetAndDestroy()
    // Destroying would discard what the kernel has not accepted yet.
    else if (close === 'end') this.#socket.end(() => this.#socket.destroy())
    else if (close === 'hang') await new Promise(() => undefined)
  }

  /** Resolves when the socket accepts more bytes, or is closed. */
  #write(bytes: Buffer): Promise<void> {
    const socket = this.#socket
    if (!socket.writable || socket.write(bytes)) return Promise.resolve()
    return new Promise((resolve) => {
      const done = (): void => {
        socket.off('drain', done).off('close', done)
        resolve()
      }
      socket.on('drain', done).on('close', done)
    })
  }
}

function sessionOf(socket: Socket, sasl: SaslSettings | undefined): Session {
  const closed = new AbortController()
  socket.once('close', () => {
    closed.abort()
  })
  return new Session({
    clientHost: socket.remoteAddress ?? '',
    closed: closed.signal,
    authenticator: sasl && new Authenticator(sasl),
    certificateName: certificateNameOf(socket),
  })
}

function certificateNameOf(socket: Socket): string | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined
  const name = socket.getPeerX509Certificate()?.subject.match(/^CN=(.*)$/m)
  return name?.[1]
}
