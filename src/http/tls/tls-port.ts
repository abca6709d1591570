import type { Server as HttpsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { CancelTimer, Clock } from '../../base/clock.ts'
import type { LogFields } from '../../telemetry/logging.ts'
import type { Refusal } from '../error-body.ts'
import type { ServerLimits } from '../limits.ts'
import { rawReply } from '../parser-errors.ts'
import type { RequestIds } from '../request-id.ts'

/** Content type of the first record of a TLS connection (RFC 8446, 5.1). */
const HANDSHAKE = 0x16

const PLAIN_TEXT: Refusal = {
  code: 'INVALID_HTTP',
  message: 'this port speaks HTTPS: use https:// in place of http://',
}

/** Why a connection did not get to its first request. */
export type TlsFailure = 'plain_text' | 'tls_handshake'

/** Options of a {@link TlsPort}. */
export interface TlsPortOptions {
  readonly clock: Clock
  readonly limits: Pick<ServerLimits, 'keepAliveTimeoutMs' | 'lingerMs' | 'maxConnections'>
  readonly requestIds: RequestIds
  /** The number of connections that have finished their handshake. */
  readonly connections: () => number
  readonly onFailed: (failure: TlsFailure, socket: Socket, fields?: LogFields) => void
  /** Too many connections have not finished their handshake. */
  readonly onDropped: (socket: Socket) => void
}

/**
 * Stands before the TLS server: looks at the first byte of each connection, so that who speaks plain HTTP is told so,
 * and limits the connections that are not in the hands of the HTTP server yet.
 */
export class TlsPort {
  readonly #options: TlsPortOptions
  readonly #begin: (socket: Socket) => void
  readonly #sockets = new Set<Socket>()
  /** Of these nothing was read yet. */
  readonly #silent = new Map<Socket, CancelTimer>()

  constructor(server: HttpsServer, options: TlsPortOptions) {
    this.#options = options
    const handlers = server.listeners('connection')
    this.#begin = (socket) => {
      for (const handle of handlers) Reflect.apply(handle, server, [socket])
    }
    server
      .removeAllListeners('connection')
      .on('connection', (socket) => {
        this.#accept(socket)
      })
      // Node would refuse it as broken HTTP, with a reply that the connection cannot carry.
      .removeAllListeners('tlsClientError')
      .on('tlsClientError', (error, socket) => {
        this.#failed(error, socket)
      })
  }

  /** Closes the connections on which nothing has arrived yet. */
  closeSilent(): void {
    for (const socket of this.#silent.keys()) socket.destroy()
  }

  /** Closes all connections. */
  close(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  #accept(socket: Socket): void {
    const { clock, limits, connections, onDropped } = this.#options
    if (this.#sockets.size - connections() >= limits.maxConnections) {
      onDropped(socket)
      socket.destroy()
      return
    }
    this.#sockets.add(socket)
    this.#silent.set(
      socket,
      clock.schedule(limits.keepAliveTimeoutMs, () => {
        socket.destroy()
      }),
    )
    socket
      .on('error', () => socket.destroy())
      .once('close', () => {
        this.#heard(socket)
        this.#sockets.delete(socket)
      })
      .once('readable', () => {
        this.#heard(socket)
        this.#look(socket)
      })
  }

  #heard(socket: Socket): void {
    this.#silent.get(socket)?.()
    this.#silent.delete(socket)
  }

  #look(socket: Socket): void {
    const bytes: unknown = socket.read()
    if (!(bytes instanceof Buffer)) {
      socket.destroy()
      return
    }
    if (bytes[0] !== HANDSHAKE) {
      this.#refusePlainText(socket)
      return
    }
    socket.unshift(bytes)
    this.#begin(socket)
  }

  #refusePlainText(socket: Socket): void {
    const { clock, limits, requestIds, onFailed } = this.#options
    onFailed('plain_text', socket)
    // It stays open for a while, so that the client can read the reply.
    socket.resume().end(rawReply(PLAIN_TEXT, requestIds()))
    const cancel = clock.schedule(limits.lingerMs, () => {
      socket.destroy()
    })
    socket.once('close', cancel)
  }

  #failed({ code = 'unknown' }: NodeJS.ErrnoException, socket: Socket): void {
    socket.destroy()
    // A connection that ended before its handshake is the probe of a load balancer, or a scan of ports.
    if (code !== 'ECONNRESET') this.#options.onFailed('tls_handshake', socket, { reason: code })
  }
}
