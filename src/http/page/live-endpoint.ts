/** Handles `GET /page/live`: sends what is new on the page, for as long as it is open. */
import type { IncomingMessage } from 'node:http'
import { ProxyError } from '../../base/errors.ts'
import { ANONYMOUS, type Principal } from '../../base/principal.ts'
import type { MaybePromise } from '../../producer/types.ts'
import { LIVE_PATH } from '../../page/assets.ts'
import { type LiveFeed, TOO_MANY_VIEWERS, type Viewer } from '../../page/live/feed.ts'
import { EVENT_STREAM_TYPE } from '../../page/live/server-sent-events.ts'
import { PLAIN } from '../edge/dialect.ts'
import type { BodilessRoute, Entry, NodeCall } from '../edge/route.ts'
import { OK_STATUS } from '../error-mapper.ts'
import type { ReplyRoom } from '../reply-room.ts'
import { StreamedReply } from '../streamed-reply.ts'
import { assertOwnHost } from './own-host.ts'

/** Who may see what the page shows. */
export interface PageAccess {
  /** Whether `http.metrics_auth` has tokens. Without any, the gate of the port decides. */
  readonly hasTokens: boolean
  identify(request: IncomingMessage): MaybePromise<Entry>
}

/** Dependencies of a {@link LiveEndpoint}. */
export interface LiveEndpointOptions {
  readonly feed: LiveFeed
  readonly access: PageAccess
  /** Whether `http.hosts` says which hosts requests may be for. */
  readonly hasHosts: boolean
  readonly replyRoom: ReplyRoom
}

/** The route of the stream. */
export class LiveEndpoint implements BodilessRoute {
  readonly name = 'page'
  readonly method = 'GET'
  readonly path = LIVE_PATH
  readonly isNamed = false
  readonly access = 'open'
  readonly dialect = PLAIN
  readonly body = 'none'
  readonly #options: LiveEndpointOptions

  constructor(options: LiveEndpointOptions) {
    this.#options = options
  }

  /** Read for each request: the tokens can change. */
  get principal(): Principal | undefined {
    return this.#options.access.hasTokens ? ANONYMOUS : undefined
  }

  checkHead(call: NodeCall): void {
    assertOwnHost(call, this.#options.hasHosts)
  }

  async answer({ request, response, requestId }: NodeCall): Promise<number> {
    const { feed, access, replyRoom: room } = this.#options
    const entry = access.hasTokens ? await access.identify(request) : undefined
    if (entry !== undefined && !('principal' in entry)) {
      throw new ProxyError(entry.code, entry.message)
    }
    if (!feed.hasRoom) throw new ProxyError('OVERLOADED', TOO_MANY_VIEWERS)
    const reply = new StreamedReply(response, requestId, { contentType: EVENT_STREAM_TYPE, room })
    if (request.method === 'HEAD') reply.end()
    else await this.#stream(reply)
    return OK_STATUS
  }

  /** Resolves when the client has left, or the server stops. */
  async #stream(reply: StreamedReply): Promise<void> {
    const ended = Promise.withResolvers<undefined>()
    const end = (): void => {
      ended.resolve(undefined)
    }
    const remove = this.#options.feed.add(viewerAt(reply, end))
    reply.signal.addEventListener('abort', end)
    if (reply.signal.aborted) end()
    await ended.promise
    remove()
    reply.end()
  }
}

function viewerAt(reply: StreamedReply, onEnd: () => void): Viewer {
  let hasRead = true
  return {
    get hasRead() {
      return hasRead
    },
    send: (event) => {
      const reading = reply.write(event)
      if (reading === undefined) return
      hasRead = false
      void reading.then(() => {
        hasRead = true
      })
    },
    end: onEnd,
    cut: () => {
      reply.cut()
      onEnd()
    },
  }
}
