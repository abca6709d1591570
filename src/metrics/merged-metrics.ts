/**
 * The metrics of several processes as those of one: counters and histograms are added, also those of
 * processes that are gone, so that no counter goes back; gauges are those of the processes that run.
 */
import { AggregatorRegistry, type Registry } from 'prom-client'
import type { MetricsSnapshot } from './metrics.ts'

/** See the head of this file. */
export class MergedMetrics {
  #past: Promise<MetricsSnapshot> = Promise.resolve([])

  /** Media type of {@link MergedMetrics.exposition}. */
  get contentType(): string {
    return merge([]).contentType
  }

  /** Keeps the counts of a process that is gone. */
  keep(last: MetricsSnapshot): void {
    this.#past = this.#past.then((past) => merge([past, last.filter(isCount)]).getMetricsAsJSON())
  }

  /** All metrics in the Prometheus text format 0.0.4. @param running - of each process that runs. */
  async exposition(running: readonly MetricsSnapshot[]): Promise<string> {
    return await merge([...running, await this.#past]).metrics()
  }
}

function merge(snapshots: readonly MetricsSnapshot[]): Registry {
  return AggregatorRegistry.aggregate([...snapshots])
}

function isCount({ type }: MetricsSnapshot[number]): boolean {
  return `${type}` === 'counter' || `${type}` === 'histogram'
}
