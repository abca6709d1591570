/** The listener of one broker on loopback, and its connections. */
import { once } from 'node:events'
import type { Server, Socket } from 'node:net'
import type { TlsOptions } from 'node:tls'
import { createServer as createTlsServer } from 'node:tls'
import type { ConnectionContext } from './connection.ts'
import { serveConnection } from './connection.ts'

/** Connections of one broker; further ones are closed at once. */
const MAX_CONNECTIONS = 1_000

/** What a broker needs to serve connections. */
export interface BrokerContext extends Omit<ConnectionContext, 'connectionId'> {
  /** Absent on a listener without TLS. */
  readonly tls: TlsOptions | undefined
  /** Makes a listener without TLS. */
  readonly createServer: (onConnection: (socket: Socket) => void) => Server
  /** Numbers the connections of all brokers. */
  readonly nextConnectionId: () => number
}

/** A broker that can be started and stopped any number of times on the same port. */
export class BrokerServer {
  readonly #context: BrokerContext
  /** The TCP sockets, including those in a TLS handshake. */
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #port: number

  /** @param port - 0 takes a free one at the first start. */
  constructor(context: BrokerContext, port: number) {
    this.#context = context
    this.#port = port
  }

  get id(): number {
    return this.#context.brokerId
  }

  /** The port listened on; 0 before the first start, if none was asked for. */
  get port(): number {
    return this.#port
  }

  /** Listens on the former port or on another one. Rejects if the port is taken. */
  async start(port = this.#port): Promise<void> {
    if (this.#server) return
    this.#port = port
    const server = this.#createServer()
    server.maxConnections = MAX_CONNECTIONS
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => {
        this.#sockets.delete(socket)
      })
    })
    this.#server = server
    server.listen(this.#port, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (typeof address === 'object' && address) this.#port = address.port
  }

  /** Stops listening and closes every connection at once. */
  async stop(): Promise<void> {
    const server = this.#server
    if (!server) return
    this.#server = undefined
    const allClosed = Promise.all([server, ...this.#sockets].map(closing))
    server.close()
    this.cutConnections()
    await allClosed
  }

  /** Closes every connection at once; the broker continues to listen. */
  cutConnections(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  #createServer(): Server {
    const serve = (socket: Socket): void => {
      const connectionId = this.#context.nextConnectionId()
      serveConnection(socket, { ...this.#context, connectionId })
    }
    const { tls, createServer } = this.#context
    return tls ? createTlsServer(tls, serve) : createServer(serve)
  }
}

/** Resolves when a server or socket is closed, also after an error. */
function closing(emitter: Server | Socket): Promise<void> {
  return new Promise((resolve) => {
    emitter.once('close', () => {
      resolve()
    })
  })
}
