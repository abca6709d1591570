/**
 * The HTTP server of kprf: Node's server with stricter limits. Every reply is JSON, whatever arrives on a
 * connection, and no client can use more than its share. All limits are in limits.ts.
 */
import { once } from 'node:events'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import { Server as NetServer, type AddressInfo, type Socket } from 'node:net'
import type { CancelTimer, Clock } from '../base/clock.ts'
import { invariant } from '../base/invariant.ts'
import type { LogFields, Logger } from '../telemetry/logging.ts'
import type { AllowedHosts } from './access/allowed-hosts.ts'
import type { TrustedProxies } from './access/trusted-proxies.ts'
import { addAcceptors, assertFree, CAN_SHARE_PORT } from './acceptors.ts'
import type { Connection } from './connection.ts'
import { Connections, type ConnectionObserver } from './connections.ts'
import { DROP_MESSAGES } from './drop-messages.ts'
import { type Dialects, PLAIN_ONLY } from './edge/dialect.ts'
import type { Refusal } from './error-body.ts'
import type { FastRoute } from './fast/fast-route.ts'
import { FastWay } from './fast/fast-way.ts'
import { HTTP_MAPPINGS } from './error-mapper.ts'
import type { Messages } from './express-messages.ts'
import type { ConnectionCounts, DropReason, EdgeObserver } from './http-metrics.ts'
import { InputRefusals } from './input-refusals.ts'
import { SERVER_LIMITS, type ServerLimits } from './limits.ts'
import { hasFreeDescriptor, roomForConnections } from './open-files.ts'
import { createNodeServer } from './node-server.ts'
import { createRequestIds, type RequestIds } from './request-id.ts'
import { EXPECTATION_REFUSAL, headRefusal, pathOf } from './request-guard.ts'
import type { ServerTls } from './tls/server-tls.ts'
import { TlsPort } from './tls/tls-port.ts'
import { addressOf } from './client-address.ts'

/** Replies to every request. An Express app is one. */
export type HttpApp = (
  request: IncomingMessage,
  response: ServerResponse,
  /** Express calls this if no handler replied. */
  next: (error?: unknown) => void,
) => void

/** Dependencies and limits of the {@link HttpServer}. */
export interface HttpServerOptions {
  readonly app: HttpApp
  /** @defaultValue Node's own */
  readonly messages?: Messages
  /**
   * Dialects for requests that are refused before the app gets them. @defaultValue the plain dialect for all paths
   */
  readonly dialects?: Dialects
  /** The hosts that requests may be for. @defaultValue all */
  readonly hosts?: AllowedHosts | undefined
  /** Proxies that say who sent each request. @defaultValue none */
  readonly proxies?: TrustedProxies | undefined
  readonly clock: Clock
  readonly log: Pick<Logger, 'limited'>
  /** @defaultValue nothing is measured */
  readonly observer?: EdgeObserver
  /** @defaultValue {@link SERVER_LIMITS} */
  readonly limits?: ServerLimits
  /** @defaultValue plain HTTP */
  readonly tls?: ServerTls | undefined
  /** What the app also serves before Node's server, of plain HTTP. @defaultValue nothing */
  readonly fastRoute?: FastRoute | undefined
}

const NO_OBSERVER: EdgeObserver = {
  clientFailed: () => undefined,
  connectionDropped: () => undefined,
  requestRefused: () => undefined,
}

/** An HTTP/1.1 server. Its states are new, listening, stopping and closed. */
export class HttpServer {
  readonly #app: HttpApp
  readonly #hosts: AllowedHosts | undefined
  readonly #clock: Clock
  readonly #log: Pick<Logger, 'limited'>
  readonly #limits: ServerLimits
  readonly #observer: EdgeObserver
  readonly #connections: Connections
  readonly #refusals: InputRefusals
  readonly #server: Server | TlsServer
  /** `undefined` for plain HTTP. */
  readonly #tlsPort: TlsPort | undefined
  readonly #requestIds: RequestIds
  /** `undefined` if Node reads every request. */
  readonly #fastWay: FastWay | undefined
  #acceptors: readonly NetServer[] = []
  #cancelSweep: CancelTimer | undefined
  #cancelEnd: CancelTimer | undefined
  #stopped: Promise<unknown> | undefined

  constructor(options: HttpServerOptions) {
    const { app, messages, clock, log, observer = NO_OBSERVER, limits = SERVER_LIMITS } = options
    this.#app = app
    this.#hosts = options.hosts
    this.#clock = clock
    this.#log = log
    this.#observer = observer
    this.#limits = { ...limits, maxConnections: roomForConnections(limits.maxConnections) }
    const connectionObserver: ConnectionObserver = {
      clientFailed: (connection, code) => {
        this.#clientFailed(connection, code)
      },
      dropped: (reason, address) => {
        this.#connectionDropped(reason, address)
      },
      bodyIsLate: (connection) => {
        this.#refusals.refuseLateBody(connection)
      },
    }
    this.#requestIds = createRequestIds(clock)
    this.#connections = new Connections(clock, this.#limits, connectionObserver, options.proxies)
    this.#refusals = new InputRefusals({
      connections: this.#connections,
      dialects: options.dialects ?? PLAIN_ONLY,
      requestIds: this.#requestIds,
      onRefused: (connection, { code, message: reason }, requestId) => {
        const { errorCode } = HTTP_MAPPINGS[code]
        this.#clientFailed(connection, code.toLowerCase(), {
          ...{ error_code: errorCode, reason },
          ...(requestId !== undefined && { request_id: requestId }),
        })
      },
    })
    const { isSecure, server } = createNodeServer(limits, messages, options.tls)
    this.#server = server
    this.#tlsPort = isSecure ? this.#openTls(server) : undefined
    this.#fastWay = isSecure ? undefined : this.#openFastWay(server, options)
    this.#handleEvents(isSecure ? 'secureConnection' : 'connection')
  }

  /**
   * Starts to accept connections.
   *
   * @param port - 0 selects a free port; see {@link HttpServer.address}.
   * @throws the error of the listener, for example with code EADDRINUSE.
   */
  async listen(port: number, host: string): Promise<void> {
    const reusePort = CAN_SHARE_PORT && this.#limits.acceptsPerTurn > 1
    if (reusePort) await assertFree(port, host)
    this.#server.listen({ port, host, reusePort })
    await once(this.#server, 'listening')
    if (reusePort) {
      const further = this.#limits.acceptsPerTurn - 1
      this.#acceptors = await addAcceptors(this.#server, further, this.address.port, host)
    }
    for (const server of [this.#server, ...this.#acceptors]) {
      // An error while one connection is accepted must not end the process.
      server.on('error', (error) => {
        this.#log.limited('error', 'listener error', 'cannot accept a connection', {
          error,
        })
      })
    }
    this.#scheduleSweep()
  }

  /** Uses this certificate and key for new connections. Open ones keep theirs. */
  renewTls({ context }: ServerTls): void {
    if ('setSecureContext' in this.#server) this.#server.setSecureContext(context)
  }

  /** The open connections. */
  get connectionCounts(): ConnectionCounts {
    return this.#connections.counts
  }

  /** The address of the listener. To be read after `listen` only. */
  get address(): AddressInfo {
    const address = this.#server.address()
    invariant(address !== null && typeof address === 'object', 'the server listens on a port')
    return address
  }

  /**
   * From now on each reply is the last of its connection (`Connection: close`), so that clients open new ones
   * elsewhere without an error.
   */
  closeAfterReplies(): void {
    this.#connections.closeAfterReplies()
  }

  /**
   * Stops accepting connections. Each open one ends after its current response; idle ones end {@link
   * ServerLimits.lastRequestMs} later, so that a request in transit is still served.
   *
   * @returns when all connections are closed. A client that never finishes its request can prevent this: {@link
   * HttpServer.close} ends the wait.
   */
  async stopAccepting(): Promise<void> {
    if (this.#stopped === undefined && !this.#server.listening) return
    const stopped = this.#stopListening()
    this.#cancelEnd ??= this.#scheduleEnd()
    await stopped
    this.#cancelEnd()
    this.#cancelSweep?.()
    this.#connections.stop()
  }

  /**
   * Stops accepting connections, and lets the open ones end without an error for the client: each after the reply
   * to its next request, or after the idle timeout. Streamed bodies and replies are ended.
   *
   * @returns when all connections are closed; {@link HttpServer.stopAccepting} makes that sooner.
   */
  async retire(): Promise<void> {
    if (this.#stopped !== undefined || !this.#server.listening) return
    const stopped = this.#stopListening()
    this.#connections.endStreams()
    await stopped
  }

  /** Stops accepting connections, and cuts the open ones. */
  async close(): Promise<void> {
    const stopped = this.stopAccepting()
    this.#connections.cutAll()
    this.#tlsPort?.close()
    await stopped
  }

  #scheduleEnd(): CancelTimer {
    const { lastRequestMs } = this.#limits
    const end = (): void => {
      // Requests that wait on the fast way are still served: Node gets them.
      this.#fastWay?.giveUpAwaiting()
      this.#connections.endAll()
    }
    if (lastRequestMs > 0) return this.#clock.schedule(lastRequestMs, end)
    end()
    return () => undefined
  }

  /** Resolves once all listeners and all connections are closed. */
  #stopListening(): Promise<unknown> {
    if (this.#stopped !== undefined) return this.#stopped
    this.#connections.closeAfterReplies()
    this.#tlsPort?.closeSilent()
    const servers = [this.#server, ...this.#acceptors]
    this.#stopped = Promise.all(servers.map((server) => once(server, 'close')))
    // Node's own `close` of an HTTP server would cut idle connections, on which a request may be in transit.
    for (const server of servers) NetServer.prototype.close.call(server)
    return this.#stopped
  }

  #openTls(server: TlsServer): TlsPort {
    return new TlsPort(server, {
      ...{ clock: this.#clock, limits: this.#limits, requestIds: this.#requestIds },
      connections: () => this.#connections.size,
      onFailed: (code, socket, fields) => {
        this.#failed(code, addressOf(socket), fields)
      },
      onDropped: (socket) => {
        this.#connectionDropped('limit', addressOf(socket))
      },
    })
  }

  #openFastWay(server: Server, options: HttpServerOptions): FastWay | undefined {
    const { fastRoute: route, hosts, proxies, clock } = options
    if (route === undefined) return undefined
    const onGivenToNode = this.#watchEnd.bind(this)
    const [connections, limits] = [this.#connections, this.#limits]
    const shared = { connections, hosts, proxies, clock, limits }
    return new FastWay(server, { route, ...shared, onGivenToNode })
  }

  #watchEnd(socket: Socket): void {
    socket.on('end', () => {
      this.#refusals.inputEnded(socket)
    })
  }

  #handleEvents(connection: 'connection' | 'secureConnection'): void {
    const serve = this.#serve.bind(this)
    this.#server
      .on(connection, (socket: Socket) => {
        const added = this.#connections.add(socket)
        if (added === undefined || this.#fastWay === undefined) this.#watchEnd(socket)
        else this.#fastWay.accept(socket, added)
      })
      .on('request', serve)
      // The body reader sends `100 Continue`, after all checks that need no body.
      .on('checkContinue', serve)
      .on('checkExpectation', (request, response) => {
        this.#begin(request, response, EXPECTATION_REFUSAL)
      })
      .on('clientError', (error, socket) => {
        this.#refusals.refuseInput(error, socket)
      })
      .on('connect', (_request, socket) => {
        this.#refusals.refuseTunnel(socket)
      })
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const refusal =
      headRefusal(request, this.#limits.maxHeaders) ?? this.#hosts?.refusal(request.headers.host)
    if (!this.#begin(request, response, refusal)) return
    request.url = pathOf(request.url ?? '')
    this.#app(request, response, unanswered)
  }

  /** Returns whether the request should be served. */
  #begin(request: IncomingMessage, response: ServerResponse, refusal?: Refusal): boolean {
    if (!this.#connections.begin(response)) return false
    if (refusal === undefined) return true
    this.#refusals.refuseHead(request, response, refusal)
    this.#observer.requestRefused(request.method ?? '', response.statusCode)
    return false
  }

  #scheduleSweep(): void {
    this.#cancelSweep = this.#clock.schedule(this.#limits.timeoutCheckIntervalMs, () => {
      this.#connections.sweep()
      this.#fastWay?.sweep()
      if (!hasFreeDescriptor()) this.#connectionDropped('file_descriptors')
      this.#scheduleSweep()
    })
  }

  #clientFailed(connection: Connection | undefined, code: string, fields?: LogFields): void {
    this.#failed(code, connection?.clientAddress, fields)
  }

  #failed(code: string, address: string | undefined, fields: LogFields = {}): void {
    this.#observer.clientFailed(code)
    const kind = { code }
    const message = 'a client was refused or cut off, or left'
    const all = { address, ...kind, ...fields }
    this.#log.limited('info', `client failed ${code}`, message, all, kind)
  }

  #connectionDropped(reason: DropReason, address?: string): void {
    this.#observer.connectionDropped(reason)
    const level = reason === 'idle_timeout' ? 'info' : 'warn'
    this.#log.limited(level, `connection dropped ${reason}`, DROP_MESSAGES[reason], {
      ...{ address, reason, max_connections: this.#limits.maxConnections },
    })
  }
}

/** Passed to Express, which would otherwise create a handler per request. */
function unanswered(): never {
  throw new Error('the app answers every request')
}
