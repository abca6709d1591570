/** Handles `GET` of one file of the page. The files tell nothing of this kprf, so that the gate asks for no credentials. */
import { ANONYMOUS } from '../../base/principal.ts'
import { type Asset, ASSET_HEADERS, isKnown, PAGE_PATH } from '../../page/assets.ts'
import { PLAIN } from '../edge/dialect.ts'
import type { BodilessRoute, NodeCall } from '../edge/route.ts'
import { OK_STATUS } from '../error-mapper.ts'
import { endWithBytes } from '../reply.ts'
import type { ReplyRoom } from '../reply-room.ts'

/** One of the routes. */
export class AssetEndpoint implements BodilessRoute {
  readonly name = 'page'
  readonly method = 'GET'
  readonly path: string
  readonly isNamed: boolean
  readonly access = 'open'
  readonly principal = ANONYMOUS
  readonly dialect = PLAIN
  readonly body = 'none'
  readonly #asset: Asset
  readonly #replyRoom: ReplyRoom

  constructor(asset: Asset, replyRoom: ReplyRoom) {
    this.path = asset.path
    this.isNamed = asset.path === PAGE_PATH
    this.#asset = asset
    this.#replyRoom = replyRoom
  }

  answer({ request, response, requestId }: NodeCall): number {
    const { contentType, body, etag } = this.#asset
    const common = ['X-Request-Id', requestId, 'ETag', etag, ...ASSET_HEADERS.flat()]
    if (isKnown(this.#asset, request.headers['if-none-match'])) {
      response.writeHead(304, common).end()
      return OK_STATUS
    }
    this.#replyRoom.reserve(request, body.length)?.sending(response, body.length)
    const own = ['Content-Type', contentType, 'Content-Length', String(body.length)]
    response.writeHead(OK_STATUS, [...own, ...common])
    endWithBytes(response, body)
    return OK_STATUS
  }
}
