import { loadAssets } from '../../page/assets.ts'
import type { Route } from '../edge/route.ts'
import type { ReplyRoom } from '../reply-room.ts'
import { AssetEndpoint } from './asset-endpoint.ts'
import { LiveEndpoint, type LiveEndpointOptions } from './live-endpoint.ts'

/** What the page on the main port works with. */
export type PageOptions = Omit<LiveEndpointOptions, 'replyRoom'>

/** Makes the routes of the page, which the main port has while the broker is embedded. */
export function createPageRoutes(options: PageOptions, replyRoom: ReplyRoom): readonly Route[] {
  return [
    ...loadAssets().map((asset) => new AssetEndpoint(asset, replyRoom)),
    new LiveEndpoint({ ...options, replyRoom }),
  ]
}
