import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Connection } from './connection.ts'
import type { Connections } from './connections.ts'
import type { Dialects } from './edge/dialect.ts'
import type { Refusal } from './error-body.ts'
import type { ReplyTarget } from './exchange.ts'
import { isTooLate, parserRefusal, rawReply, TOO_LATE } from './parser-errors.ts'
import { type HeaderList, refuse } from './reply.ts'
import type { RequestIds } from './request-id.ts'

/** Dependencies of {@link InputRefusals}. */
export interface InputRefusalsOptions {
  readonly connections: Connections
  readonly dialects: Dialects
  readonly requestIds: RequestIds
  /** Called for each refusal. No request id: the reply is that of a route. */
  readonly onRefused: (
    connection: Connection | undefined,
    refusal: Refusal,
    requestId?: string,
  ) => void
}

const CONNECT_REFUSAL: Refusal = {
  code: 'METHOD_NOT_ALLOWED',
  message: 'kprf is not a forward proxy: CONNECT is not supported',
}

/**
 * Refuses invalid input of a connection, before a route is looked up or while a route waits for the rest of a body,
 * and ends the connection.
 */
export class InputRefusals {
  readonly #options: InputRefusalsOptions

  constructor(options: InputRefusalsOptions) {
    this.#options = options
  }

  /** Refuses a request for its head. */
  refuseHead(request: IncomingMessage, response: ServerResponse, refusal: Refusal): void {
    const { connections, onRefused, requestIds } = this.#options
    const requestId = requestIds(request.headers)
    onRefused(connections.get(request.socket), refusal, requestId)
    this.#refuse(response, requestId, refusal, 'afterBody')
  }

  /**
   * Refuses input that is not HTTP or did not arrive in time. Called again for later input of the same connection.
   */
  refuseInput(error: NodeJS.ErrnoException, socket: Duplex): void {
    const connection = this.#options.connections.get(socket)
    if (connection === undefined || !socket.writable || isLoss(error)) {
      if (connection?.isEnding !== true || isLoss(error)) socket.destroy()
      return
    }
    // Node's timer starts with the connection. Who has sent nothing is not late, but idle.
    if (isTooLate(error) && connection.socket.bytesRead === 0) return
    this.#refuseRest(connection, parserRefusal(error, connection.requests === 0))
  }

  /** Handles the end of input: Node reports no error for an incomplete body if the request asked for an upgrade. */
  inputEnded(socket: Duplex): void {
    const response = this.#options.connections.get(socket)?.lastResponse
    if (response === undefined || response.req.complete || response.writableEnded) return
    const error = new Error('the connection ended in the middle of a request')
    this.refuseInput(Object.assign(error, { code: 'HPE_INVALID_EOF_STATE' }), socket)
  }

  /** Refuses a body that takes too long. Called again until the connection is closed. */
  refuseLateBody(connection: Connection): void {
    if (connection.socket.writable) this.#refuseRest(connection, TOO_LATE)
  }

  /** Refuses a CONNECT. */
  refuseTunnel(socket: Duplex): void {
    // Node has removed its own listeners, and an error without a listener would end the process.
    socket.on('error', () => socket.destroy()).resume()
    const connection = this.#options.connections.get(socket)
    if (connection === undefined || connection.isEnding) return
    const requestId = this.#options.requestIds()
    this.#options.onRefused(connection, CONNECT_REFUSAL, requestId)
    this.#endWith(connection, requestId, CONNECT_REFUSAL, ['Allow', 'POST'])
  }

  /** Refuses the rest of the input: of a body, or in place of a request. */
  #refuseRest(connection: Connection, refusal: Refusal): void {
    const response = connection.lastResponse
    const isInBody = response !== undefined && !response.req.complete && !response.writableEnded
    if (connection.isEnding && !isInBody) return
    // The invalid input may be of the other protocol, or belongs to a request that already has its one reply.
    const isOfOther = connection.awaitsUpgrade && !isInBody
    if (isOfOther || (response !== undefined && !response.req.complete && response.writableEnded)) {
      connection.endAfterReplies()
      return
    }
    const { openStream } = connection
    if (openStream !== undefined) {
      if (connection.breakOff(openStream, refusal)) this.#options.onRefused(connection, refusal)
      return
    }
    const requestId = this.#options.requestIds(isInBody ? response.req.headers : undefined)
    this.#options.onRefused(connection, refusal, requestId)
    // The reply has begun, of a route that does not wait for the body: it ends as it is, and then the connection.
    if (isInBody && response.headersSent) {
      connection.endAfterReplies()
      response.end()
      return
    }
    connection.stopServing()
    if (!isInBody) {
      this.#endWith(connection, requestId, refusal)
    } else {
      // The reply is sent after the earlier ones.
      this.#refuse(response, requestId, refusal, 'atOnce')
      response.once('finish', () => {
        connection.discardInput()
      })
    }
  }

  #refuse(
    response: ReplyTarget,
    requestId: string,
    refusal: Refusal,
    closes: 'afterBody' | 'atOnce',
  ): void {
    const { req: request } = response
    const dialect = this.#options.dialects.dialectOf(request.url ?? '')
    refuse(request, response, requestId, refusal, dialect, { closes })
  }

  /** Ends a connection with a reply that belongs to no request, after the replies to earlier requests. */
  #endWith(
    connection: Connection,
    requestId: string,
    refusal: Refusal,
    headers?: HeaderList,
  ): void {
    connection.endWith(rawReply(refusal, requestId, headers))
  }
}

/** Whether the connection failed, rather than its input being invalid. */
function isLoss({ code }: NodeJS.ErrnoException): boolean {
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'ETIMEDOUT'
}
