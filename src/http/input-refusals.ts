/**
 * Answers what is wrong with the bytes of a connection, before any route is asked or while one waits for the rest of a
 * body, and ends the connection.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Connection } from './connection.ts'
import type { Connections } from './connections.ts'
import type { Dialects } from './edge/dialect.ts'
import type { Refusal } from './error-body.ts'
import { parserRefusal, rawReply, TOO_LATE } from './parser-errors.ts'
import { type HeaderList, refuse } from './reply.ts'
import type { RequestIds } from './request-id.ts'

/** What {@link InputRefusals} works with. */
export interface InputRefusalsOptions {
  readonly connections: Connections
  readonly dialects: Dialects
  readonly requestIds: RequestIds
  /** Called for each refusal. */
  readonly onRefused: (connection: Connection | undefined, refusal: Refusal) => void
}

const CONNECT_REFUSAL: Refusal = {
  code: 'METHOD_NOT_ALLOWED',
  message: 'kprf is not a forward proxy: CONNECT is not supported',
}

/** See the head of this file. */
export class InputRefusals {
  readonly #options: InputRefusalsOptions

  constructor(options: InputRefusalsOptions) {
    this.#options = options
  }

  /** Refuses a request for its head. */
  refuseHead(request: IncomingMessage, response: ServerResponse, refusal: Refusal): void {
    const { connections, onRefused } = this.#options
    onRefused(connections.get(request.socket), refusal)
    this.#refuse(response, refusal, 'afterBody')
  }

  /** Answers what is not HTTP, or did not arrive in time. Called again for whatever comes after it. */
  refuseInput(error: NodeJS.ErrnoException, socket: Duplex): void {
    const connection = this.#options.connections.get(socket)
    if (connection === undefined || !socket.writable || isLoss(error)) {
      if (connection?.isEnding !== true || isLoss(error)) socket.destroy()
      return
    }
    this.#refuseRest(connection, parserRefusal(error))
  }

  /** Node says nothing of a body that ends too soon where the request asked for an upgrade. */
  inputEnded(socket: Duplex): void {
    const response = this.#options.connections.get(socket)?.lastResponse
    if (response === undefined || response.req.complete || response.writableEnded) return
    const error = new Error('the connection ended in the middle of a request')
    this.refuseInput(Object.assign(error, { code: 'HPE_INVALID_EOF_STATE' }), socket)
  }

  /** Gives a body up that takes too long to arrive. Called again until the connection is gone. */
  refuseLateBody(connection: Connection): void {
    if (connection.socket.writable) this.#refuseRest(connection, TOO_LATE)
  }

  /** Refuses a CONNECT. */
  refuseTunnel(socket: Duplex): void {
    // Node has taken its own listeners off: an error without one would end the process.
    socket.on('error', () => socket.destroy()).resume()
    const connection = this.#options.connections.get(socket)
    if (connection === undefined || connection.isEnding) return
    this.#options.onRefused(connection, CONNECT_REFUSAL)
    this.#endWith(connection, CONNECT_REFUSAL, ['Allow', 'POST'])
  }

  /** Refuses the rest of what comes over a connection: that of a body, or what is in place of a request. */
  #refuseRest(connection: Connection, refusal: Refusal): void {
    const response = connection.lastResponse
    const isInBody = response !== undefined && !response.req.complete && !response.writableEnded
    if (connection.isEnding && !isInBody) return
    if (response !== undefined && !response.req.complete && response.writableEnded) {
      // What is wrong is the rest of a request that was answered without it: it has its one reply.
      connection.endAfterReplies()
      return
    }
    const { openStream } = connection
    if (openStream !== undefined) {
      if (connection.breakOff(openStream, refusal)) this.#options.onRefused(connection, refusal)
      return
    }
    connection.stopServing()
    this.#options.onRefused(connection, refusal)
    if (!isInBody) {
      this.#endWith(connection, refusal)
    } else if (response.headersSent) {
      response.end()
    } else {
      // The reply takes its turn behind those before it.
      this.#refuse(response, refusal, 'atOnce')
      response.once('finish', () => {
        connection.discardInput()
      })
    }
  }

  #refuse(response: ServerResponse, refusal: Refusal, closes: 'afterBody' | 'atOnce'): void {
    const { dialects, requestIds } = this.#options
    const { req: request } = response
    const dialect = dialects.dialectOf(request.url ?? '')
    refuse(request, response, requestIds(request.headers), refusal, dialect, { closes })
  }

  /** Ends a connection with a reply that belongs to no request, once those before it have theirs. */
  #endWith(connection: Connection, refusal: Refusal, headers?: HeaderList): void {
    const { socket, lastResponse } = connection
    connection.discardInput()
    const end = (): void => {
      socket.end(rawReply(refusal, this.#options.requestIds(), headers))
      connection.linger()
    }
    if (connection.isBusy) lastResponse?.once('finish', end)
    else end()
  }
}

/** Whether the connection itself is gone, rather than what came over it being wrong. */
function isLoss({ code }: NodeJS.ErrnoException): boolean {
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'ETIMEDOUT'
}
