/** The open connections, and what the server has to know about each that Node does not tell. */
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** One open connection. */
export interface Connection {
  readonly socket: Socket
  /** The response begun last; on one connection they finish in the order in which they began. */
  lastResponse: ServerResponse | undefined
  /** Requests begun. */
  requests: number
  /** It ends with `lastResponse`, or what follows that. No further request on it is served. */
  isEnding: boolean
}

/** All open connections of one server. */
export class Connections {
  readonly #connections = new Map<Duplex, Connection>()
  #isStopping = false

  add(socket: Socket): void {
    const connection = { socket, lastResponse: undefined, requests: 0, isEnding: false }
    this.#connections.set(socket, connection)
    socket.once('close', () => this.#connections.delete(socket))
  }

  get(socket: Duplex): Connection | undefined {
    return this.#connections.get(socket)
  }

  /**
   * Notes that a request got its response object.
   *
   * @param maxRequests - after how many requests a connection ends.
   * @returns whether it may be served: what follows a response that ends the connection gets no
   * answer, and must have no effect.
   */
  begin(response: ServerResponse, maxRequests: number): boolean {
    const connection = this.#connections.get(response.req.socket)
    if (connection === undefined || connection.isEnding) return false
    connection.lastResponse = response
    connection.requests += 1
    if (this.#isStopping || connection.requests >= maxRequests) {
      connection.isEnding = true
      response.setHeader('Connection', 'close')
    }
    return true
  }

  /** Lets each connection end with the reply to its next request, or that under way if it can still say so. */
  endGently(): void {
    this.#isStopping = true
    for (const connection of this.#connections.values()) {
      const { lastResponse } = connection
      if (lastResponse === undefined || lastResponse.headersSent) continue
      connection.isEnding = true
      lastResponse.setHeader('Connection', 'close')
    }
  }

  /**
   * Lets each connection end with the response begun last on it, or that to its next request.
   *
   * @param onLateEnd - called when one ends a response whose head had already promised to stay.
   */
  endAll(onLateEnd: () => void): void {
    this.endGently()
    for (const connection of this.#connections.values()) {
      const { lastResponse } = connection
      if (lastResponse?.headersSent !== true || lastResponse.writableFinished) continue
      connection.isEnding = true
      lastResponse.once('finish', onLateEnd)
    }
  }

  /**
   * Gives clients that have not taken all of their replies `timeoutMs` to take some more. To be called
   * more often than that. A socket's own timer sees progress in the middle of a write, which is known
   * nowhere else; and it must be off while a client merely waits for the delivery of its records.
   */
  limitStalledReaders(timeoutMs: number): void {
    for (const { socket } of this.#connections.values()) {
      const hasUnread = socket.writableLength > 0
      const isLimited = socket.timeout === timeoutMs
      if (hasUnread && !isLimited) socket.setTimeout(timeoutMs)
      if (!hasUnread && isLimited) socket.setTimeout(0)
    }
  }
}
