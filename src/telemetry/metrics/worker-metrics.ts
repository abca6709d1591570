import { Counter, Gauge, Registry } from './prom-client.ts'
import type { TelemetrySource } from '../../base/telemetry-source.ts'
import { type CertificateExpiries, declareCertificates } from './certificate-metrics.ts'
import { IdempotencyMetrics } from './idempotency-metrics.ts'
import { declareProcess, type ProcessFacts } from './process-metrics.ts'
import { type MetricsSnapshot, takeSnapshot } from './snapshot.ts'

/** Why a worker was replaced: it died, or by request. */
export type RestartReason = 'crash' | 'request'

/** Options of {@link WorkerMetrics}. Functions are read at each scrape. */
export interface WorkerMetricsOptions {
  readonly runningWorkers: () => number
  /** Number of idempotency keys. @defaultValue there are none, and no metrics of them */
  readonly keys?: () => number
  /** When certificates expire. @defaultValue there are none */
  readonly certificates?: () => CertificateExpiries
  /** What the primary says for all processes. @defaultValue nothing */
  readonly process?: ProcessFacts
  /** @defaultValue a new one */
  readonly registry?: Registry
}

/** The metrics of a primary process about its workers, and what it has for them. */
export class WorkerMetrics implements TelemetrySource<MetricsSnapshot> {
  readonly #registry: Registry
  readonly #restarts: Counter<'reason'>
  readonly #lost: Counter
  /** `undefined` without idempotency keys. */
  readonly idempotency: IdempotencyMetrics | undefined

  constructor(options: WorkerMetricsOptions) {
    const { runningWorkers, keys, certificates, registry = new Registry() } = options
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
      help: 'Records that were in the queues of workers that died, by their last reports. None with the write-ahead log, which keeps them.',
      registers,
    })
    for (const reason of ['crash', 'request'] as const) this.#restarts.inc({ reason }, 0)
    this.idempotency = keys && new IdempotencyMetrics(registry, keys)
    if (certificates) declareCertificates(registry, certificates)
    declareProcess(registry, options.process)
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
    return takeSnapshot(this.#registry)
  }
}
