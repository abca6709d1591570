import type { TelemetryMerger } from '../base/telemetry-source.ts'
import { mergeStatistics, mergeTotals, NO_TOTALS } from '../producer/statistics/merge.ts'
import { toJson } from '../producer/statistics/render.ts'
import type { StatisticsData } from '../producer/statistics/statistics-data.ts'

/**
 * Merges the statistics of several workers. It keeps the totals of ended workers, but not their counts by broker
 * and topic.
 */
export class MergedStatistics implements TelemetryMerger<
  StatisticsData | undefined,
  string | undefined
> {
  #past = NO_TOTALS
  #latest: string | undefined

  /** Keeps the totals of an ended worker. */
  keep(last: StatisticsData | undefined): void {
    if (last) this.#past = mergeTotals([this.#past, last])
  }

  /**
   * Merges the statistics, as JSON: the former ones while no worker runs, `undefined` if none are collected.
   *
   * @param running - those of each running worker.
   */
  merge(running: readonly (StatisticsData | undefined)[]): string | undefined {
    const merged = mergeStatistics(
      running.filter((one) => one !== undefined),
      this.#past,
    )
    if (merged) this.#latest = toJson(merged)
    return this.#latest
  }
}
