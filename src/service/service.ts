import { createApp } from '../http/app.ts'
import { createBodyBudget } from '../http/body-budget.ts'
import { messagesOf } from '../http/express-messages.ts'
import { HttpServer } from '../http/http-server.ts'
import type { RateLimits } from '../ingest/rate-limiter.ts'
import { replyBytesInFlight } from '../http/reply-room.ts'
import { Ingest } from '../ingest/ingest.ts'
import { RateLimitRule } from '../ingest/rate-limit-rule.ts'
import { type Addresses, announce } from './announce.ts'
import type { Clock } from '../base/clock.ts'
import type { TelemetrySource } from '../base/telemetry-source.ts'
import type { LogLevel } from '../base/log-level.ts'
import type { Config } from '../config/types.ts'
import { countEvents } from '../telemetry/count-events.ts'
import { logEvents } from '../telemetry/log-events.ts'
import { ProxyError } from '../base/errors.ts'
import { serverLimits } from '../settings/http.ts'
import { ingestSettings, ownRateLimits } from '../settings/ingest.ts'
import { invariant } from '../base/invariant.ts'
import { producerSettings, statisticsSettings, transportSettings } from '../settings/kafka.ts'
import { logOptions } from '../settings/log.ts'
import { Log, type LogFields, type Logger } from '../telemetry/logging.ts'
import { Metrics, type MetricsSnapshot } from '../telemetry/metrics/metrics.ts'
import { makeChecks } from '../operations/readiness.ts'
import { ThreadedOperationsServer } from '../operations/thread/threaded-server.ts'
import { withCompression } from '../producer/compression/compressing-transport.ts'
import {
  KafkajsTransport,
  type KafkajsTransportDependencies,
} from '../producer/kafkajs/kafkajs-transport.ts'
import { ProducerEvents } from '../producer/events.ts'
import { Producer } from '../producer/producer.ts'
import type { QueueRoom } from '../producer/queue-room.ts'
import { toJson } from '../producer/statistics/render.ts'
import type { StatisticsData } from '../producer/statistics/statistics-data.ts'
import { Statistics } from '../producer/statistics/statistics.ts'
import type { Transport } from '../producer/transport.ts'
import { usableMemoryBytes } from '../settings/usable-memory.ts'
import { ServiceView, type ServiceReport } from './service-view.ts'
import type { BuildInfo } from '../base/build-info.ts'

/** Options of a {@link Service}. */
export interface ServiceOptions {
  readonly config: Config
  readonly clock: Clock
  readonly random: () => number
  readonly build: BuildInfo
  /** Set for one of several processes. @defaultValue the process serves alone */
  readonly share?: ServiceShare
}

/** What one of several processes shares with the others; they also share the operations port. */
export interface ServiceShare {
  /** Number of this one, from 0. */
  readonly slot: number
  readonly workers: number
  readonly room: QueueRoom
  readonly rateLimits: RateLimits | undefined
}

/** What a service measures, by kind. */
export interface ServiceTelemetry {
  readonly metrics: TelemetrySource<MetricsSnapshot>
  readonly statistics: TelemetrySource<StatisticsData> | undefined
}

type State = 'new' | 'starting' | 'accepting' | 'leaving' | 'draining' | 'closed'

/** How long clients get to read their last replies, ms. */
const REPLY_GRACE_MS = 1_000

/**
 * One kprf process: builds every part, and defines the order in which they start, drain and close.
 *
 *     new -> starting -> accepting -> leaving -> draining -> closed
 *
 * While leaving, it still accepts pushes, but `/readyz` fails and each reply closes its connection.
 */
export class Service {
  readonly #config: Config
  readonly #clock: Clock
  readonly #log: Log
  readonly #logger: Logger
  /** Log fields that identify this process. */
  readonly #name: LogFields
  readonly #metrics: Metrics
  readonly #ingest: Ingest
  /** `undefined` if none are collected. */
  readonly #statistics: Statistics | undefined
  readonly #transport: Transport
  readonly #producer: Producer
  readonly #http: HttpServer
  /** `undefined` if another process serves it. */
  readonly #operations: ThreadedOperationsServer | undefined
  readonly #view: ServiceView
  #state: State = 'new'
  #cancelDelay: (() => void) | undefined

  /** @throws ProxyError CONFIG_INVALID if a file that the configuration names cannot be used. */
  constructor({ config, clock, random, build, share }: ServiceOptions) {
    this.#config = config
    this.#clock = clock
    const settings = transportSettings(config)
    this.#log = new Log(logOptions(config, clock))
    this.#name = share ? { worker: share.slot } : {}
    const logger = this.#log.logger.child(this.#name)
    this.#logger = logger
    const statistics = makeStatistics(config, clock, share?.slot ?? 0)
    this.#statistics = statistics
    const metrics = new Metrics({
      ...build,
      bufferedRecords: () => this.#producer.bufferedByTopic(),
      state: () => this.#view.metricsState(),
      configuredTopics: config.ratelimit.rules.map(({ topicName }) => topicName),
      statistics: statistics && (() => statistics.take()),
      connections: () => this.#http.connectionCounts,
    })
    this.#metrics = metrics
    const events = new ProducerEvents()
    events.subscribe(countEvents(metrics))
    events.subscribe(logEvents(logger))
    if (statistics) {
      events.subscribe((event) => {
        statistics.observe(event)
      })
    }
    const workers = share?.workers ?? 1
    const queueSettings = producerSettings(config, workers)
    const transportDependencies: KafkajsTransportDependencies = {
      clock,
      random,
      events,
      log: (level, message, fields) => {
        logger.limited(level, `kafka ${level}`, message, fields)
      },
    }
    this.#transport = withCompression(
      new KafkajsTransport(settings, transportDependencies),
      queueSettings,
      transportDependencies,
    )
    this.#producer = new Producer(queueSettings, {
      clock,
      random,
      transport: this.#transport,
      events,
      ...(share && { room: share.room }),
    })
    const bodyBudget = createBodyBudget({
      ...{ maxBodyBytes: config.http.maxBodyBytes, clock, processes: workers },
      usableBytes: usableMemoryBytes(workers),
    })
    this.#view = new ServiceView({
      ...{ config, clock, transport: this.#transport, producer: this.#producer, bodyBudget },
      memoryMaxBytes: queueSettings.queueMemoryMaxBytes * workers,
    })
    const rateLimits = share ? share.rateLimits : ownRateLimits(config, clock)
    this.#ingest = new Ingest({
      ...{ producer: this.#producer, ...ingestSettings(config) },
      rules: rateLimits ? [new RateLimitRule(rateLimits, metrics)] : [],
    })
    const { express: app, dialects } = createApp({
      ingest: this.#ingest,
      settings: config.http,
      bodyBudget,
      replyBytesInFlight: replyBytesInFlight(workers),
      metrics,
      log: logger,
      clock,
      isDraining: () => this.#state === 'draining' || this.#state === 'closed',
    })
    this.#http = new HttpServer({
      ...{ app, dialects, messages: messagesOf(app), clock, log: logger, observer: metrics.edge },
      limits: serverLimits(config, workers),
    })
    const checks = this.#view.readinessChecks(() => this.#state)
    const sources = {
      metrics,
      statistics: { json: () => statistics && toJson(statistics.take()) },
      readiness: { results: () => makeChecks(checks) },
    }
    this.#operations = share ? undefined : new ThreadedOperationsServer({ sources, clock, logger })
  }

  /** The log of this process. */
  get logger(): Logger {
    return this.#logger
  }

  /** The current state. */
  report(): ServiceReport {
    return { ...this.#view.report(), isAccepting: this.#state === 'accepting' }
  }

  /** What it measures, to merge with that of other processes. No statistics if none are collected. */
  get telemetry(): ServiceTelemetry {
    return { metrics: this.#metrics, statistics: this.#statistics }
  }

  /**
   * Starts to connect to Kafka, whether or not it is reachable, and to listen.
   *
   * @throws ProxyError CONFIG_INVALID if it cannot listen on a port; nothing is left running then.
   */
  async start(): Promise<Addresses> {
    this.#step('new', 'starting')
    const { host, port, metricsPort } = this.#config.http
    try {
      const boundMetricsPort = await this.#operations?.listen(host, metricsPort)
      await this.#listen(host, port)
      this.#statistics?.start(() => this.#producer.view())
      this.#producer.start()
      this.#step('starting', 'accepting')
      const addresses = { httpPort: this.#http.address.port, metricsPort: boundMetricsPort ?? 0 }
      if (this.#operations) announce(this.#logger, this.#config, addresses)
      return addresses
    } catch (error) {
      await this.#close()
      // With several processes the primary logs this once.
      if (!this.#operations) await this.#log.close()
      else await this.#closeLog('error', 'not started', { reason: messageOf(error) })
      throw error
    }
  }

  /** Continues in a new log file (SIGHUP, after a rotation). */
  reopenLog(): void {
    this.#log.reopen()
  }

  /**
   * Drains and closes. `/readyz` fails; after `shutdown.drain_delay_ms` new pushes get 503, pushes in progress are
   * finished and the queue is sent; after another `shutdown.timeout_ms` the rest is given up.
   *
   * @returns the number of records that were accepted and not delivered since this call.
   */
  async stop(reason: string): Promise<number> {
    this.#step('accepting', 'leaving')
    const { timeoutMs, drainDelayMs } = this.#config.shutdown
    const lostBefore = this.#ingest.lostCount
    this.#logger.info('draining', { reason, records: this.#producer.bufferedRecords })
    this.#http.closeAfterReplies()
    if (drainDelayMs > 0) await this.#delay(drainDelayMs)
    this.#step('leaving', 'draining')
    await this.#producer.drain(timeoutMs)
    await this.#close()
    const lost = this.#ingest.lostCount - lostBefore
    const level = lost > 0 ? 'error' : 'info'
    await this.#closeLog(level, 'stopped', { records_not_delivered: lost })
    return lost
  }

  /**
   * Stops accepting connections and continues to serve the open ones, each until its next reply or until it has
   * been idle for long. A client does not notice a {@link Service.stop} after that.
   */
  async retire(): Promise<void> {
    this.#logger.info('retiring')
    await this.#http.retire()
  }

  /** A single process cannot restart itself. */
  restart(): Promise<void> {
    this.#logger.warn('SIGUSR2 restarts workers one by one; with workers: 1, restart kprf itself')
    return Promise.resolve()
  }

  /** Gives up at once everything that {@link Service.stop} still waits for. */
  async abort(): Promise<void> {
    this.#cancelDelay?.()
    await this.#producer.close()
  }

  #delay(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancelTimer = this.#clock.schedule(delayMs, resolve)
      this.#cancelDelay = () => {
        cancelTimer()
        resolve()
      }
    })
  }

  async #listen(host: string, port: number): Promise<void> {
    try {
      await this.#http.listen(port, host)
    } catch (cause) {
      throw new ProxyError('CONFIG_INVALID', `http.port: ${messageOf(cause)}`, { cause })
    }
  }

  /** Closes the producer first: its last reports are the replies to waiting pushes. */
  async #close(): Promise<void> {
    this.#state = 'closed'
    await this.#producer.close()
    this.#statistics?.close()
    const cancelTimer = this.#clock.schedule(REPLY_GRACE_MS, () => void this.#http.close())
    await this.#http.stopAccepting()
    cancelTimer()
    await this.#operations?.close()
  }

  /** Nothing is logged after this. */
  #closeLog(level: LogLevel, msg: string, fields: LogFields): Promise<void> {
    return this.#log.close({ level, msg, fields: { ...this.#name, ...fields } })
  }

  #step(from: State, to: State): void {
    invariant(this.#state === from, `the service is ${this.#state}, not ${from}`)
    this.#state = to
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function makeStatistics(config: Config, clock: Clock, slot: number): Statistics | undefined {
  const settings = statisticsSettings(config, slot + 1)
  return settings && new Statistics(settings, clock)
}
