import { mergeStatistics, mergeTotals, NO_TOTALS } from '../producer/statistics/merge.ts'
import { toJson } from '../producer/statistics/render.ts'
import type { StatisticsData } from '../producer/statistics/statistics-data.ts'

/**
 * The statistics of several workers as those of one, with what was counted by workers that are gone. Of workers that are gone the totals are kept, not those by broker and topic.
 */
export class MergedStatistics {
  #past = NO_TOTALS
  #latest: string | undefined

  /** Keeps the totals of a worker that is gone. */
  keep(last: StatisticsData | undefined): void {
    if (last) this.#past = mergeTotals([this.#past, last])
  }

  /**
   * All statistics: those of before while no worker runs, `undefined` where none are kept.
   *
   * @param running - of each worker that runs.
   */
  json(running: readonly (StatisticsData | undefined)[]): string | undefined {
    const merged = mergeStatistics(
      running.filter((one) => one !== undefined),
      this.#past,
    )
    if (merged) this.#latest = toJson(merged)
    return this.#latest
  }
}
