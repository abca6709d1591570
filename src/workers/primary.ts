import { type Addresses, announce, lastLine, type LostRecords } from '../service/announce.ts'
import type { CancelTimer, Clock } from '../base/clock.ts'
import type { Config } from '../config/types.ts'
import { RateLimiter } from '../ingest/rate-limiter.ts'
import { totalRoom } from '../settings/kafka.ts'
import { logOptions } from '../settings/log.ts'
import { Log, type Logger } from '../telemetry/logging.ts'
import { MergedMetrics } from '../telemetry/metrics/merged-metrics.ts'
import { WorkerMetrics } from '../telemetry/metrics/worker-metrics.ts'
import { createOperationsApp } from '../operations/app.ts'
import { makeChecks, memoryCheck, queueCheck } from '../operations/readiness.ts'
import { OperationsServer } from '../operations/server.ts'
import type { Room } from '../producer/queue-room.ts'
import { queueMemoryMaxBytes } from '../settings/queue-memory.ts'
import { MergedStatistics } from './merged-statistics.ts'
import type { Measurement, WorkerRequest } from './messages.ts'
import { nextConfig } from './next-config.ts'
import { QueueQuota, type QueueLease } from './queue-quota.ts'
import { type Fork, type WorkerEnding, WorkerProcess } from './worker-process.ts'

/** Options of a {@link Primary}. */
export interface PrimaryOptions {
  readonly config: Config
  readonly workers: number
  readonly clock: Clock
  readonly fork: () => Fork
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
 * and replaces those that die. It owns what they share: the limits of queue and rates, the operations port with
 * everyone's metrics, the signals.
 *
 *     new -> starting -> accepting -> stopping -> closed
 */
export class Primary {
  #config: Config
  readonly #workers: number
  readonly #clock: Clock
  readonly #fork: () => Fork
  readonly #log: Log
  readonly #operations: OperationsServer
  readonly #metrics: WorkerMetrics
  /** By kind; as {@link Measurement}. */
  readonly #merged = { metrics: new MergedMetrics(), statistics: new MergedStatistics() }
  readonly #quota: QueueQuota
  readonly #rates: RateLimiter
  readonly #leases = new Map<WorkerProcess, QueueLease>()
  /** All workers that have not ended, including retiring ones. */
  readonly #running = new Set<WorkerProcess>()
  /** The worker of each slot that accepts new connections, or is about to. */
  readonly #current: (WorkerProcess | undefined)[]
  readonly #cancelReplacements = new Set<CancelTimer>()
  #state: State = 'new'
  #shortLives = 0
  #lost: LostRecords = { inShutdown: 0, sinceStart: 0 }
  #isRestarting = false

  /** @throws ProxyError CONFIG_INVALID if the log cannot be written to. */
  constructor({ config, workers, clock, fork }: PrimaryOptions) {
    this.#config = config
    this.#workers = workers
    this.#clock = clock
    this.#fork = fork
    this.#log = new Log(logOptions(config, clock))
    this.#quota = new QueueQuota(totalRoom(config))
    this.#rates = new RateLimiter(config.ratelimit.rules)
    this.#current = new Array<undefined>(workers).fill(undefined)
    this.#metrics = new WorkerMetrics(() => this.#accepting().length)
    const { contentType } = this.#merged.metrics
    const operations = createOperationsApp({
      metrics: { contentType, exposition: () => this.#exposition() },
      statistics: { json: () => this.#statisticsJson() },
      readiness: { results: () => makeChecks(this.#readinessChecks()) },
      logger: this.logger,
    })
    this.#operations = new OperationsServer({ app: operations, clock, log: this.logger })
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
      const [httpPort = 0] = await Promise.all([...this.#running].map(({ started }) => started))
      this.#state = 'accepting'
      const addresses = { httpPort, metricsPort: boundMetricsPort }
      announce(this.logger, this.#config, addresses, this.#workers)
      return addresses
    } catch (error) {
      this.#state = 'stopping'
      await this.#stopWorkers('start failed')
      await this.#operations.close()
      const reason = error instanceof Error ? error.message : String(error)
      await this.#log.close({ level: 'error', msg: 'not started', fields: { reason } })
      throw error
    }
  }

  /** Makes all logs continue in new files (SIGHUP, after a rotation). */
  reopenLog(): void {
    this.#log.reopen()
    for (const worker of this.#running) worker.tell({ kind: 'reopenLog' })
  }

  /**
   * Drains and ends all workers.
   *
   * @returns the number of records that were accepted and not delivered since this call.
   */
  async stop(reason: string): Promise<number> {
    this.#state = 'stopping'
    this.logger.info('draining', { reason, records: this.#buffered().records })
    for (const cancel of this.#cancelReplacements) cancel()
    this.#lost = { ...this.#lost, inShutdown: 0 }
    await this.#stopWorkers(reason)
    this.#state = 'closed'
    await this.#operations.close()
    await this.#log.close(lastLine(this.#lost))
    return this.#lost.inShutdown
  }

  /** Gives up at once everything that {@link Primary.stop} still waits for. */
  abort(): Promise<void> {
    for (const worker of this.#running) worker.tell({ kind: 'abort' })
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
      this.#config = config
      await this.#replaceAll().catch((error: unknown) => {
        this.#config = before
        throw error
      })
      this.logger.info('the workers were restarted')
    } catch (error) {
      this.logger.error('some workers were not restarted; the running ones continue', { error })
    } finally {
      this.#isRestarting = false
    }
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
    const worker = new WorkerProcess(
      this.#fork(),
      { slot, workers: this.#workers, config: this.#config },
      { clock: this.#clock, onRequest: this.#answer.bind(this) },
    )
    this.#running.add(worker)
    const lease = this.#quota.open(() => {
      worker.tell({ kind: 'roomAgain' })
    })
    this.#leases.set(worker, lease)
    void worker.ended.then((ending) => {
      lease.close()
      this.#leases.delete(worker)
      this.#running.delete(worker)
      this.#settle(worker, ending, this.#clock.nowMs() - startedMs)
    })
    return worker
  }

  /** Accounts for an ended worker, and replaces it if it was not asked to end. */
  #settle(worker: WorkerProcess, ending: WorkerEnding, lifeMs: number) {
    const { isOrderly, lost, lostSinceStart, measurement, how } = ending
    const { slot, pid } = worker
    this.#merged.metrics.keep(measurement.metrics)
    this.#merged.statistics.keep(measurement.statistics)
    this.#lost = {
      inShutdown: this.#lost.inShutdown + lost,
      sinceStart: this.#lost.sinceStart + lostSinceStart,
    }
    if (isOrderly) return
    this.#metrics.recordsLost(lost)
    this.logger.error('a worker died', { worker: slot, pid, how, records_lost: lost })
    if (this.#current[slot] !== worker || this.#state !== 'accepting') return
    this.#current[slot] = undefined
    this.#shortLives = lifeMs < SHORT_LIFE_MS ? this.#shortLives + 1 : 0
    const backoffMs = Math.min(
      REPLACE_BACKOFF_MAX_MS,
      this.#shortLives < 2 ? 0 : REPLACE_BACKOFF_MS * 2 ** this.#shortLives,
    )
    const cancel = this.#clock.schedule(backoffMs, () => {
      this.#cancelReplacements.delete(cancel)
      // A restart may have filled the slot in the meantime.
      if (!this.#current[slot]) this.#replaceDead(slot)
    })
    this.#cancelReplacements.add(cancel)
  }

  #answer(message: WorkerRequest, worker: WorkerProcess): void {
    const lease = this.#leases.get(worker)
    switch (message.kind) {
      case 'acquire':
        worker.tell({ kind: 'granted', room: lease?.acquire(message.room) ?? message.room })
        break
      case 'release':
        lease?.release(message.room)
        break
      case 'admit': {
        const admission = this.#rates.admit(message.wanted, this.#clock.nowMs())
        worker.tell({ kind: 'admitted', id: message.id, admission })
      }
    }
  }

  async #stopWorkers(reason: string): Promise<void> {
    const { timeoutMs, drainDelayMs } = this.#config.shutdown
    for (const worker of this.#running) worker.tell({ kind: 'stop', reason })
    const cancelTimer = this.#clock.schedule(drainDelayMs + timeoutMs + END_GRACE_MS, () => {
      for (const worker of this.#running) worker.kill()
    })
    await Promise.all([...this.#running].map(({ ended }) => ended))
    cancelTimer()
  }

  #accepting(): WorkerProcess[] {
    return [...this.#running].filter(({ report }) => report.isAccepting)
  }

  #buffered(): Room {
    let records = 0
    let bytes = 0
    for (const { report } of this.#running) {
      records += report.bufferedRecords
      bytes += report.bufferedBytes
    }
    return { records, bytes }
  }

  async #exposition(): Promise<string> {
    const running = (await this.#measure()).map(({ metrics }) => metrics)
    return await this.#merged.metrics.merge([await this.#metrics.take(), ...running])
  }

  async #statisticsJson(): Promise<string | undefined> {
    const running = (await this.#measure()).map(({ statistics }) => statistics)
    return this.#merged.statistics.merge(running)
  }

  /** The measurements of all running workers. */
  async #measure(): Promise<Measurement[]> {
    const workers = [...this.#running]
    const measured = await Promise.all(workers.map((worker) => worker.measure()))
    // The counts of a worker that ended in the meantime are already kept, and must not be counted twice.
    await Promise.all(workers.filter(({ hasEnded }) => hasEnded).map(({ ended }) => ended))
    return measured.filter((_, index) => workers[index]?.hasEnded === false)
  }

  #readinessChecks() {
    return [
      {
        name: 'accepting',
        check: () => (this.#state === 'accepting' ? undefined : `the service is ${this.#state}`),
      },
      {
        name: 'workers',
        check: () => (this.#accepting().length > 0 ? undefined : 'no worker takes pushes'),
      },
      {
        // As in a single process: with a write-ahead log, that it accepts pushes.
        name: this.#config.wal.enabled ? 'wal' : 'kafka',
        check: () => {
          const problems = this.#accepting().map(({ report }) => report.deliveryProblem)
          return problems.every((problem) => problem !== undefined) ? problems[0] : undefined
        },
      },
      queueCheck(totalRoom(this.#config), () => this.#buffered()),
      memoryCheck(queueMemoryMaxBytes(this.#config, this.#workers) * this.#workers, () =>
        [...this.#running].reduce((sum, { report }) => sum + report.memoryBytes, 0),
      ),
    ]
  }
}
