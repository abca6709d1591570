/** The open connections of one server: how many there may be, which of them make room, which are cut. */
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { CancelTimer, Clock } from '../base/clock.ts'
import { Connection } from './connection.ts'
import type { Refusal } from './error-body.ts'
import type { ConnectionCounts, DropReason } from './http-metrics.ts'
import type { ServerLimits } from './limits.ts'

/** Is told what becomes of connections other than that they open and close. */
export interface ConnectionObserver {
  /** A client left before its reply, does not take it, or sent too many requests at once. */
  clientFailed(connection: Connection, code: 'aborted' | 'stalled_reader' | 'pipelined'): void
  /** A connection was closed that had done nothing wrong but be there. */
  dropped(reason: DropReason, address: string): void
  /** What is left of a body takes too long. Called again, each time that this is found, until it is no more so. */
  bodyIsLate(connection: Connection): void
}

/** An idle connection, and how many requests it had when it was found to be idle. */
interface Candidate {
  readonly connection: Connection
  readonly requests: number
}

/**
 * To find what is idle all connections are looked at. That is done once for a hundredth of them that come, so that
 * one that comes costs a hundred looks whatever their number.
 */
const ARRIVALS_PER_SEARCH = 0.01

/** What to tell a client that might go on sending for as long as it likes. */
const DRAINING: Refusal = { code: 'PRODUCER_DRAINING', message: 'kprf is shutting down' }

/** How much longer an idle connection is kept than promised: a request may be under way. */
const KEEP_ALIVE_BUFFER_MS = 1000

/** See the head of this file. */
export class Connections {
  readonly #clock: Clock
  readonly #limits: ServerLimits
  readonly #observer: ConnectionObserver
  readonly #connections = new Map<Duplex, Connection>()
  readonly #byAddress = new Map<string, number>()
  /** The next one to make room is the last. */
  #candidates: Candidate[] = []
  #arrivalsSinceSearch = Infinity
  #begunInTurn = 0
  #cancelTurn: CancelTimer | undefined
  #isStopping = false
  #endsStreams = false

  constructor(clock: Clock, limits: ServerLimits, observer: ConnectionObserver) {
    this.#clock = clock
    this.#limits = limits
    this.#observer = observer
  }

  /** Takes a connection that was accepted, or closes it where there is no room. */
  add(socket: Socket): void {
    const connection = new Connection(socket, this.#clock, this.#limits)
    const { address } = connection
    const { maxConnections, maxConnectionsPerAddress } = this.#limits
    const ofAddress = this.#byAddress.get(address) ?? 0
    this.#arrivalsSinceSearch += 1
    if (maxConnectionsPerAddress > 0 && ofAddress >= maxConnectionsPerAddress) {
      this.#drop(socket, 'address_limit', address)
    } else if (this.#connections.size >= maxConnections && !this.#makeRoom()) {
      this.#drop(socket, 'limit', address)
    } else {
      this.#connections.set(socket, connection)
      this.#byAddress.set(address, (this.#byAddress.get(address) ?? 0) + 1)
      socket.on('close', () => {
        connection.closed()
        if (this.#forget(connection) && connection.isUnanswered) {
          this.#observer.clientFailed(connection, 'aborted')
        }
      })
    }
  }

  /** `undefined` for one that was closed. */
  get(socket: Duplex): Connection | undefined {
    return this.#connections.get(socket)
  }

  /**
   * Notes that a request got its response object.
   *
   * @returns whether it may be served: what follows a response that ends the connection gets no
   * answer, and must have no effect.
   */
  begin(response: ServerResponse): boolean {
    const connection = this.#connections.get(response.req.socket)
    if (connection === undefined) return false
    const beginning = connection.begin(response, this.#maxPipelinedRequests())
    if (beginning === 'tooMany') this.#observer.clientFailed(connection, 'pipelined')
    if (beginning !== 'served') return false
    if (this.#isStopping) response.shouldKeepAlive = false
    return true
  }

  /** Less in a turn of the event loop that has much to do: a read may bring thousands of requests. */
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

  /** How many there are, and what their clients have yet to take. */
  get counts(): ConnectionCounts {
    let active = 0
    let replyBytes = 0
    for (const { isBusy, socket } of this.#connections.values()) {
      if (isBusy) active += 1
      replyBytes += socket.writableLength
    }
    return { active, idle: this.#connections.size - active, replyBytes }
  }

  /** Makes each reply the last of its connection, that under way too if it can still say so. */
  closeAfterReplies(): void {
    this.#isStopping = true
    for (const { lastResponse } of this.#connections.values()) {
      if (lastResponse?.headersSent === false) lastResponse.shouldKeepAlive = false
    }
  }

  /** Has all end that might go on for as long as clients like: bodies and replies that stream, later ones too. */
  endStreams(): void {
    this.#endsStreams = true
    for (const connection of this.#connections.values()) connection.endStreams(DRAINING)
  }

  /** Ends the idle connections, and each other one after the response begun last on it. */
  endAll(): void {
    this.closeAfterReplies()
    this.endStreams()
    for (const connection of this.#connections.values()) {
      const { lastResponse, isBusy } = connection
      // The rest of a body that is still arriving belongs to a request that is being served.
      if (isBusy && lastResponse?.req.complete === false) connection.stopServing()
      else connection.endAfterReplies()
    }
  }

  /** Ends what is scheduled. */
  stop(): void {
    this.#cancelTurn?.()
    this.#begunInTurn = 0
  }

  /** Cuts all of them. */
  cutAll(): void {
    for (const connection of this.#connections.values()) this.#cut(connection)
  }

  /**
   * Cuts those that ended and whose clients have had time to read that, those whose clients take their replies too
   * slowly, and those that have been idle for longer than any is kept, whatever their clients send in place of a
   * request: Node's parser skips empty lines, and its timer begins anew with each. Finds the bodies that take too long,
   * and the streams that began when there were to be none.
   * To be called every now and then.
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
      } else if (!connection.isBusy && nowMs - connection.idleSinceMs > idleMs) {
        this.#cut(connection)
        this.#observer.dropped('idle_timeout', connection.address)
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

  /** The longest idle ones, of the addresses that have most connections; the first to go is the last. */
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

  /** Returns whether it was open. */
  #cut(connection: Connection): boolean {
    const wasOpen = this.#forget(connection)
    connection.socket.destroy()
    return wasOpen
  }

  #drop(socket: Socket, reason: DropReason, address: string): void {
    socket.destroy()
    this.#observer.dropped(reason, address)
  }

  #forget({ socket, address }: Connection): boolean {
    if (!this.#connections.delete(socket)) return false
    const left = (this.#byAddress.get(address) ?? 1) - 1
    if (left === 0) this.#byAddress.delete(address)
    else this.#byAddress.set(address, left)
    return true
  }
}
