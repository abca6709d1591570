import { type Addresses, announce, lastLine, type LostRecords } from '../service/announce.ts'
import type { CancelTimer, Clock } from '../base/clock.ts'
import type { BuildInfo } from '../base/build-info.ts'
import type { RecordsSource } from '../base/seen-records.ts'
import type { Config } from '../config/types.ts'
import { logOptions } from '../settings/log.ts'
import { logForgottenKeys } from '../telemetry/log-forgotten-keys.ts'
import { Log, type Logger } from '../telemetry/logging.ts'
import { MergedMetrics } from '../telemetry/metrics/merged-metrics.ts'
import { WorkerMetrics } from '../telemetry/metrics/worker-metrics.ts'
import { OperationsAccess } from '../operations/access.ts'
import { createOperationsApp } from '../operations/app.ts'
import { makeChecks } from '../operations/readiness.ts'
import { OperationsServer } from '../operations/server.ts'
import { LiveFeed } from '../page/live/feed.ts'
import { liveIdentity } from '../service/live-view.ts'
import { LiveWorkers } from './live-workers.ts'
import { MergedStatistics } from './merged-statistics.ts'
import { nextConfig } from './next-config.ts'
import { Certificates } from '../service/certificates.ts'
import { processFacts } from '../service/process-facts.ts'
import { reload } from '../service/reload.ts'
import { tlsPorts } from '../settings/http-tls.ts'
import { readinessChecks } from './readiness-checks.ts'
import { RunningWorkers } from './running-workers.ts'
import { SharedLimits } from './shared-limits.ts'
import { showRecords } from './show-records.ts'
import { type Fork, type WorkerEnding, WorkerProcess } from './worker-process.ts'

/** Options of a {@link Primary}. */
export interface PrimaryOptions {
  readonly config: Config
  readonly workers: number
  readonly clock: Clock
  readonly fork: () => Fork
  readonly build: BuildInfo
  /** As in `ServiceOptions`. @defaultValue there is no embedded broker */
  readonly records?: RecordsSource | undefined
}

type State = 'new' | 'starting' | 'accepting' | 'stopping' | 'closed'

/** A worker that ran for less, ms, counts as a failed start: its replacement is delayed, longer each time. */
const SHORT_LIFE_MS = 10_000
const REPLACE_BACKOFF_MS = 100
const REPLACE_BACKOFF_MAX_MS = 30_000

/** Additional time for a worker to end, ms, before it is killed. */
const END_GRACE_MS = 5_000

/**
 * The primary of several processes. It forks the workers, which share the listening socket and accept the pushes,
 * and replaces those that die. It owns what they share: the limits of queue and rates, the idempotency keys, the
 * operations port with everyone's metrics, the signals.
 *
 *     new -> starting -> accepting -> stopping -> closed
 */
export class Primary {
  #config: Config
  readonly #workers: number
  readonly #clock: Clock
  readonly #fork: () => Fork
  readonly #records: RecordsSource | undefined
  readonly #log: Log
  readonly #operations: OperationsServer
  readonly #metrics: WorkerMetrics
  /** By kind; as {@link Measurement}. */
  readonly #merged = { metrics: new MergedMetrics(), statistics: new MergedStatistics() }
  readonly #limits: SharedLimits
  readonly #live: LiveWorkers
  readonly #certificates: Certificates
  readonly #running = new RunningWorkers()
  readonly #access: OperationsAccess
  /** The worker of each slot that accepts new connections, or is about to. */
  readonly #current: (WorkerProcess | undefined)[]
  readonly #cancelReplacements = new Set<CancelTimer>()
  #state: State = 'new'
  #shortLives = 0
  #lost: LostRecords = { inShutdown: 0, sinceStart: 0 }
  #isRestarting = false

  /** @throws ProxyError CONFIG_INVALID if the log cannot be written to. */
  constructor(options: PrimaryOptions) {
    const { config, workers, clock, fork, build, records } = options
    this.#config = config
    this.#workers = workers
    this.#clock = clock
    this.#fork = fork
    this.#records = records
    const ports = tlsPorts(config, ['metrics'])
    this.#log = new Log(logOptions(config, clock))
    const { logger } = this
    this.#certificates = new Certificates(ports, { clock, logger, log: this.#log }, (_, tls) => {
      this.#operations.renewTls(tls)
    })
    this.#current = new Array<undefined>(workers).fill(undefined)
    const running = this.#running
    const checks = () =>
      makeChecks(readinessChecks({ config: this.#config, workers, running, state: this.#state }))
    this.#metrics = new WorkerMetrics({
      runningWorkers: () => this.#running.accepting.length,
      certificates: () => this.#certificates.expiries,
      process: processFacts({ config: () => this.#config, checks }, clock),
      ...(config.http.idempotency.maxKeys > 0 && { keys: () => this.#limits.keyCount }),
    })
    const onForgotten = logForgottenKeys(this.logger, this.#metrics.idempotency)
    this.#limits = new SharedLimits({ config, clock, onForgotten })
    const { contentType } = this.#merged.metrics
    this.#live = new LiveWorkers({
      identity: liveIdentity(config, build, records !== undefined),
      ...{ clock, running, checks },
    })
    const feed = new LiveFeed({ source: this.#live, clock })
    this.#access = new OperationsAccess(config.http.metricsAuth.tokens, this.logger, feed)
    const operations = createOperationsApp({
      metrics: { contentType, exposition: () => this.#exposition() },
      statistics: { json: () => this.#statisticsJson() },
      readiness: { results: checks },
      ...{ logger: this.logger, access: this.#access, feed },
    })
    const tls = this.#certificates.initialOf('metrics')
    this.#operations = new OperationsServer({ app: operations, clock, log: this.logger, tls, feed })
  }

  /** The log of this process. */
  get logger(): Logger {
    return this.#log.logger
  }

  /**
   * Starts all workers.
   *
   * @throws ProxyError CONFIG_INVALID if it cannot listen on a port; nothing is left running then.
   */
  async start(): Promise<Addresses> {
    this.#state = 'starting'
    const { host, metricsPort } = this.#config.http
    try {
      const boundMetricsPort = await this.#operations.listen(host, metricsPort)
      for (let slot = 0; slot < this.#workers; slot += 1) this.#startCurrent(slot)
      const [httpPort = 0] = await this.#running.started()
      this.#limits.allStarted()
      this.#state = 'accepting'
      this.#certificates.start()
      const addresses = { httpPort, metricsPort: boundMetricsPort }
      announce(this.logger, this.#config, addresses, this.#workers)
      return addresses
    } catch (error) {
      this.#state = 'stopping'
      await this.#stopWorkers('start failed')
      this.#limits.close()
      await this.#operations.close()
      const reason = error instanceof Error ? error.message : String(error)
      await this.#log.close({ level: 'error', msg: 'not started', fields: { reason } })
      throw error
    }
  }

  /** Makes all logs continue in new files (SIGHUP, after a rotation). */
  reopenLog(): void {
    this.#log.reopen()
    this.#running.tell({ kind: 'reopenLog' })
  }

  /** Reads the configuration again, for all workers (SIGHUP), and looks whether certificates were renewed. */
  reload(load: () => Config): void {
    if (this.#isRestarting) {
      this.logger.warn('not reading the configuration again: the workers are being restarted')
      return
    }
    reload(this.#config, load, this.logger, (config) => {
      this.#use(config)
      this.#running.tell({ kind: 'use', config })
    })
  }

  /**
   * Drains and ends all workers.
   *
   * @returns the number of records that were accepted and not delivered since this call.
   */
  async stop(reason: string): Promise<number> {
    this.#state = 'stopping'
    this.logger.info('draining', { reason, records: this.#running.buffered.records })
    for (const cancel of this.#cancelReplacements) cancel()
    this.#lost = { ...this.#lost, inShutdown: 0 }
    await this.#stopWorkers(reason)
    this.#state = 'closed'
    this.#certificates.stop()
    this.#limits.close()
    await this.#operations.close()
    await this.#log.close(lastLine(this.#lost))
    return this.#lost.inShutdown
  }

  /** Gives up at once everything that {@link Primary.stop} still waits for. */
  abort(): Promise<void> {
    this.#running.tell({ kind: 'abort' })
    return Promise.resolve()
  }

  /**
   * Replaces all workers, one after another, by new ones with the current configuration. Each old worker keeps its
   * connections until they end by themselves, so that no request fails.
   *
   * @param load - reads the configuration; if it throws, nothing changes.
   */
  async restart(load: () => Config): Promise<void> {
    if (this.#isRestarting || this.#state !== 'accepting') {
      this.logger.warn('not restarting: the workers are already being started or stopped')
      return
    }
    this.#isRestarting = true
    try {
      const { config, ignored } = nextConfig(this.#config, load())
      if (ignored.length > 0) {
        this.logger.warn('some changes take effect only when kprf itself is restarted', {
          keys: ignored,
        })
      }
      this.logger.info('restarting the workers')
      const before = this.#config
      this.#use(config)
      await this.#replaceAll().catch((error: unknown) => {
        this.#use(before)
        throw error
      })
      this.logger.info('the workers were restarted')
    } catch (error) {
      this.logger.error('some workers were not restarted; the running ones continue', { error })
    } finally {
      this.#isRestarting = false
    }
  }

  /** Applies the settings that need no restart. */
  #use(config: Config): void {
    this.#config = config
    this.#log.useLevel(config.logLevel)
    this.#limits.use(config)
    this.#access.use(config.http.metricsAuth.tokens)
    this.#certificates.look()
  }

  /** @throws Error if a new worker does not start: the remaining old workers stay. */
  async #replaceAll(): Promise<void> {
    for (let slot = 0; slot < this.#workers; slot += 1) {
      if (this.#state !== 'accepting') throw new Error('kprf is stopping')
      await this.#replace(slot)
    }
  }

  async #replace(slot: number): Promise<void> {
    const fresh = this.#startWorker(slot)
    await fresh.started
    const old = this.#current[slot]
    this.#current[slot] = fresh
    this.#metrics.restarted('request')
    old?.tell({ kind: 'retire' })
    await old?.ended
  }

  #replaceDead(slot: number): void {
    this.#metrics.restarted('crash')
    this.#startCurrent(slot)
    this.#current[slot]?.started.catch((error: unknown) => {
      this.logger.error('a worker cannot start; trying again', { worker: slot, error })
    })
  }

  #startCurrent(slot: number): void {
    this.#current[slot] = this.#startWorker(slot)
  }

  #startWorker(slot: number): WorkerProcess {
    const startedMs = this.#clock.nowMs()
    const { isBrokerEmbedded } = this.#live.identity
    const worker = new WorkerProcess(
      this.#fork(),
      { slot, workers: this.#workers, config: this.#config, isBrokerEmbedded },
      {
        clock: this.#clock,
        onRequest: (message, from) => {
          if (message.kind === 'seeRecords') void showRecords(this.#records, message, from)
          else this.#limits.answer(message, from)
        },
        onLiveAsked: (id, from) => {
          this.#live.answer(id, from)
        },
      },
    )
    this.#running.add(worker)
    this.#limits.open(worker)
    void worker.ended.then((ending) => {
      this.#limits.ended(worker)
      this.#running.delete(worker)
      this.#settle(worker, ending, this.#clock.nowMs() - startedMs)
    })
    return worker
  }

  /** Accounts for an ended worker, and replaces it if it was not asked to end. */
  #settle(worker: WorkerProcess, ending: WorkerEnding, lifeMs: number) {
    const { isOrderly, lost, lostSinceStart, measurement, how } = ending
    const { slot, pid } = worker
    this.#live.keep(worker)
    this.#merged.metrics.keep(measurement.metrics)
    this.#merged.statistics.keep(measurement.statistics)
    this.#lost = {
      inShutdown: this.#lost.inShutdown + lost,
      sinceStart: this.#lost.sinceStart + lostSinceStart,
    }
    if (isOrderly) return
    this.#metrics.recordsLost(lost)
    this.#live.died(worker, ending)
    this.logger.error('a worker died', { worker: slot, pid, how, records_lost: lost })
    if (this.#current[slot] !== worker || this.#state !== 'accepting') return
    this.#current[slot] = undefined
    this.#shortLives = lifeMs < SHORT_LIFE_MS ? this.#shortLives + 1 : 0
    const grownMs = this.#shortLives < 2 ? 0 : REPLACE_BACKOFF_MS * 2 ** this.#shortLives
    const backoffMs = Math.min(REPLACE_BACKOFF_MAX_MS, grownMs)
    const cancel = this.#clock.schedule(backoffMs, () => {
      this.#cancelReplacements.delete(cancel)
      // A restart may have filled the slot in the meantime.
      if (!this.#current[slot]) this.#replaceDead(slot)
    })
    this.#cancelReplacements.add(cancel)
  }

  async #stopWorkers(reason: string): Promise<void> {
    const { timeoutMs, drainDelayMs } = this.#config.shutdown
    this.#running.tell({ kind: 'stop', reason })
    const cancelTimer = this.#clock.schedule(drainDelayMs + timeoutMs + END_GRACE_MS, () => {
      this.#running.kill()
    })
    await this.#running.ended()
    cancelTimer()
  }

  async #exposition(): Promise<string> {
    const running = (await this.#running.measure()).map(({ metrics }) => metrics)
    return this.#merged.metrics.merge([await this.#metrics.take(), ...running])
  }

  async #statisticsJson(): Promise<string | undefined> {
    const running = (await this.#running.measure()).map(({ statistics }) => statistics)
    return this.#merged.statistics.merge(running)
  }
}
