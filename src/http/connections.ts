import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { CancelTimer, Clock } from '../base/clock.ts'
import type { TrustedProxies } from './access/trusted-proxies.ts'
import { Connection } from './connection.ts'
import type { Refusal } from './error-body.ts'
import type { ReplyTarget } from './exchange.ts'
import type { ConnectionCounts, DropReason } from './http-metrics.ts'
import type { ServerLimits } from './limits.ts'

/** Observes connections that do not end normally. */
export interface ConnectionObserver {
  /** A client left before its reply, does not read it, or sent too many requests at once. */
  clientFailed(connection: Connection, code: 'aborted' | 'stalled_reader' | 'pipelined'): void
  /** A connection was closed although its client did nothing wrong. */
  dropped(reason: DropReason, address: string): void
  /** The rest of a body is late. Called at each check until the connection is closed. */
  bodyIsLate(connection: Connection): void
}

/** An idle connection, and its number of requests when it was found. */
interface Candidate {
  readonly connection: Connection
  readonly requests: number
}

/**
 * A search for idle connections looks at all connections. It is made at most once while the number of new connections
 * grows by a hundredth of the open ones. So a new connection costs at most a hundred looks, however many are open.
 */
const ARRIVALS_PER_SEARCH = 0.01

/** The refusal for streams that could otherwise go on without end. */
const DRAINING: Refusal = { code: 'PRODUCER_DRAINING', message: 'kprf is shutting down' }

/** An idle connection is kept this much longer than announced, ms: a request may be in transit. */
const KEEP_ALIVE_BUFFER_MS = 1000

/**
 * The open connections of one server. It limits their number, decides which ones make room, and cuts those that
 * stall or stay idle.
 */
export class Connections {
  readonly #clock: Clock
  readonly #limits: ServerLimits
  readonly #observer: ConnectionObserver
  readonly #proxies: TrustedProxies | undefined
  readonly #connections = new Map<Duplex, Connection>()
  /** The number of connections of each address, except trusted proxies, which bring the requests of many clients. */
  readonly #byAddress = new Map<string, number>()
  /** Idle connections found by the last search. The last one is closed next. */
  #candidates: Candidate[] = []
  #arrivalsSinceSearch = Infinity
  #begunInTurn = 0
  #cancelTurn: CancelTimer | undefined
  #isStopping = false
  #endsStreams = false

  constructor(
    clock: Clock,
    limits: ServerLimits,
    observer: ConnectionObserver,
    proxies?: TrustedProxies,
  ) {
    this.#proxies = proxies
    this.#clock = clock
    this.#limits = limits
    this.#observer = observer
  }

  /**
   * Adds an accepted connection, or closes it if there is no room.
   *
   * @returns `undefined` if it was closed.
   */
  add(socket: Socket): Connection | undefined {
    const isOfProxy = this.#proxies?.includes(socket.remoteAddress) ?? false
    const connection = new Connection(socket, this.#clock, this.#limits, isOfProxy)
    const { address } = connection
    const { maxConnections, maxConnectionsPerAddress } = this.#limits
    const ofAddress = this.#byAddress.get(address) ?? 0
    this.#arrivalsSinceSearch += 1
    if (maxConnectionsPerAddress > 0 && ofAddress >= maxConnectionsPerAddress) {
      this.#drop(socket, 'address_limit', address)
      return undefined
    }
    if (this.#connections.size >= maxConnections && !this.#makeRoom()) {
      this.#drop(socket, 'limit', address)
      return undefined
    }
    this.#connections.set(socket, connection)
    if (!isOfProxy) this.#byAddress.set(address, ofAddress + 1)
    socket.on('close', () => {
      connection.closed()
      if (this.#forget(connection) && connection.isUnanswered) {
        this.#observer.clientFailed(connection, 'aborted')
      }
    })
    return connection
  }

  /** Returns the connection of a socket; `undefined` if it was closed. */
  get(socket: Duplex): Connection | undefined {
    return this.#connections.get(socket)
  }

  /**
   * Registers a response.
   *
   * @returns whether the request may be served. Requests after the last one of a connection get no reply and must
   * have no effect.
   */
  begin(response: ReplyTarget): boolean {
    const connection = this.#connections.get(response.req.socket)
    if (connection === undefined) return false
    if (connection.isOfProxy) this.#proxies?.identify(response.req)
    const beginning = connection.begin(response, this.#maxPipelinedRequests())
    if (beginning === 'tooMany') this.#observer.clientFailed(connection, 'pipelined')
    if (beginning !== 'served') return false
    if (this.#isStopping) response.shouldKeepAlive = false
    return true
  }

  /** The limit for a connection; lower in a busy turn of the event loop, since one read may bring thousands of requests. */
  #maxPipelinedRequests(): number {
    const { maxPipelinedRequests, maxPipelinedRequestsWhenCrowded } = this.#limits
    if (this.#begunInTurn === 0) {
      this.#cancelTurn = this.#clock.schedule(0, () => {
        this.#begunInTurn = 0
      })
    }
    this.#begunInTurn += 1
    return this.#begunInTurn <= this.#limits.crowdedTurnRequests
      ? maxPipelinedRequests
      : maxPipelinedRequestsWhenCrowded
  }

  /** The number of open connections. */
  get size(): number {
    return this.#connections.size
  }

  /** The numbers of connections, and the bytes of replies that clients have not read. */
  get counts(): ConnectionCounts {
    let active = 0
    let replyBytes = 0
    for (const { isBusy, socket } of this.#connections.values()) {
      if (isBusy) active += 1
      replyBytes += socket.writableLength
    }
    return { active, idle: this.#connections.size - active, replyBytes }
  }

  /** Makes each reply the last of its connection, current ones included if their headers are not sent. */
  closeAfterReplies(): void {
    this.#isStopping = true
    for (const { lastResponse } of this.#connections.values()) {
      if (lastResponse?.headersSent === false) lastResponse.shouldKeepAlive = false
    }
  }

  /** Ends streamed bodies and streamed replies, also those that begin later. */
  endStreams(): void {
    this.#endsStreams = true
    for (const connection of this.#connections.values()) connection.endStreams(DRAINING)
  }

  /** Ends idle connections now, and busy ones after their current responses. */
  endAll(): void {
    this.closeAfterReplies()
    this.endStreams()
    for (const connection of this.#connections.values()) {
      const { lastResponse, isBusy } = connection
      // The body that is still arriving belongs to a request that is being served.
      if (isBusy && lastResponse?.req.complete === false) connection.stopServing()
      else connection.endAfterReplies()
    }
  }

  /** Cancels the timers. */
  stop(): void {
    this.#cancelTurn?.()
    this.#begunInTurn = 0
  }

  /** Cuts all connections. */
  cutAll(): void {
    for (const connection of this.#connections.values()) this.#cut(connection)
  }

  /**
   * Cuts connections that ended and whose clients had time to read the last reply, connections whose clients read
   * too slowly, and connections that were idle for too long. Empty lines do not count as activity, although Node's
   * parser skips them and restarts its timer. Reports late bodies, and streams that began after
   * {@link Connections.endStreams}. To be called periodically.
   */
  sweep(): void {
    const nowMs = this.#clock.nowMs()
    const idleMs = this.#limits.keepAliveTimeoutMs + KEEP_ALIVE_BUFFER_MS
    for (const connection of this.#connections.values()) {
      connection.look(nowMs)
      if (this.#endsStreams) connection.endStreams(DRAINING)
      if (connection.hasLingered(nowMs)) {
        this.#cut(connection)
      } else if (connection.isStalled(nowMs)) {
        this.#cut(connection)
        this.#observer.clientFailed(connection, 'stalled_reader')
      } else if (connection.isIdle(nowMs, idleMs)) {
        this.#cut(connection)
        if (!connection.isSilent) this.#observer.dropped('idle_timeout', connection.address)
      } else if (connection.isBodyLate(nowMs)) {
        this.#observer.bodyIsLate(connection)
      }
    }
  }

  #makeRoom(): boolean {
    if (this.#evictCandidate()) return true
    if (this.#arrivalsSinceSearch < this.#connections.size * ARRIVALS_PER_SEARCH) return false
    this.#arrivalsSinceSearch = 0
    this.#candidates = this.#findCandidates()
    return this.#evictCandidate()
  }

  #evictCandidate(): boolean {
    for (;;) {
      const candidate = this.#candidates.pop()
      if (candidate === undefined) return false
      const { connection, requests } = candidate
      if (connection.requests !== requests || connection.isBusy) continue
      if (!this.#cut(connection)) continue
      this.#observer.dropped('idle_evicted', connection.address)
      return true
    }
  }

  /**
   * The idle connections that are to be closed first, in reverse order: those of the addresses with the most connections,
   * and of these the ones that have been idle longest.
   */
  #findCandidates(): Candidate[] {
    const idle: { connection: Connection; ofAddress: number }[] = []
    for (const connection of this.#connections.values()) {
      if (connection.isBusy) continue
      idle.push({ connection, ofAddress: this.#byAddress.get(connection.address) ?? 0 })
    }
    idle.sort(
      (a, b) => a.ofAddress - b.ofAddress || b.connection.idleSinceMs - a.connection.idleSinceMs,
    )
    const count = Math.ceil(this.#connections.size * ARRIVALS_PER_SEARCH)
    return idle
      .slice(-count)
      .map(({ connection }) => ({ connection, requests: connection.requests }))
  }

  /** Returns whether the connection was open. */
  #cut(connection: Connection): boolean {
    const wasOpen = this.#forget(connection)
    connection.socket.destroy()
    return wasOpen
  }

  #drop(socket: Socket, reason: DropReason, address: string): void {
    socket.destroy()
    this.#observer.dropped(reason, address)
  }

  #forget({ socket, address, isOfProxy }: Connection): boolean {
    if (!this.#connections.delete(socket)) return false
    if (isOfProxy) return true
    const left = (this.#byAddress.get(address) ?? 1) - 1
    if (left === 0) this.#byAddress.delete(address)
    else this.#byAddress.set(address, left)
    return true
  }
}
