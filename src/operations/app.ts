/**
 * The routes of the operations port, for Prometheus, load balancers and Kubernetes. `/livez` asks for
 * nothing but a running event loop: restarting kprf does not mend a broker.
 */
import express, {
  type ErrorRequestHandler,
  type Express,
  type RequestHandler,
  type Response,
} from 'express'
import type { Logger } from '../logging.ts'
import { assessReadiness, type ReadinessCheck } from './readiness.ts'

/** Where `/metrics` comes from. */
export interface MetricsSource {
  readonly contentType: string
  exposition(): Promise<string>
}

/** Where `/stats` comes from. */
export interface StatisticsSource {
  /** The latest statistics; `undefined` where none are kept. */
  json(): string | undefined | Promise<string | undefined>
}

/** What the operations port shows. */
export interface OperationsOptions {
  readonly metrics: MetricsSource
  readonly statistics: StatisticsSource
  /** In the order of `/readyz?verbose`. */
  readonly readinessChecks: readonly ReadinessCheck[]
  readonly logger: Logger
}

const TEXT = 'text/plain; charset=utf-8'

const NO_STATISTICS =
  'There are no statistics: set kafka.statistics_interval_ms to more than 0, say 5000, to have them collected.'

/** Makes the Express app of the operations port. */
export function createOperationsApp(options: OperationsOptions): Express {
  const app = express()
  app.disable('x-powered-by')
  app.use(forbidCaching)
  const routes: readonly (readonly [string, RequestHandler])[] = [
    ['/metrics', serveMetrics(options.metrics)],
    ['/stats', serveStatistics(options.statistics)],
    ['/livez', serveLiveness],
    ['/healthz', serveLiveness],
    ['/readyz', serveReadiness(options.readinessChecks)],
  ]
  for (const [path, handler] of routes) app.route(path).get(handler).all(refuseMethod)
  app.use(refusePath)
  app.use(answerError(options.logger))
  return app
}

const forbidCaching: RequestHandler = (_request, response, next) => {
  response.setHeader('Cache-Control', 'no-store')
  response.setHeader('X-Content-Type-Options', 'nosniff')
  next()
}

const serveLiveness: RequestHandler = (_request, response) => {
  send(response, 200, TEXT, 'ok\n')
}

function serveMetrics(metrics: MetricsSource): RequestHandler {
  const exposition = shared(() => metrics.exposition())
  return async (_request, response) => {
    send(response, 200, metrics.contentType, await exposition())
  }
}

function serveStatistics(statistics: StatisticsSource): RequestHandler {
  const latest = shared(async () => await statistics.json())
  return async (_request, response) => {
    const json = await latest()
    if (json === undefined) sendError(response, 404, NO_STATISTICS)
    else send(response, 200, 'application/json', json)
  }
}

function serveReadiness(checks: readonly ReadinessCheck[]): RequestHandler {
  return (request, response) => {
    const query = new URLSearchParams(request.url.split('?')[1])
    const { isReady, text } = assessReadiness(checks, {
      isVerbose: query.has('verbose'),
      excluded: query.getAll('exclude'),
    })
    send(response, isReady ? 200 : 503, TEXT, text)
  }
}

/** Has those who ask while an answer is being made wait for the same one: it takes milliseconds to make. */
function shared<Answer>(make: () => Promise<Answer>): () => Promise<Answer> {
  let making: Promise<Answer> | undefined
  return () => {
    making ??= make().finally(() => {
      making = undefined
    })
    return making
  }
}

const refusePath: RequestHandler = (_request, response) => {
  sendError(response, 404, 'No such path.')
}

const refuseMethod: RequestHandler = (_request, response) => {
  response.setHeader('Allow', 'GET, HEAD')
  sendError(response, 405, 'The path does not take this method.')
}

function answerError(logger: Logger): ErrorRequestHandler {
  return (error: unknown, _request, response, next) => {
    logger.limited('error', 'operations', 'the operations port failed', { error })
    if (response.headersSent) next(error)
    else sendError(response, 500, 'A bug in kprf.')
  }
}

function sendError(response: Response, status: number, message: string): void {
  const body = JSON.stringify({ error_code: status * 100, message })
  send(response, status, 'application/json', body)
}

/** Express's own `send` would rewrite the media type, whose spelling some scrapers compare. */
function send(response: Response, status: number, contentType: string, text: string): void {
  const body = Buffer.from(text)
  response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': body.length })
  response.end(body)
}
