/** The page of the operations port. Its files need no token; the data that it shows needs one, like the metrics. */
import type { ServerResponse } from 'node:http'
import { type Asset, ASSET_HEADERS, isKnown, loadAssets } from '../page/assets.ts'
import { type LiveFeed, TOO_MANY_VIEWERS, type Viewer } from '../page/live/feed.ts'
import { EVENT_STREAM_TYPE } from '../page/live/server-sent-events.ts'
import { sendError } from './reply.ts'
import type { Handler, PathHandler } from './router.ts'

/** The routes of the files. */
export function assetRoutes(): readonly PathHandler[] {
  return loadAssets().map((asset) => [asset.path, serveAsset(asset)])
}

/** Serves the live data of the page, as server-sent events for as long as the page is open. */
export function serveLive(feed: LiveFeed): Handler {
  return (request, response) => {
    if (!feed.hasRoom) {
      sendError(response, 503, TOO_MANY_VIEWERS)
      return
    }
    response.writeHead(200, { 'Content-Type': EVENT_STREAM_TYPE })
    if (request.method === 'HEAD') response.end()
    else response.once('close', feed.add(viewerAt(response)))
  }
}

function serveAsset(asset: Asset): Handler {
  const { contentType, body, etag } = asset
  return (request, response) => {
    for (const [name, value] of ASSET_HEADERS) response.setHeader(name, value)
    response.setHeader('ETag', etag)
    if (isKnown(asset, request.headers['if-none-match'])) {
      response.writeHead(304).end()
      return
    }
    response.writeHead(200, { 'Content-Type': contentType, 'Content-Length': body.length })
    response.end(body)
  }
}

function viewerAt(response: ServerResponse): Viewer {
  return {
    get hasRead() {
      return response.writableLength === 0
    },
    send: (event) => {
      response.write(event)
    },
    end: () => {
      response.end()
    },
    cut: () => {
      response.destroy()
    },
  }
}
