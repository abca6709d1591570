/**
 * Reads each connection before Node's HTTP server, which needs more processor time for a push. It serves pushes in the
 * form that nearly every client sends, and hands a connection over to Node at the first other request. docs/DESIGN.md
 * says why this is safe.
 */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '../../base/clock.ts'
import type { AllowedHosts } from '../access/allowed-hosts.ts'
import type { TrustedProxies } from '../access/trusted-proxies.ts'
import type { Connection } from '../connection.ts'
import type { Connections } from '../connections.ts'
import type { ServerLimits } from '../limits.ts'
import { FastConnection, type FastConnectionOptions } from './fast-connection.ts'
import type { FastRoute } from './fast-route.ts'

/** Options of a {@link FastWay}. */
export interface FastWayOptions {
  readonly route: FastRoute
  readonly connections: Pick<Connections, 'begin'>
  readonly hosts: AllowedHosts | undefined
  readonly proxies: Pick<TrustedProxies, 'identify'> | undefined
  readonly clock: Pick<Clock, 'epochMs' | 'nowMs'>
  readonly limits: Pick<ServerLimits, 'keepAliveTimeoutMs'>
  /** Called when Node gets a connection, after Node's own handlers. */
  readonly onGivenToNode: (socket: Socket) => void
}

/** The most that one read returns, bytes: as with Node. */
const READ_BYTES = 65_536

/** The fast way of one server. */
export class FastWay {
  readonly #options: FastConnectionOptions
  readonly #clock: Pick<Clock, 'epochMs'>
  readonly #keepAlive: string
  /** The connections that wait for the rest of a body or for a turn, and whether the last check found them waiting. */
  readonly #awaiting = new Map<FastConnection, boolean>()
  #second = NaN
  #date = ''

  constructor(server: Server, options: FastWayOptions) {
    const { route, connections, hosts, proxies, clock, limits, onGivenToNode } = options
    const handlers = server.listeners('connection')
    server.removeAllListeners('connection')
    this.#clock = clock
    const seconds = Math.floor(limits.keepAliveTimeoutMs / 1000)
    this.#keepAlive = `Connection: keep-alive\r\nKeep-Alive: timeout=${seconds}\r\n\r\n`
    this.#options = {
      route,
      accepts: (head) => hosts?.refusal(head.headers.host) === undefined && route.accepts(head),
      nowMs: () => clock.nowMs(),
      readBuffer: Buffer.allocUnsafeSlow(READ_BYTES),
      identify: (request) => proxies?.identify(request),
      begin: (response) => connections.begin(response),
      lastHeaders: (isLast) => this.#lastHeaders(isLast),
      giveToNode: (socket) => {
        for (const handle of handlers) Reflect.apply(handle, server, [socket])
        onGivenToNode(socket)
      },
      onError: (error, socket) => {
        server.emit('clientError', error, socket)
      },
      onAwaiting: (connection, isAwaiting) => {
        route.awaited(isAwaiting)
        if (isAwaiting) this.#awaiting.set(connection, false)
        else this.#awaiting.delete(connection)
      },
    }
  }

  /** Begins to serve a connection that was accepted. */
  accept(socket: Socket, connection: Connection): void {
    // The listeners of the socket keep a reference to it.
    new FastConnection(socket, connection, this.#options)
  }

  /** Hands connections over to Node that waited for a body at the last check too. To be called periodically. */
  sweep(): void {
    for (const [connection, wasSeen] of this.#awaiting) {
      if (wasSeen) connection.giveUpBody()
      else this.#awaiting.set(connection, true)
    }
  }

  /** Hands all connections over to Node whose request waits for its body or its turn. */
  giveUpAwaiting(): void {
    for (const connection of this.#awaiting.keys()) connection.giveUpAwaiting()
  }

  #lastHeaders(isLast: boolean): string {
    const second = Math.floor(this.#clock.epochMs() / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#date = `Date: ${new Date(second * 1000).toUTCString()}\r\n`
    }
    return this.#date + (isLast ? 'Connection: close\r\n\r\n' : this.#keepAlive)
  }
}
