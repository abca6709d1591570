/**
 * Replies that are written bit by bit, for as long as there is something to say: lines of JSON, server-sent events.
 * Whoever writes waits for the client to read. One that does not is cut off as with any other reply (`connection.ts`),
 * and what it may leave unread is counted with large replies (`reply-room.ts`).
 */
import type { ServerResponse } from 'node:http'
import { ProxyError } from '../base/errors.ts'
import { ClientGone } from './client-gone.ts'
import type { Refusal } from './error-body.ts'
import { OK_STATUS } from './error-mapper.ts'
import { STREAMED_REPLY_BYTES } from './limits.ts'
import { type HeaderList, SAFE_HEADERS } from './reply.ts'
import type { HeldReply, ReplyRoom } from './reply-room.ts'

/** What a {@link StreamedReply} is made of. */
export interface StreamedReplyOptions {
  readonly contentType: string
  readonly room: ReplyRoom
  /** @defaultValue none but those of every reply */
  readonly headers?: HeaderList
}

/** The response is all that a route and its connection both know. */
const STREAMED = new WeakMap<ServerResponse, StreamedReply>()

/** What is written to a response bit by bit; `undefined` where that is done otherwise. */
export function streamedReplyOf(response: ServerResponse): StreamedReply | undefined {
  return STREAMED.get(response)
}

/** A reply of status 200, whose head is sent at once. */
export class StreamedReply {
  readonly #response: ServerResponse
  readonly #held: HeldReply | undefined
  readonly #aborter = new AbortController()
  #drained: PromiseWithResolvers<void> | undefined
  #isGone = false

  /** @throws ProxyError `OVERLOADED` when the replies that wait to be read leave no room. Nothing is sent then. */
  constructor(
    response: ServerResponse,
    requestId: string,
    { contentType, room, headers = [] }: StreamedReplyOptions,
  ) {
    const { req: request } = response
    this.#response = response
    this.#held = room.reserve(request.socket, STREAMED_REPLY_BYTES)
    this.#held?.releaseWithConnection()
    STREAMED.set(response, this)
    // There are no chunks in HTTP/1.0: the end of the connection is that of the reply.
    if (request.httpVersionMinor === 0) response.shouldKeepAlive = false
    const own = ['Content-Type', contentType, 'X-Request-Id', requestId]
    response.writeHead(OK_STATUS, [...own, ...SAFE_HEADERS, ...headers])
    response.flushHeaders()
    response.on('drain', () => {
      this.#wakeUp()
    })
    // After the end of the reply too.
    response.once('close', () => {
      this.clientGone()
    })
    if (request.socket.destroyed) this.clientGone()
  }

  /**
   * Aborted when nothing more needs to be written: because the client has gone, whose reason is {@link ClientGone}, or
   * because the server stops, and the route is to end the reply within a second.
   */
  get signal(): AbortSignal {
    return this.#aborter.signal
  }

  /**
   * Writes a piece, of some KiB at most. Does nothing once the client has gone.
   *
   * @returns when the client has read enough for the next piece to be written, or has gone; `undefined` where it may be
   * written at once.
   */
  write(piece: string | Uint8Array): Promise<void> | undefined {
    if (this.#isGone || this.#response.writableEnded) return undefined
    if (this.#response.write(piece)) return undefined
    this.#drained ??= Promise.withResolvers()
    return this.#drained.promise
  }

  /** Ends the reply. A second time does no harm. */
  end(): void {
    if (!this.#isGone && !this.#response.writableEnded) this.#response.end()
  }

  /** Ends the connection in the middle of the reply, so that the client does not take it for whole. */
  cut(): void {
    if (!this.#response.writableEnded) this.#response.destroy()
  }

  /** Whether a route failed with this because of {@link StreamedReply.signal}. */
  wasStoppedBy(error: unknown): boolean {
    if (!this.signal.aborted) return false
    return error === this.signal.reason || (error instanceof Error && error.name === 'AbortError')
  }

  /** For the connection, as is the method below: the server stops. */
  stop({ code, message }: Refusal): void {
    if (!this.#response.writableEnded) this.#aborter.abort(new ProxyError(code, message))
  }

  /** Of a response that waits its turn Node 22 says nothing. */
  clientGone(): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#held?.release()
    if (!this.#response.writableFinished) this.#aborter.abort(new ClientGone())
    this.#wakeUp()
  }

  #wakeUp(): void {
    const drained = this.#drained
    this.#drained = undefined
    drained?.resolve()
  }
}
