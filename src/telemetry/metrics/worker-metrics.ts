import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client'
import type { TelemetrySource } from '../../base/telemetry-source.ts'
import type { MetricsSnapshot } from './metrics.ts'

/** Why a worker was replaced: it died, or by request. */
export type RestartReason = 'crash' | 'request'

/** The metrics of a primary process about its workers. */
export class WorkerMetrics implements TelemetrySource<MetricsSnapshot> {
  readonly #registry: Registry
  readonly #restarts: Counter<'reason'>
  readonly #lost: Counter

  /** @param runningWorkers - read at each scrape. */
  constructor(runningWorkers: () => number, registry = new Registry()) {
    const registers = [registry]
    this.#registry = registry
    const workers: Gauge = new Gauge({
      name: 'kprf_workers',
      help: 'Worker processes that accept pushes.',
      registers,
      collect: () => {
        workers.set(runningWorkers())
      },
    })
    this.#restarts = new Counter({
      name: 'kprf_worker_restarts_total',
      help: 'Workers replaced: because they died, or because of SIGUSR2.',
      labelNames: ['reason'],
      registers,
    })
    this.#lost = new Counter({
      name: 'kprf_worker_lost_records_total',
      help: 'Records that were in the queues of workers that died, by their last reports.',
      registers,
    })
    for (const reason of ['crash', 'request'] as const) this.#restarts.inc({ reason }, 0)
    collectDefaultMetrics({ register: registry })
  }

  /** Counts a worker that was replaced. */
  restarted(reason: RestartReason): void {
    this.#restarts.inc({ reason })
  }

  /** Counts records that were lost with a worker. */
  recordsLost(count: number): void {
    this.#lost.inc(count)
  }

  /** These metrics as data. */
  take(): Promise<MetricsSnapshot> {
    return this.#registry.getMetricsAsJSON()
  }
}
