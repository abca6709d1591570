/**
 * Finds the route of a request. Whatever the spelling of its path, a request gets to a route through the edge only, and
 * so through the gate.
 */
import express, { type ErrorRequestHandler, type Express } from 'express'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Logger } from '../../telemetry/logging.ts'
import type { Refusal } from '../error-body.ts'
import { refuse, sendNoContent } from '../reply.ts'
import type { RequestIds } from '../request-id.ts'
import { type Edge, INTERNAL } from './edge.ts'
import type { Route } from './route.ts'

/** What a router works with. */
export interface RouterOptions {
  readonly routes: readonly Route[]
  readonly edge: Edge
  readonly requestIds: RequestIds
  readonly log: Pick<Logger, 'error'>
}

const NOT_FOUND: Refusal = { code: 'NOT_FOUND', message: 'no such path' }

/** Makes the Express app of some routes; everything else is refused in it. */
export function createRouter({ routes, edge, requestIds, log }: RouterOptions): Express {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.set('query parser', 'simple')
  app.enable('case sensitive routing')

  const byPath = Map.groupBy(routes, ({ path }) => path)
  // Nearly all requests are spelt as the route is: they are met before Express looks for one, which takes some 4 us (Node 26).
  app.use((request, response, next) => {
    const route = byPath.get(request.url)?.find(({ method }) => method === request.method)
    if (route !== undefined) return edge.serve(route, request, response)
    next()
    return undefined
  })
  for (const [path, ofPath] of byPath) {
    const methods = ofPath.map(({ method }) => method)
    const allow = ['Allow', [...methods, 'OPTIONS'].join(', ')]
    const notAllowed: Refusal = {
      code: 'METHOD_NOT_ALLOWED',
      message: `the path takes ${methods.join(' and ')} only`,
    }
    app.all(path, (request, response) => {
      const route = ofPath.find(({ method }) => method === request.method)
      if (route !== undefined) return edge.serve(route, request, response)
      const requestId = requestIds(request.headers)
      if (request.method === 'OPTIONS') sendNoContent(response, requestId, allow)
      else refuse(request, response, requestId, notAllowed, { headers: allow })
      return undefined
    })
  }
  app.use((request: IncomingMessage, response: ServerResponse) => {
    refuse(request, response, requestIds(request.headers), NOT_FOUND)
  })
  app.use(createErrorHandler(log, requestIds))
  return app
}

/** Handles what a route threw, which none does unless kprf or Express has a bug. */
function createErrorHandler(
  log: RouterOptions['log'],
  requestIds: RequestIds,
): ErrorRequestHandler {
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- Express knows an error handler by its four parameters
  return (error: unknown, request, response, _next) => {
    log.error('request failed by a bug', { error })
    // A reply that has begun is about to be sent whole.
    if (!response.headersSent) refuse(request, response, requestIds(request.headers), INTERNAL)
  }
}
