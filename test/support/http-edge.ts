import type { Express } from 'express'
import { onTestFinished } from 'vitest'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import type { ClusterSource } from '../../src/base/cluster-description.ts'
import type { LogLevel } from '../../src/base/log-level.ts'
import { type AppOptions, createApp } from '../../src/http/app.ts'
import { ANONYMOUS } from '../../src/base/principal.ts'
import { BodyReader } from '../../src/http/body.ts'
import { createBodyBudget } from '../../src/http/body-budget.ts'
import type { ByteBudget } from '../../src/http/byte-budget.ts'
import type { Dialects } from '../../src/http/edge/dialect.ts'
import { Edge as RequestEdge } from '../../src/http/edge/edge.ts'
import { RouteTable } from '../../src/http/edge/route-table.ts'
import type { Gate, Route } from '../../src/http/edge/route.ts'
import { createRouter } from '../../src/http/edge/router.ts'
import type { PushMode } from '../../src/base/push-mode.ts'
import type {
  DropReason,
  EdgeObserver,
  HttpMetrics,
  RequestObserver,
} from '../../src/http/http-metrics.ts'
import { messagesOf } from '../../src/http/express-messages.ts'
import type { FastRoute } from '../../src/http/fast/fast-route.ts'
import { HttpServer, type HttpServerOptions } from '../../src/http/http-server.ts'
import { SERVER_LIMITS, type ServerLimits } from '../../src/http/limits.ts'
import { ReadTurns } from '../../src/http/read-turns.ts'
import { createRequestIds } from '../../src/http/request-id.ts'
import type { LogFields } from '../../src/telemetry/logging.ts'
import { ClusterDirectory } from '../../src/ingest/cluster-directory.ts'
import { Ingest } from '../../src/ingest/ingest.ts'
import { PermissionRule } from '../../src/ingest/permission-rule.ts'
import { Permissions } from '../../src/ingest/permissions.ts'
import { RateLimitRule, type RateLimitObserver } from '../../src/ingest/rate-limit-rule.ts'
import type { RateLimits } from '../../src/ingest/rate-limiter.ts'
import type { RecordProducer } from '../../src/producer/types.ts'
import { DEFAULT_LIMITS } from './default-settings.ts'
import { FakeClusterSource } from './fake-cluster-source.ts'
import { CountedRoute } from './counted-route.ts'
import { FakeProducer } from './fake-producer.ts'
import { RawClient } from './raw-client.ts'
import { EVERYBODY } from './access.ts'

/** `plain`: tests of the server run once more, and Node reads every request. */
const WAY = process.env['TEST_WAY']

/** Largest body in tests, bytes. */
export const MAX_BODY_BYTES = 65_536

/** Keeps what became of each request. */
class FakeRequests implements RequestObserver {
  /** Method, route and status; without a route if none was reached. */
  readonly answers: string[] = []
  readonly bodies: number[] = []
  inFlight = 0

  began(): void {
    this.inFlight += 1
  }

  awaited(isAwaited: boolean): void {
    this.inFlight += isAwaited ? 1 : -1
  }

  answered(method: string, route: string, status: number): void {
    this.inFlight -= 1
    this.answers.push(`${method} ${route} ${status}`)
  }

  refused(method: string, status: number): void {
    this.answers.push(`${method} ${status}`)
  }

  bodyRead(bytes: number): void {
    this.bodies.push(bytes)
  }
}

/** Keeps what is measured. */
export class FakeHttpMetrics implements HttpMetrics, EdgeObserver, RateLimitObserver {
  readonly clientErrors: string[] = []
  readonly dropped: DropReason[] = []
  readonly pushes: { mode: PushMode; status: number; durationMs: number }[] = []
  readonly rateLimited: [topic: string, records: number][] = []
  readonly invalid: [mode: PushMode, code: string][] = []
  readonly received: [mode: PushMode, topic: string][] = []
  readonly requests = new FakeRequests()
  #wake: (() => void)[] = []

  requestRefused(method: string, status: number): void {
    this.requests.refused(method, status)
  }

  observePush(mode: PushMode, status: number, durationMs: number): void {
    this.pushes.push({ mode, status, durationMs })
    this.#changed()
  }

  recordsReceived(mode: PushMode, records: readonly { readonly topic: string }[]): void {
    for (const { topic } of records) this.received.push([mode, topic])
  }

  recordsInvalid(mode: PushMode, codes: readonly string[]): void {
    for (const code of codes) this.invalid.push([mode, code])
  }

  countRateLimited(topic: string, records: number): void {
    this.rateLimited.push([topic, records])
  }

  clientFailed(code: string): void {
    this.clientErrors.push(code)
    this.#changed()
  }

  connectionDropped(reason: DropReason): void {
    this.dropped.push(reason)
    this.#changed()
  }

  /** Resolves once this many pushes have ended. */
  async observed(count: number): Promise<void> {
    await this.until(() => this.pushes.length >= count)
  }

  /** Resolves once this is true. */
  async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) await new Promise<void>((resolve) => this.#wake.push(resolve))
  }

  #changed(): void {
    for (const wake of this.#wake.splice(0)) wake()
  }
}

/** Records what is logged. */
export class FakeHttpLog {
  /** Whether served requests have lines too. */
  isDebug = false
  readonly lines: { level: LogLevel; msg: string; fields: LogFields | undefined }[] = []

  limited(level: LogLevel, _key: string, msg: string, fields?: LogFields): void {
    this.lines.push({ level, msg, fields })
  }

  error(msg: string, fields?: LogFields): void {
    this.lines.push({ level: 'error', msg, fields })
  }

  debug(msg: string, fields?: LogFields): void {
    this.lines.push({ level: 'debug', msg, fields })
  }

  child(): never {
    return this as never
  }
}

/** An app on fakes. */
export interface Edge {
  readonly app: Express
  readonly dialects: Dialects
  readonly fastRoute: FastRoute
  readonly producer: FakeProducer
  readonly metrics: FakeHttpMetrics
  readonly log: FakeHttpLog
}

/** The way to a producer, with nothing between but permissions and a rate limit, if there are any. */
export function makeIngest(
  producer: RecordProducer,
  rateLimits?: RateLimits,
  observer: RateLimitObserver = new FakeHttpMetrics(),
  permissions?: Permissions,
): Ingest {
  const rules = [
    ...(permissions ? [new PermissionRule(permissions, { countForbidden: () => undefined })] : []),
    ...(rateLimits ? [new RateLimitRule(rateLimits, observer)] : []),
  ]
  return new Ingest({ producer, rules, ...DEFAULT_LIMITS })
}

/** The settings of an app on fakes. */
export const DEFAULT_SETTINGS: AppOptions['settings'] = {
  maxBodyBytes: MAX_BODY_BYTES,
  maxRecordsPerRequest: 100,
  maxCompressionRatio: 100,
  maxTopicsPerRequest: 50,
  unknownFields: 'ignore',
  allowOldTimestamps: false,
  invalidRecords: 'refuse_request',
  replies: 'readme',
}

/** What can be replaced of an app on fakes. */
export interface EdgeOverrides extends Partial<Omit<AppOptions, 'ingest' | 'metrics' | 'log'>> {
  readonly rateLimits?: RateLimits
  readonly permissions?: Permissions
  /** What Kafka says of itself. @defaultValue it has no topics */
  readonly source?: ClusterSource
}

/** Makes an app on fakes; anything but they can be replaced. */
export function createEdge(replaced: EdgeOverrides = {}): Edge {
  const { rateLimits, permissions, source = new FakeClusterSource(), ...overrides } = replaced
  const allowed = permissions ?? new Permissions({ acl: [], topics: [] })
  const producer = new FakeProducer()
  const metrics = new FakeHttpMetrics()
  const log = new FakeHttpLog()
  const {
    express: app,
    dialects,
    fastRoute,
  } = createApp({
    ingest: makeIngest(producer, rateLimits, metrics, permissions),
    directory: new ClusterDirectory({ source, permissions: () => allowed }),
    metrics,
    log,
    settings: DEFAULT_SETTINGS,
    clock: systemClock,
    authenticator: EVERYBODY,
    isDraining: () => false,
    ...overrides,
  })
  return { app, dialects, fastRoute, producer, metrics, log }
}

/** An app on fakes, listening. */
export interface ServedEdge extends Edge {
  readonly fastRoute: CountedRoute
  readonly server: HttpServer
  readonly port: number
  /** Opens a connection that ends with the test. */
  readonly connect: () => RawClient
}

/** What {@link serveEdge} takes beside the app and the limits. */
export interface ServedEdgeOptions extends Pick<HttpServerOptions, 'hosts' | 'proxies' | 'tls'> {
  /** Whether Node reads every request. @defaultValue as the tests of this run have it */
  readonly isPlain?: boolean
}

/** Serves an app on fakes on a free port until the test is over. */
export async function serveEdge(
  overrides: Parameters<typeof createEdge>[0] = {},
  limits: Partial<ServerLimits> = {},
  { isPlain = WAY === 'plain', ...origin }: ServedEdgeOptions = {},
): Promise<ServedEdge> {
  const edge = createEdge(overrides)
  const fastRoute = new CountedRoute(edge.fastRoute)
  const served = await listen({
    app: edge.app,
    dialects: edge.dialects,
    fastRoute: isPlain ? undefined : fastRoute,
    messages: messagesOf(edge.app),
    clock: overrides.clock ?? systemClock,
    log: edge.log,
    observer: edge.metrics,
    limits: { ...SERVER_LIMITS, ...limits },
    ...origin,
  })
  return { ...edge, ...served, fastRoute }
}

/** What {@link serveRoutes} takes. */
export interface RoutesOptions {
  /** @defaultValue lets all in */
  readonly gate?: Gate
  readonly clock?: Clock
  readonly limits?: Partial<ServerLimits>
  readonly budget?: ByteBudget
}

/** Routes of a test, listening. */
export interface ServedRoutes {
  readonly server: HttpServer
  readonly port: number
  readonly log: FakeHttpLog
  readonly metrics: FakeHttpMetrics
  readonly budget: ByteBudget
  /** Opens a connection that ends with the test. */
  readonly connect: () => RawClient
}

/** Serves routes on a free port, as the main port serves its own, until the test is over. */
export async function serveRoutes(
  routes: readonly Route[],
  options: RoutesOptions = {},
): Promise<ServedRoutes> {
  const { gate = () => ({ principal: ANONYMOUS }), clock = systemClock } = options
  const { budget = createBodyBudget({ maxBodyBytes: MAX_BODY_BYTES, clock }) } = options
  const log = new FakeHttpLog()
  const metrics = new FakeHttpMetrics()
  const requestIds = createRequestIds(clock)
  const bodyLimits = { maxBytes: MAX_BODY_BYTES, maxRatio: 100 }
  const bodyReader = new BodyReader(bodyLimits, budget, new ReadTurns(clock))
  const edge = new RequestEdge({
    ...{ gate, bodyReader, requestIds, log, clock, requests: metrics.requests },
    onAnswered: (_, { mode }, status, durationMs) => {
      metrics.observePush(mode, status, durationMs)
    },
  })
  const table = new RouteTable(routes)
  const app = createRouter({ routes: table, edge, requestIds, requests: metrics.requests, log })
  const limits = { ...SERVER_LIMITS, ...options.limits }
  const served = await listen({
    ...{ app, dialects: table, messages: messagesOf(app), clock, log, observer: metrics, limits },
  })
  return { ...served, log, metrics, budget }
}

async function listen(
  options: HttpServerOptions,
): Promise<Pick<ServedEdge, 'server' | 'port' | 'connect'>> {
  const server = new HttpServer(options)
  await server.listen(0, '127.0.0.1')
  const { port } = server.address
  const clients: RawClient[] = []
  onTestFinished(async () => {
    for (const client of clients) client.destroy()
    await server.close()
  })
  const connect = (): RawClient => {
    const client = new RawClient(port)
    clients.push(client)
    return client
  }
  return { server, port, connect }
}

/** A header that the fast way leaves to Node, and that means nothing else to kprf. */
export const FOR_NODE = { TE: 'trailers' }

/** Formats a `POST /push` for the wire, framed by Content-Length by default. */
export function rawPush(
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): Buffer {
  const all = {
    Host: 'kprf.test',
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(body)),
    ...headers,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return Buffer.concat([
    Buffer.from(`POST /push HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1'),
    Buffer.from(body),
  ])
}

/** The JSON of a push of one record. */
export function pushBody(record: object = {}, push: object = {}): string {
  return JSON.stringify({ records: [{ topic: 'orders', data: 'value', ...record }], ...push })
}

/** A reply of `/push`. */
export interface PushReply {
  readonly status: string
  readonly errors: readonly {
    readonly status: string
    readonly error: string
    readonly message?: string
    readonly error_code?: number
    readonly outcome?: string
  }[]
  readonly errors_from?: number
  readonly errors_omitted?: number
  readonly texts_omitted?: number
  readonly offsets?: readonly unknown[]
  readonly error_code?: number
  readonly message?: string
  readonly request_id?: string
}

/** Parses the body of a reply of `/push`. */
export function parseReply({ body }: { readonly body: string }): PushReply {
  return JSON.parse(body) as PushReply
}
