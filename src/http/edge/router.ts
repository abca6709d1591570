/**
 * Finds the route of a request. Every request reaches its route through the edge, and so through the gate, however
 * its path is written.
 */
import express, { type ErrorRequestHandler, type Express } from 'express'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Logger } from '../../telemetry/logging.ts'
import type { Cors } from '../access/cors.ts'
import type { Refusal } from '../error-body.ts'
import type { RequestObserver } from '../http-metrics.ts'
import { logFailure } from '../log-failure.ts'
import { refuse, sendNoContent } from '../reply.ts'
import type { RequestIds } from '../request-id.ts'
import { type Edge, INTERNAL } from './edge.ts'
import type { RouteTable } from './route-table.ts'

/** Dependencies of the router. */
export interface RouterOptions {
  readonly routes: RouteTable
  readonly edge: Edge
  readonly requestIds: RequestIds
  /** @defaultValue web pages can neither push nor read replies */
  readonly cors?: Cors | undefined
  /** Hears of each reply to a request that reached no route. */
  readonly requests: Pick<RequestObserver, 'refused'>
  readonly log: Pick<Logger, 'limited' | 'error'>
}

/** Creates the Express app of the routes. It refuses all other requests. */
export function createRouter(options: RouterOptions): Express {
  const { routes, edge, requestIds, cors, requests, log } = options
  const app = express()
  const notFound: Refusal = {
    code: 'NOT_FOUND',
    message: `no such path: this port takes ${routes.summary}; metrics and probes are on http.metrics_port`,
  }
  app.disable('x-powered-by')
  app.disable('etag')
  app.set('query parser', 'simple')

  // Express would take 4 us to find a route (Node 26), and the dialect of an error must come from the same look-up.
  app.use((request: IncomingMessage, response: ServerResponse) => {
    cors?.allowReading(request, response)
    const match = routes.match(request.url ?? '')
    const route = match?.routes.route(request.method)
    if (match !== undefined && route !== undefined) {
      return edge.serve(route, request, response, match.params)
    }
    const requestId = requestIds(request.headers)
    const logRefusal = (failure: Refusal, status: number): void => {
      logFailure(log, { name: 'request', request, requestId, status, failure })
    }
    if (match === undefined) {
      const dialect = routes.dialectOf(request.url ?? '')
      logRefusal(notFound, refuse(request, response, requestId, notFound, dialect))
    } else if (request.method === 'OPTIONS') {
      // A preflight has no credentials, so it is no matter for the gate.
      const allowed = cors?.preflight(request, (method) => match.routes.route(method) !== undefined)
      sendNoContent(response, requestId, [...match.routes.allow, ...(allowed ?? [])])
    } else {
      const { notAllowed, dialect, allow } = match.routes
      const options = { headers: allow }
      const status = refuse(request, response, requestId, notAllowed, dialect, options)
      logRefusal(notAllowed, status)
    }
    requests.refused(request.method ?? '', response.statusCode)
    return undefined
  })
  app.use(createErrorHandler({ routes, log, requestIds }))
  return app
}

/** Handles errors of the router itself, which only a bug in kprf or Express can cause. */
function createErrorHandler({
  routes,
  log,
  requestIds,
}: Pick<RouterOptions, 'routes' | 'log' | 'requestIds'>): ErrorRequestHandler {
  // eslint-disable-next-line @typescript-eslint/no-unused-vars -- Express knows an error handler by its four parameters
  return (error: unknown, request, response, _next) => {
    log.error('request failed because of a bug in kprf', { error })
    // A reply that has begun will be completed.
    if (!response.headersSent) {
      refuse(
        request,
        response,
        requestIds(request.headers),
        INTERNAL,
        routes.dialectOf(request.url),
      )
    }
  }
}
