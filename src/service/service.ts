import type { Clock } from '../base/clock.ts'
import { ProxyError } from '../base/errors.ts'
import { invariant } from '../base/invariant.ts'
import { listenProblem } from '../http/listen-problem.ts'
import type { TelemetrySource } from '../base/telemetry-source.ts'
import type { Config } from '../config/types.ts'
import type { StatisticsData } from '../producer/statistics/statistics-data.ts'
import { useLimits } from '../settings/ingest.ts'
import type { LastLine, Logger } from '../telemetry/logging.ts'
import type { MetricsSnapshot } from '../telemetry/metrics/metrics.ts'
import { type Addresses, announce, lastLine } from './announce.ts'
import { assemble, type ServiceOptions, type ServiceParts, type ServiceState } from './assemble.ts'
import { reload } from './reload.ts'
import type { ServiceReport } from './service-view.ts'

/** What a service measures, by kind. */
export interface ServiceTelemetry {
  readonly metrics: TelemetrySource<MetricsSnapshot>
  readonly statistics: TelemetrySource<StatisticsData> | undefined
}

/** How long clients get to read their last replies, ms. */
const REPLY_GRACE_MS = 1_000

/**
 * One kprf process: defines the order in which its parts start, drain and close.
 *
 *     new -> starting -> accepting -> leaving -> draining -> closed
 *
 * While leaving, it still accepts pushes, but `/readyz` fails and each reply closes its connection.
 */
export class Service {
  #config: Config
  readonly #clock: Clock
  readonly #parts: ServiceParts
  #state: ServiceState = 'new'
  #cancelDelay: (() => void) | undefined

  /** @throws ProxyError CONFIG_INVALID if a file that the configuration names cannot be used. */
  constructor(options: ServiceOptions) {
    this.#config = options.config
    this.#clock = options.clock
    this.#parts = assemble(options, { state: () => this.#state, config: () => this.#config })
  }

  /** The log of this process. */
  get logger(): Logger {
    return this.#parts.logger
  }

  /** The current state. */
  report(): ServiceReport {
    const lostRecords = this.#parts.ingest.lostCount
    return { ...this.#parts.view.report(), lostRecords, isAccepting: this.#state === 'accepting' }
  }

  /** What it measures, to merge with that of other processes. No statistics if none are collected. */
  get telemetry(): ServiceTelemetry {
    return { metrics: this.#parts.metrics, statistics: this.#parts.statistics }
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
      const boundMetricsPort = await this.#parts.operations?.listen(host, metricsPort)
      await this.#parts.wal?.open()
      this.#parts.access.jwtKeys?.start()
      await this.#parts.spans?.start()
      await this.#listen(host, port)
      this.#parts.statistics?.start(() => this.#parts.producer.view())
      this.#parts.producer.start()
      this.#parts.wal?.start()
      this.#parts.certificates.start()
      this.#step('starting', 'accepting')
      const addresses = {
        httpPort: this.#parts.http.address.port,
        metricsPort: boundMetricsPort ?? 0,
      }
      if (this.#parts.operations) announce(this.#parts.logger, this.#config, addresses)
      return addresses
    } catch (error) {
      await this.#close()
      // With several processes the primary logs this once.
      if (!this.#parts.operations) await this.#parts.log.close()
      else {
        const fields = { reason: messageOf(error) }
        await this.#closeLog({ level: 'error', msg: 'not started', fields })
      }
      throw error
    }
  }

  /** Continues in a new log file (SIGHUP, after a rotation). */
  reopenLog(): void {
    this.#parts.log.reopen()
  }

  /** Reads the configuration again (SIGHUP), and looks whether certificates were renewed. */
  reload(load: () => Config): void {
    reload(this.#config, load, this.logger, (config) => {
      this.use(config)
    })
  }

  /** Applies the settings of a configuration that need no restart; see `reload.ts` of the configuration. */
  use(config: Config): void {
    const { log, access, ingest, ownLimits, operations, certificates } = this.#parts
    this.#config = config
    log.useLevel(config.logLevel)
    useLimits(ownLimits, config)
    access.use(config)
    ingest.useRules(access.rules)
    operations?.useTokens(config.http.metricsAuth.tokens)
    certificates.look()
    void access.jwtKeys?.refresh()
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
    const lostBefore = this.#parts.ingest.lostCount
    this.#parts.logger.info('draining', { reason, records: this.#parts.producer.bufferedRecords })
    this.#parts.http.closeAfterReplies()
    if (drainDelayMs > 0) await this.#delay(drainDelayMs)
    this.#step('leaving', 'draining')
    await this.#parts.wal?.stop()
    await this.#parts.producer.drain(timeoutMs)
    await this.#close()
    const sinceStart = this.#parts.ingest.lostCount
    const inShutdown = sinceStart - lostBefore
    await this.#closeLog(lastLine({ inShutdown, sinceStart }))
    return inShutdown
  }

  /**
   * Stops accepting connections and continues to serve the open ones, each until its next reply or until it has
   * been idle for long. A client does not notice a {@link Service.stop} after that.
   */
  async retire(): Promise<void> {
    this.#parts.logger.info('retiring')
    await this.#parts.http.retire()
  }

  /** A single process cannot restart itself. */
  restart(): Promise<void> {
    this.#parts.logger.warn(
      'SIGUSR2 restarts workers one by one; with workers: 1, restart kprf itself',
    )
    return Promise.resolve()
  }

  /** Gives up at once everything that {@link Service.stop} still waits for. */
  async abort(): Promise<void> {
    this.#cancelDelay?.()
    await this.#parts.producer.close()
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
      await this.#parts.http.listen(port, host)
    } catch (cause) {
      const message = listenProblem({ key: 'http.port', host, port }, cause)
      throw new ProxyError('CONFIG_INVALID', message, { cause })
    }
  }

  /** Closes the producer first: its last reports are the replies to waiting pushes. */
  async #close(): Promise<void> {
    this.#state = 'closed'
    this.#parts.certificates.stop()
    await this.#parts.wal?.stop()
    await this.#parts.producer.close()
    await this.#parts.wal?.close()
    this.#parts.statistics?.close()
    this.#parts.access.jwtKeys?.close()
    const cancelTimer = this.#clock.schedule(REPLY_GRACE_MS, () => void this.#parts.http.close())
    await this.#parts.http.stopAccepting()
    cancelTimer()
    await this.#parts.spans?.close()
    await this.#parts.operations?.close()
  }

  /** Nothing is logged after this. */
  #closeLog({ level, msg, fields }: LastLine): Promise<void> {
    return this.#parts.log.close({ level, msg, fields: { ...this.#parts.name, ...fields } })
  }

  #step(from: ServiceState, to: ServiceState): void {
    invariant(this.#state === from, `the service is ${this.#state}, not ${from}`)
    this.#state = to
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
