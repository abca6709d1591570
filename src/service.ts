/**
 * One kprf process: builds every part, and owns the order in which they start, drain and close.
 *
 *     new -> starting -> accepting -> leaving -> draining -> closed
 *
 * While it is leaving it still takes pushes, but `/readyz` says no more.
 */
import { createApp } from './http/app.ts'
import { messagesOf } from './http/express-messages.ts'
import { HttpServer } from './http/http-server.ts'
import { BODY_BYTES_IN_FLIGHT } from './http/limits.ts'
import { RateLimiter, type RateLimits, rateLimitsOf } from './http/rate-limiter.ts'
import { type Addresses, announce } from './announce.ts'
import type { Clock } from './clock.ts'
import type { Config } from './config/types.ts'
import { DeliveryObserver } from './delivery-observer.ts'
import { ProxyError } from './errors.ts'
import { invariant } from './invariant.ts'
import {
  producerSettings,
  statisticsSettings,
  totalRoom,
  transportSettings,
} from './kafka-settings.ts'
import { Log, type Logger } from './logging.ts'
import type { KprfState } from './metrics/kprf-metrics.ts'
import { Metrics, type MetricsSnapshot } from './metrics/metrics.ts'
import { createOperationsApp } from './operations/app.ts'
import { queueCheck, type ReadinessCheck } from './operations/readiness.ts'
import { OperationsServer } from './operations/server.ts'
import { withCompression } from './producer/compression/compressing-transport.ts'
import {
  KafkajsTransport,
  type KafkajsTransportDependencies,
} from './producer/kafkajs/kafkajs-transport.ts'
import { Producer } from './producer/producer.ts'
import type { QueueRoom } from './producer/queue-room.ts'
import { toJson } from './producer/statistics/render.ts'
import type { StatisticsData } from './producer/statistics/statistics-data.ts'
import { Statistics } from './producer/statistics/statistics.ts'
import type { Availability, Transport } from './producer/transport.ts'
import type { BuildInfo } from './version.ts'

/** What a {@link Service} is made from. */
export interface ServiceOptions {
  readonly config: Config
  readonly clock: Clock
  readonly random: () => number
  readonly build: BuildInfo
  /** For one of several processes that serve together. @defaultValue it serves alone */
  readonly share?: ServiceShare
}

/** What a process has in common with others that serve beside it; they also have one operations port. */
export interface ServiceShare {
  /** Number of this one, from 0. */
  readonly slot: number
  readonly workers: number
  readonly room: QueueRoom
  readonly rateLimits: RateLimits | undefined
}

/** How a service is at the moment. */
export interface ServiceReport {
  readonly bufferedRecords: number
  /** Bytes of their values. */
  readonly bufferedBytes: number
  readonly isAccepting: boolean
  /** What keeps records from being delivered; `undefined` when nothing does. */
  readonly kafkaProblem: string | undefined
}

type State = 'new' | 'starting' | 'accepting' | 'leaving' | 'draining' | 'closed'

/** How long clients get to take their last replies. */
const REPLY_GRACE_MS = 1_000

/** What keeps pushes from being delivered, by what is known of Kafka. */
const UNREADY: Record<Availability, string | undefined> = {
  up: undefined,
  unknown: 'not connected yet',
  down: 'no broker can be reached',
  tlsFailed: 'TLS with the brokers fails',
  authenticationFailed: 'the brokers refuse the credentials',
  tokenMissing: 'there is no token to show to the brokers',
}

/** See the head of this file. */
export class Service {
  readonly #config: Config
  readonly #clock: Clock
  readonly #log: Log
  readonly #logger: Logger
  readonly #metrics: Metrics
  readonly #observer: DeliveryObserver
  /** `undefined` where none are kept. */
  readonly #statistics: Statistics | undefined
  readonly #transport: Transport
  readonly #producer: Producer
  readonly #http: HttpServer
  /** `undefined` where another process serves it. */
  readonly #operations: OperationsServer | undefined
  #state: State = 'new'
  #cancelDelay: (() => void) | undefined

  /** @throws ProxyError CONFIG_INVALID when a file that the configuration names cannot be used. */
  constructor({ config, clock, random, build, share }: ServiceOptions) {
    this.#config = config
    this.#clock = clock
    const settings = transportSettings(config)
    this.#log = new Log({ outputFile: config.outputFile, level: config.logLevel, clock })
    const logger = share ? this.#log.logger.child({ worker: share.slot }) : this.#log.logger
    this.#logger = logger
    const statistics = makeStatistics(config, clock, share?.slot ?? 0)
    this.#statistics = statistics
    const metrics = new Metrics({
      ...build,
      bufferedRecords: () => this.#producer.bufferedByTopic(),
      state: () => this.#metricsState(),
      configuredTopics: config.ratelimit.rules.map(({ topicName }) => topicName),
      statistics: statistics && (() => statistics.latest),
    })
    this.#metrics = metrics
    this.#observer = new DeliveryObserver({ metrics, logger })
    const queueSettings = producerSettings(config, share?.workers)
    const transportDependencies: KafkajsTransportDependencies = {
      clock,
      random,
      observer: metrics.kprf,
      statistics: statistics?.brokers,
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
      observer: this.#observer,
      statistics,
      ...(share && { room: share.room }),
    })
    const app = createApp({
      producer: this.#producer,
      settings: config.http,
      rateLimits: share ? share.rateLimits : ownRateLimits(config, clock),
      bodyBytesInFlight: BODY_BYTES_IN_FLIGHT / (share?.workers ?? 1),
      metrics,
      log: logger,
      clock,
      isDraining: () => this.#state === 'draining' || this.#state === 'closed',
    })
    this.#http = new HttpServer({ app, messages: messagesOf(app), clock, log: logger })
    const operations = {
      ...{ metrics, logger, readinessChecks: this.#readinessChecks() },
      statistics: { json: () => statistics && toJson(statistics.latest) },
    }
    this.#operations = share
      ? undefined
      : new OperationsServer(createOperationsApp(operations), clock)
  }

  /** The log of this process. */
  get logger(): Logger {
    return this.#logger
  }

  /** How it is at the moment. */
  report(): ServiceReport {
    return {
      bufferedRecords: this.#producer.bufferedRecords,
      bufferedBytes: this.#producer.bufferedBytes,
      isAccepting: this.#state === 'accepting',
      kafkaProblem: UNREADY[this.#transport.availability],
    }
  }

  /** All metrics as data, to be merged with those of other processes. */
  metricsSnapshot(): Promise<MetricsSnapshot> {
    return this.#metrics.snapshot()
  }

  /** The latest statistics, to be merged with those of other processes; `undefined` where none are kept. */
  get statistics(): StatisticsData | undefined {
    return this.#statistics?.latest
  }

  /**
   * Begins to connect to Kafka, whether or not it is there, and to listen.
   *
   * @throws ProxyError CONFIG_INVALID when a port cannot be listened on; nothing is left running then.
   */
  async start(): Promise<Addresses> {
    this.#step('new', 'starting')
    const { host, port, metricsPort } = this.#config.http
    try {
      const boundMetricsPort = await this.#operations?.listen(host, metricsPort)
      await this.#listen(host, port)
      this.#producer.start()
      this.#step('starting', 'accepting')
      const addresses = { httpPort: this.#http.address.port, metricsPort: boundMetricsPort ?? 0 }
      if (this.#operations) announce(this.#logger, this.#config, addresses)
      return addresses
    } catch (error) {
      await this.#close()
      throw error
    }
  }

  /** Goes on in a new log file (SIGHUP, after a rotation). */
  reopenLog(): void {
    this.#log.reopen()
  }

  /**
   * Drains and closes: `/readyz` fails; after `shutdown.drain_delay_ms` new pushes get 503, those
   * under way are finished and the queue is sent; `shutdown.timeout_ms` later the rest is given up.
   *
   * @returns the number of records that were accepted and not delivered since this was called.
   */
  async stop(reason: string): Promise<number> {
    this.#step('accepting', 'leaving')
    const { timeoutMs, drainDelayMs } = this.#config.shutdown
    const lostBefore = this.#observer.lostCount
    this.#logger.info('draining', { reason, records: this.#producer.bufferedRecords })
    if (drainDelayMs > 0) await this.#delay(drainDelayMs)
    this.#step('leaving', 'draining')
    await this.#producer.drain(timeoutMs)
    await this.#close()
    const lost = this.#observer.lostCount - lostBefore
    const level = lost > 0 ? 'error' : 'info'
    this.#logger[level]('stopped', { records_not_delivered: lost })
    await this.#log.close()
    return lost
  }

  /**
   * Takes no new connections and goes on serving those that are open, each until its next reply or until it
   * has been idle for long: {@link Service.stop} after that is noticed by no client.
   */
  async retire(): Promise<void> {
    this.#logger.info('retiring')
    await this.#http.retire()
  }

  /** There is nothing to restart but the process itself. */
  restart(): Promise<void> {
    this.#logger.warn(
      'SIGUSR2 restarts workers one by one; with workers: 1 there is only this process',
    )
    return Promise.resolve()
  }

  /** Gives up at once whatever {@link Service.stop} still waits for. */
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
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new ProxyError('CONFIG_INVALID', `http.port: ${reason}`, { cause })
    }
  }

  /** The producer first: its last reports are the replies to pushes that still wait. */
  async #close(): Promise<void> {
    this.#state = 'closed'
    await this.#producer.close()
    const cancelTimer = this.#clock.schedule(REPLY_GRACE_MS, () => void this.#http.close())
    await this.#http.stopAccepting()
    cancelTimer()
    await this.#operations?.close()
  }

  #metricsState(): KprfState {
    const { availability, metadataAgeMs } = this.#transport
    const { bufferedRecords, bufferedBytes, oldestAdmittedMs } = this.#producer
    return {
      isKafkaUp: availability === 'up',
      metadataAgeMs,
      queueRecords: bufferedRecords,
      queueBytes: bufferedBytes,
      queueLimitBytes: this.#config.kafka.queueBufferingMaxKbytes * 1024,
      unknownTopics: this.#producer.unknownTopics,
      queueOldestAgeMs: oldestAdmittedMs === undefined ? 0 : this.#clock.nowMs() - oldestAdmittedMs,
    }
  }

  #readinessChecks(): ReadinessCheck[] {
    return [
      {
        name: 'accepting',
        check: () => (this.#state === 'accepting' ? undefined : `the service is ${this.#state}`),
      },
      { name: 'kafka', check: () => UNREADY[this.#transport.availability] },
      queueCheck(totalRoom(this.#config), () => ({
        records: this.#producer.bufferedRecords,
        bytes: this.#producer.bufferedBytes,
      })),
    ]
  }

  #step(from: State, to: State): void {
    invariant(this.#state === from, `the service is ${this.#state}, not ${from}`)
    this.#state = to
  }
}

function makeStatistics(config: Config, clock: Clock, slot: number): Statistics | undefined {
  const settings = statisticsSettings(config, slot + 1)
  return settings && new Statistics(settings, clock)
}

function ownRateLimits({ ratelimit }: Config, clock: Clock): RateLimits | undefined {
  return ratelimit.enabled ? rateLimitsOf(new RateLimiter(ratelimit.rules), clock) : undefined
}
