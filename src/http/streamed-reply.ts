/**
 * Streams replies that may go on for long: lines of JSON, server-sent events. Writers wait for the client to read.
 * A client that does not read is cut as with any other reply (`connection.ts`), and the bytes that it may leave
 * unread count as a large reply (`reply-room.ts`).
 */
import type { ServerResponse } from 'node:http'
import { ProxyError } from '../base/errors.ts'
import { ClientGone } from './client-gone.ts'
import type { Refusal } from './error-body.ts'
import type { ReplyTarget } from './exchange.ts'
import { OK_STATUS } from './error-mapper.ts'
import { STREAMED_REPLY_BYTES } from './limits.ts'
import { type HeaderList, SAFE_HEADERS } from './reply.ts'
import type { HeldReply, ReplyRoom } from './reply-room.ts'

/** Options of a {@link StreamedReply}. */
export interface StreamedReplyOptions {
  readonly contentType: string
  readonly room: ReplyRoom
  /** @defaultValue only the headers of every reply */
  readonly headers?: HeaderList
  /**
   * When the head is sent: before anything is known, or with the first piece. Until then the request can still be refused.
   *
   * @defaultValue at once
   */
  readonly begins?: 'atOnce' | 'withFirstPiece'
}

/** Keyed by response, because a route and its connection share no other object. */
const STREAMED = new WeakMap<ReplyTarget, StreamedReply>()

/** Returns the streamed reply of a response; `undefined` if it is not streamed. */
export function streamedReplyOf(response: ReplyTarget): StreamedReply | undefined {
  return STREAMED.get(response)
}

/** A streamed reply with status 200. */
export class StreamedReply {
  readonly #response: ServerResponse
  readonly #held: HeldReply | undefined
  readonly #aborter = new AbortController()
  readonly #head: readonly string[]
  #hasBegun = false
  #drained: PromiseWithResolvers<void> | undefined
  #isGone = false

  /** @throws ProxyError `OVERLOADED` if unread replies leave no room. Nothing has been sent then. */
  constructor(
    response: ServerResponse,
    requestId: string,
    { contentType, room, headers = [], begins = 'atOnce' }: StreamedReplyOptions,
  ) {
    const { req: request } = response
    this.#response = response
    this.#held = room.reserve(request, STREAMED_REPLY_BYTES)
    this.#held?.releaseWithConnection()
    const own = ['Content-Type', contentType, 'X-Request-Id', requestId]
    this.#head = [...own, ...SAFE_HEADERS, ...headers]
    if (begins === 'atOnce') this.#begin()
    response.on('drain', () => {
      this.#wakeUp()
    })
    // Also after the end of the reply.
    response.once('close', () => {
      this.clientGone()
    })
    if (request.socket.destroyed) this.clientGone()
  }

  /**
   * Aborts when no more should be written: because the client left (the reason is {@link ClientGone}), or because
   * the server stops. Then the route should end the reply within a second.
   */
  get signal(): AbortSignal {
    return this.#aborter.signal
  }

  /**
   * Writes a piece of at most some KiB. No effect after the client left.
   *
   * @returns a promise for the time when the client has read enough or left; `undefined` if the next piece may be
   * written at once.
   */
  write(piece: string | Uint8Array): Promise<void> | undefined {
    if (this.#isGone || this.#response.writableEnded) return undefined
    if (!this.#hasBegun) this.#begin()
    if (this.#response.write(piece)) return undefined
    this.#drained ??= Promise.withResolvers()
    return this.#drained.promise
  }

  /** Ends the reply. A second call has no effect. */
  end(): void {
    if (!this.#isGone && !this.#response.writableEnded) this.#response.end()
  }

  /** Cuts the connection, so that the client notices that the reply is incomplete. */
  cut(): void {
    if (!this.#response.writableEnded) this.#response.destroy()
  }

  /** Whether this error of a route came from {@link StreamedReply.signal}. */
  wasStoppedBy(error: unknown): boolean {
    if (!this.signal.aborted) return false
    return error === this.signal.reason || (error instanceof Error && error.name === 'AbortError')
  }

  /** The server stops. Only the connection may call this and the method below. */
  stop({ code, message }: Refusal): void {
    if (!this.#response.writableEnded) this.#aborter.abort(new ProxyError(code, message))
  }

  /** The client left. Node 22 emits no event for a response that waits for its turn. */
  clientGone(): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#held?.release()
    if (!this.#response.writableFinished) this.#aborter.abort(new ClientGone())
    this.#wakeUp()
  }

  #begin(): void {
    const response = this.#response
    this.#hasBegun = true
    STREAMED.set(response, this)
    // HTTP/1.0 has no chunks: the end of the connection ends the reply.
    if (response.req.httpVersionMinor === 0) response.shouldKeepAlive = false
    response.writeHead(OK_STATUS, [...this.#head])
    response.flushHeaders()
  }

  #wakeUp(): void {
    const drained = this.#drained
    this.#drained = undefined
    drained?.resolve()
  }
}
