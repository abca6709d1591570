import type { BuildInfo } from '../base/build-info.ts'
import type { Clock } from '../base/clock.ts'
import type { IdempotencyKeys } from '../base/idempotency.ts'
import type { LiveSource } from '../base/live-sample.ts'
import type { RecordsSource } from '../base/seen-records.ts'
import type { WalState } from '../base/wal-state.ts'
import { withoutQuotedNames } from '../base/quotable.ts'
import type { Config } from '../config/types.ts'
import { createApp } from '../http/app.ts'
import { createBodyBudget } from '../http/body-budget.ts'
import { messagesOf } from '../http/express-messages.ts'
import { HttpServer } from '../http/http-server.ts'
import { replyBytesInFlight } from '../http/reply-room.ts'
import { ClusterDirectory } from '../ingest/cluster-directory.ts'
import { idempotencyKeysOf, type IdempotencyTable } from '../ingest/idempotency-table.ts'
import { Ingest } from '../ingest/ingest.ts'
import type { LimitCounters, LimitDecider } from '../ingest/limit-counters.ts'
import { makeChecks, type ReadinessCheck } from '../operations/readiness.ts'
import { LiveFeed } from '../page/live/feed.ts'
import { OperationsAccess } from '../operations/access.ts'
import type { OperationsThread } from '../operations/thread/operations-thread.ts'
import { ThreadedOperationsServer } from '../operations/thread/threaded-server.ts'
import { ClusterReader } from '../producer/cluster-reader.ts'
import { Producer } from '../producer/producer.ts'
import type { QueueRoom } from '../producer/queue-room.ts'
import { toJson } from '../producer/statistics/render.ts'
import { Statistics } from '../producer/statistics/statistics.ts'
import { accessMethods } from '../settings/access.ts'
import { tlsPorts } from '../settings/http-tls.ts'
import { serverLimits } from '../settings/http.ts'
import { originSettings } from '../settings/origin.ts'
import { idempotencyTable, ingestSettings, limitCounters } from '../settings/ingest.ts'
import { producerSettings, statisticsSettings, transportSettings } from '../settings/kafka.ts'
import { logOptions } from '../settings/log.ts'
import { webhookSettings } from '../settings/webhooks.ts'
import { usableMemoryBytes } from '../settings/usable-memory.ts'
import { logForgottenKeys } from '../telemetry/log-forgotten-keys.ts'
import { BrokerWatch } from '../telemetry/live/broker-watch.ts'
import { noteConnections } from '../telemetry/live/note-connections.ts'
import { noteTransport } from '../telemetry/live/note-transport.ts'
import { Problems } from '../telemetry/live/problems.ts'
import { Log, type LogFields, type Logger } from '../telemetry/logging.ts'
import { Metrics } from '../telemetry/metrics/metrics.ts'
import { SpanExport } from '../telemetry/tracing/span-export.ts'
import { CLOSED_WAL, type WriteAheadLog } from '../wal/write-ahead-log.ts'
import { Access } from './access.ts'
import { Certificates } from './certificates.ts'
import { LiveView, liveIdentity } from './live-view.ts'
import { makeEvents, makeTransport, makeWal } from './make-parts.ts'
import { processFacts } from './process-facts.ts'
import { ServiceView } from './service-view.ts'

/** Options of a {@link Service}. */
export interface ServiceOptions {
  readonly config: Config
  readonly clock: Clock
  readonly random: () => number
  readonly build: BuildInfo
  /**
   * The records of the embedded broker: the page is on the main port too, and shows them.
   *
   * @defaultValue there is no embedded broker
   */
  readonly records?: RecordsSource | undefined
  /** The thread of the operations port, if it was started already. @defaultValue one is started to listen */
  readonly operationsThread?: OperationsThread | undefined
  /** Set for one of several processes. @defaultValue the process serves alone */
  readonly share?: ServiceShare
}

/** What one of several processes shares with the others; they also share the operations port. */
export interface ServiceShare {
  /** Number of this one, from 0. */
  readonly slot: number
  readonly workers: number
  readonly room: QueueRoom
  readonly limits: LimitDecider
  readonly keys: IdempotencyKeys
  /** What the page shows of all of them. */
  readonly live: LiveSource
}

/** Where a service is on its way. */
export type ServiceState = 'new' | 'starting' | 'accepting' | 'leaving' | 'draining' | 'closed'

/** What changes while a service runs. */
export interface CurrentService {
  readonly state: () => ServiceState
  /** The configuration in effect. */
  readonly config: () => Config
}

/** The parts of a service. */
export interface ServiceParts {
  readonly log: Log
  /** Of this process: each line has `name`. */
  readonly logger: Logger
  /** Log fields that identify this process. */
  readonly name: LogFields
  readonly metrics: Metrics
  /** `undefined` if none are collected. */
  readonly statistics: Statistics | undefined
  readonly producer: Producer
  readonly ingest: Ingest
  /** `undefined` without `wal.enabled`. */
  readonly wal: WriteAheadLog | undefined
  readonly access: Access
  /** `undefined` without `http.otlp_endpoint`. */
  readonly spans: SpanExport | undefined
  /** Counts what is pushed, unless another process does. */
  readonly ownLimits: LimitCounters
  readonly http: HttpServer
  /** `undefined` if another process serves it. */
  readonly operations: ThreadedOperationsServer | undefined
  readonly view: ServiceView
  readonly live: LiveView
  /** The page on the main port; `undefined` if it has none. */
  readonly page: { readonly feed: LiveFeed; readonly access: OperationsAccess } | undefined
  readonly certificates: Certificates
}

/**
 * Puts the parts of a service together, from Kafka to the two ports.
 *
 * @param current - read whenever a part must know it.
 * @throws ProxyError CONFIG_INVALID if a file that the configuration names cannot be used.
 */
export function assemble(options: ServiceOptions, current: CurrentService): ServiceParts {
  const { state } = current
  const { config, clock, random, build, share, records } = options
  const isBrokerEmbedded = records !== undefined
  const workers = share?.workers ?? 1
  // First, so that a file that cannot be used is found before anything is opened.
  const kafka = transportSettings(config)
  const methods = accessMethods(config)
  const ports = tlsPorts(config, share ? ['http'] : ['http', 'metrics'])
  const { hosts, proxies, cors } = originSettings(config)
  const webhooks = webhookSettings(config)
  const log = new Log(logOptions(config, clock))
  const name = share ? { worker: share.slot } : {}
  const logger = log.logger.child(name)
  const statistics = makeStatistics(options)
  const metrics: Metrics = new Metrics({
    ...build,
    bufferedRecords: () => producer.bufferedByTopic(),
    state: () => view.metricsState(),
    configuredTopics: config.ratelimit.rules.map(({ topicName }) => topicName),
    statistics: statistics && (() => statistics.take()),
    wal: config.wal.enabled ? (): WalState => wal?.state ?? CLOSED_WAL : undefined,
    // With several processes, the primary has them.
    ...(config.http.idempotency.maxKeys > 0 && { idempotencyKeys: () => keyTable?.size ?? 0 }),
    accessInUse: {
      jwt: methods.jwt !== undefined,
      certificates: methods.certificates !== undefined,
      webhooks: webhooks.length > 0,
    },
    connections: () => http.connectionCounts,
    certificates: () => certificates.expiries,
    process: share
      ? undefined
      : processFacts({ config: current.config, checks: () => makeChecks(checks) }, clock),
  })
  const keyTable: IdempotencyTable | undefined = share
    ? undefined
    : idempotencyTable(config, logForgottenKeys(logger, metrics.idempotency))
  const keys = keyTable ? idempotencyKeysOf(keyTable, clock) : share?.keys
  const problems = new Problems(
    (topic) => metrics.labelOf(topic),
    () => clock.epochMs(),
  )
  const brokers = new BrokerWatch(config.kafka.brokers, clock)
  const events = makeEvents({ metrics, logger, statistics, problems, brokers })
  const queue = producerSettings(config, workers)
  const certificates: Certificates = new Certificates(
    ports,
    { clock, logger, log },
    (port, renewed) => {
      if (port === 'http') http.renewTls(renewed)
      else operations?.renewTls(renewed)
    },
  )
  const transport = makeTransport(options, {
    ...{ kafka, queue, events, logger, log, certificates },
    noted: noteTransport(problems, brokers),
  })
  const producer = new Producer(queue, {
    ...{ clock, random, transport, events },
    ...(share && { room: share.room }),
  })
  const bodyBudget = createBodyBudget({
    ...{ maxBodyBytes: config.http.maxBodyBytes, clock, processes: workers },
    usableBytes: usableMemoryBytes(workers),
  })
  const wal: WriteAheadLog | undefined = makeWal(options, {
    ...{ producer, events, logger, metrics, problems },
    keys: metrics.idempotency && keys,
  })
  const view = new ServiceView({
    ...{ config, clock, transport, producer, wal, bodyBudget },
    memoryMaxBytes: queue.queueMemoryMaxBytes * workers,
  })
  const ownLimits = limitCounters(config, clock)
  const limits = share?.limits ?? ownLimits
  const access = new Access(config, { ...{ methods, limits, clock, logger, metrics } })
  const ingest = new Ingest({
    ...{ producer, journal: wal, ...ingestSettings(config) },
    rules: access.rules,
  })
  const directory = new ClusterDirectory({
    source: new ClusterReader({ clock, describe: (topics) => transport.describe(topics) }),
    permissions: () => access.permissions,
  })
  const spans = makeSpans(options, logger)
  const live: LiveView = new LiveView({
    identity: liveIdentity(config, build, isBrokerEmbedded),
    ...{ config, clock, metrics, problems, brokers, wal: wal && (() => wal.state) },
    state: () => view.metricsState(),
    connections: () => http.connectionCounts,
    checks: () => makeChecks(checks),
  })
  const page = isBrokerEmbedded
    ? makePage(config, new LiveFeed({ source: share?.live ?? live, clock }), logger)
    : undefined
  const hasHosts = hosts !== undefined
  const {
    express: app,
    dialects,
    fastRoute,
  } = createApp({
    page: page && { ...page, hasHosts },
    ...{ ingest, directory, settings: config.http, bodyBudget, metrics, log: logger, clock, cors },
    ...{ authenticator: access.authenticator, inFlight: access.inFlight },
    seenRecords: records && {
      source: records,
      permissions: () => access.permissions,
      hasHosts,
    },
    webhooks: {
      list: webhooks,
      onDenied: (reason) => {
        metrics.access.denied(reason)
      },
    },
    replyBytesInFlight: replyBytesInFlight(workers),
    idempotency: keys &&
      metrics.idempotency && { keys, journal: wal, observer: metrics.idempotency },
    onFailure: ({ code, message, topic }) => {
      problems.add({ code, text: withoutQuotedNames(message), topic, requests: 1 })
    },
    isDraining: () => state() === 'draining' || state() === 'closed',
    version: build.version,
    spanRecorder: spans,
  })
  const http: HttpServer = new HttpServer({
    ...{ app, dialects, messages: messagesOf(app), clock, log: logger },
    observer: noteConnections(problems, metrics.edge),
    ...{ hosts, proxies, limits: serverLimits(config, workers) },
    tls: certificates.initialOf('http'),
    fastRoute: config.http.fastPath ? fastRoute : undefined,
  })
  const { check } = certificates
  const checks: readonly ReadinessCheck[] = [
    ...view.readinessChecks(state),
    ...(check ? [check] : []),
  ]
  const sources = {
    metrics,
    statistics: { json: () => statistics && toJson(statistics.take()) },
    readiness: { results: () => makeChecks(checks) },
    live,
  }
  const { tokens } = config.http.metricsAuth
  const operations: ThreadedOperationsServer | undefined = share
    ? undefined
    : new ThreadedOperationsServer({
        ...{ sources, tokens, clock, logger, thread: options.operationsThread },
        tls: certificates.initialOf('metrics'),
      })
  return {
    ...{ log, logger, name, metrics, statistics, producer, ingest, wal, http },
    ...{ operations, view, live, page, certificates, access, spans, ownLimits },
  }
}

function makePage(
  { http }: Config,
  feed: LiveFeed,
  logger: Logger,
): NonNullable<ServiceParts['page']> {
  return { feed, access: new OperationsAccess(http.metricsAuth.tokens, logger, feed) }
}

function makeStatistics({ config, clock, share }: ServiceOptions): Statistics | undefined {
  const settings = statisticsSettings(config, (share?.slot ?? 0) + 1)
  return settings && new Statistics(settings, clock)
}

function makeSpans(
  { config, build, clock }: ServiceOptions,
  logger: Logger,
): SpanExport | undefined {
  const { otlpEndpoint: url } = config.http
  return url === '' ? undefined : new SpanExport({ url, version: build.version, clock, logger })
}
