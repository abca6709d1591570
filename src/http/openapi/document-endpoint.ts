/**
 * Handles `GET /openapi.json` and `GET /docs`: each sends one text, made at the start.
 *
 * The gate asks for credentials, as for every other path, but for no right: the version and the limits of kprf are for
 * those who may use it. A browser asks its user for a password, which is the token.
 */
import type { BodilessRoute, NodeCall } from '../edge/route.ts'
import { PLAIN, type Reply } from '../edge/dialect.ts'
import { OK_STATUS } from '../error-mapper.ts'
import type { ReplyRoom } from '../reply-room.ts'
import { begin, type HeaderList } from '../reply.ts'

export const HTML_TYPE = 'text/html; charset=utf-8'

/** What a {@link DocumentEndpoint} sends. */
export interface ServedText {
  readonly name: string
  readonly path: '/openapi.json' | '/docs'
  readonly contentType: string
  readonly body: string
  /** @defaultValue those of every reply */
  readonly headers?: HeaderList
}

/** One of the routes. */
export class DocumentEndpoint implements BodilessRoute {
  readonly name: string
  readonly method = 'GET'
  readonly path: ServedText['path']
  readonly access = 'open'
  readonly dialect = PLAIN
  readonly body = 'none'
  readonly #reply: Reply
  readonly #headers: HeaderList | undefined
  readonly #bytes: Buffer
  readonly #replyRoom: ReplyRoom

  constructor({ name, path, contentType, body, headers }: ServedText, replyRoom: ReplyRoom) {
    this.name = name
    this.path = path
    this.#reply = { status: OK_STATUS, contentType, body }
    this.#headers = headers
    // Replies share these bytes; what a client has not read is counted all the same, since TLS copies it.
    this.#bytes = Buffer.from(body)
    this.#replyRoom = replyRoom
  }

  answer({ request, response, requestId }: NodeCall): number {
    const held = this.#replyRoom.reserve(request, this.#bytes.length)
    held?.sending(response, this.#bytes.length)
    begin(response, requestId, this.#reply, this.#headers)
    response.end(this.#bytes)
    return OK_STATUS
  }
}
