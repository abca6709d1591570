/**
 * The routes of the operations port, for Prometheus, load balancers and Kubernetes. `/livez` requires only that the
 * event loop runs, because a restart of kprf does not repair a broker.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { LiveSource } from '../base/live-sample.ts'
import type { Logger } from '../telemetry/logging.ts'
import type { OperationsAccess } from './access.ts'
import { FILES_PREFIX, LIVE_PATH, PAGE_PATH } from '../page/assets.ts'
import type { LiveFeed } from '../page/live/feed.ts'
import { BUG_MESSAGE, logFailure, SourceFailure } from './failure.ts'
import { assetRoutes, serveLive } from './page.ts'
import { type CheckResult, assessReadiness } from './readiness.ts'
import { send, sendError } from './reply.ts'
import { createRouter, type Handler, type PathHandler } from './router.ts'

/** The source of `/metrics`. */
export interface MetricsSource {
  readonly contentType: string
  exposition(): Promise<string>
}

/** The source of `/stats`. */
export interface StatisticsSource {
  /** The latest statistics; `undefined` if none are collected. */
  json(): string | undefined | Promise<string | undefined>
}

/** The source of `/readyz`. */
export interface ReadinessSource {
  /** The current results of all checks, in the order of `/readyz?verbose`. */
  results(): readonly CheckResult[] | Promise<readonly CheckResult[]>
}

/** The sources of the operations port. If a source fails, the reply is 500 or 503. */
export interface OperationsSources {
  readonly metrics: MetricsSource
  readonly statistics: StatisticsSource
  readonly readiness: ReadinessSource
}

/** The sources of a port that is served by a thread: the thread makes the feed of the page from `live`. */
export interface ThreadSources extends OperationsSources {
  readonly live: LiveSource
}

/** Options of {@link createOperationsApp}. */
export interface OperationsOptions extends OperationsSources {
  /**
   * Returns one sentence on why the process does not work, or `undefined`.
   *
   * @defaultValue always `undefined`: a process that answers works
   */
  readonly livenessProblem?: () => string | undefined
  /** Who may read metrics, statistics and the results of single checks. Probes need no token. */
  readonly access: Pick<OperationsAccess, 'admit'>
  /** The source of `/page/live`, which the page shows. */
  readonly feed: LiveFeed
  readonly logger: Pick<Logger, 'limited'>
}

const TEXT = 'text/plain; charset=utf-8'

const NO_STATISTICS =
  'There are no statistics: set kafka.statistics_interval_ms to more than 0, say 5000, to have them collected.'

/** Makes the listener of the operations port. */
export function createOperationsApp(options: OperationsOptions) {
  const { access, feed, logger, metrics, statistics, readiness } = options
  const serveLiveness = livenessHandler(options)
  const paths: readonly PathHandler[] = [
    ...assetRoutes(),
    [LIVE_PATH, ifAdmitted(access, serveLive(feed))],
    ['/metrics', ifAdmitted(access, serveMetrics(metrics))],
    ['/stats', ifAdmitted(access, serveStatistics(statistics))],
    ['/livez', serveLiveness],
    ['/healthz', serveLiveness],
    ['/readyz', serveReadiness(readiness, access)],
  ]
  const answer = createRouter({
    paths,
    refusePath: refusePath(paths.map(([path]) => path).filter(isNamed)),
    refuseMethod,
    answerError: errorHandler(logger),
  })
  return (request: IncomingMessage, response: ServerResponse): void => {
    response.setHeader('Cache-Control', 'no-store')
    response.setHeader('X-Content-Type-Options', 'nosniff')
    answer(request, response)
  }
}

function ifAdmitted(access: Pick<OperationsAccess, 'admit'>, handler: Handler): Handler {
  return async (request, response) => {
    if (await access.admit(request, response)) await handler(request, response)
  }
}

function livenessHandler({ livenessProblem, logger }: OperationsOptions): Handler {
  return (_request, response) => {
    const reason = livenessProblem?.()
    if (reason === undefined) {
      send(response, 200, TEXT, 'ok\n')
    } else {
      logger.limited('warn', 'liveness', '/livez was answered 503', { reason })
      send(response, 503, TEXT, `${reason}\n`)
    }
  }
}

function serveMetrics(metrics: MetricsSource): Handler {
  const exposition = shared(() => metrics.exposition())
  return async (_request, response) => {
    send(response, 200, metrics.contentType, await exposition())
  }
}

function serveStatistics(statistics: StatisticsSource): Handler {
  const latest = shared(async () => await statistics.json())
  return async (_request, response) => {
    const json = await latest()
    if (json === undefined) sendError(response, 404, NO_STATISTICS)
    else send(response, 200, 'application/json', json)
  }
}

/** The results of single checks need a token, because they name brokers and say how full the queue is. */
function serveReadiness(
  readiness: ReadinessSource,
  access: Pick<OperationsAccess, 'admit'>,
): Handler {
  return async (request, response) => {
    const query = new URLSearchParams(request.url?.split('?')[1])
    const isVerbose = query.has('verbose')
    if (isVerbose && !(await access.admit(request, response))) return
    const { isReady, text } = assessReadiness(await readiness.results(), {
      isVerbose,
      excluded: query.getAll('exclude'),
    })
    send(response, isReady ? 200 : 503, TEXT, text)
  }
}

/** Shares one answer among all requests that arrive while it is made, because it takes milliseconds to make. */
function shared<Answer>(make: () => Promise<Answer>): () => Promise<Answer> {
  let making: Promise<Answer> | undefined
  return () => {
    making ??= make().finally(() => {
      making = undefined
    })
    return making
  }
}

/** Whether the reply to an unknown path names this path. It does not name the files of the page. */
function isNamed(path: string): boolean {
  return path === PAGE_PATH || !path.startsWith(FILES_PREFIX)
}

function refusePath(paths: readonly string[]): Handler {
  const message = `no such path: this port has ${paths.join(', ')}. Pushes go to http.port.`
  return (_request, response) => {
    sendError(response, 404, message)
  }
}

const refuseMethod: Handler = (_request, response) => {
  response.setHeader('Allow', 'GET, HEAD')
  sendError(response, 405, 'The path does not take this method.')
}

function errorHandler(logger: Pick<Logger, 'limited'>) {
  return (error: unknown, response: ServerResponse): void => {
    if (error instanceof SourceFailure) {
      sendError(response, error.status, error.message)
      return
    }
    logFailure(logger, error)
    // The client must notice that the reply is incomplete.
    if (response.headersSent) response.destroy()
    else sendError(response, 500, BUG_MESSAGE)
  }
}
