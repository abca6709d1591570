/**
 * Handles `GET /openapi.json` and `GET /docs`: each sends one text, made at the first request: most
 * processes never have one, and it would take 20 ms of their start.
 *
 * The gate asks for credentials, as for every other path, but for no right: the version and the limits of kprf are for
 * those who may use it. A browser asks its user for a password, which is the token.
 */
import type { BodilessRoute, NodeCall } from '../edge/route.ts'
import { PLAIN, type Reply } from '../edge/dialect.ts'
import { OK_STATUS } from '../error-mapper.ts'
import type { ReplyRoom } from '../reply-room.ts'
import { begin, endWithBytes, type HeaderList } from '../reply.ts'

export const HTML_TYPE = 'text/html; charset=utf-8'

/** What a {@link DocumentEndpoint} sends. */
export interface ServedText {
  readonly name: string
  readonly path: '/openapi.json' | '/docs'
  readonly contentType: string
  /** Makes the body, once. */
  readonly makeBody: () => string
  /** @defaultValue those of every reply */
  readonly headers?: HeaderList
}

/** What every request gets. */
interface Made {
  readonly reply: Reply
  /** Replies share these bytes; what a client has not read is counted all the same, since TLS copies it. */
  readonly bytes: Buffer
}

/** One of the routes. */
export class DocumentEndpoint implements BodilessRoute {
  readonly name: string
  readonly method = 'GET'
  readonly path: ServedText['path']
  readonly access = 'open'
  readonly dialect = PLAIN
  readonly body = 'none'
  readonly #makeBody: () => string
  readonly #contentType: string
  readonly #headers: HeaderList | undefined
  #made: Made | undefined
  readonly #replyRoom: ReplyRoom

  constructor({ name, path, contentType, makeBody, headers }: ServedText, replyRoom: ReplyRoom) {
    this.name = name
    this.path = path
    this.#makeBody = makeBody
    this.#contentType = contentType
    this.#headers = headers
    this.#replyRoom = replyRoom
  }

  answer({ request, response, requestId }: NodeCall): number {
    this.#made ??= this.#make()
    const { reply, bytes } = this.#made
    const held = this.#replyRoom.reserve(request, bytes.length)
    held?.sending(response, bytes.length)
    begin(response, requestId, reply, this.#headers)
    endWithBytes(response, bytes)
    return OK_STATUS
  }

  #make(): Made {
    const body = this.#makeBody()
    const reply = { status: OK_STATUS, contentType: this.#contentType, body }
    return { reply, bytes: Buffer.from(body) }
  }
}
