import { DURATION_BUCKETS_MS } from '../../base/duration-buckets.ts'

/**
 * A percentile of durations that are counted in buckets, as Prometheus' `histogram_quantile` finds it: evenly spread
 * within its bucket. What is above the last bound counts as that bound.
 *
 * @param bins - counts per bucket, not cumulative; the last is `+Inf`.
 * @returns ms; `null` if nothing was counted.
 */
export function percentile(bins: readonly number[], share: number): number | null {
  const total = bins.reduce((sum, count) => sum + count, 0)
  if (total === 0) return null
  const rank = total * share
  let below = 0
  for (const [bin, count] of bins.entries()) {
    const bound = DURATION_BUCKETS_MS[bin]
    if (bound === undefined) break
    if (below + count >= rank) {
      const start = DURATION_BUCKETS_MS[bin - 1] ?? 0
      return start + (bound - start) * ((rank - below) / count)
    }
    below += count
  }
  return DURATION_BUCKETS_MS.at(-1) ?? null
}
