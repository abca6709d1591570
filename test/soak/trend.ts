/** How a measured value moves over time. Pure. */

/** One value at one time. */
export interface Sample {
  readonly atMs: number
  readonly value: number
}

/** A value over a run. */
export interface Trend {
  readonly first: number
  readonly last: number
  /** Least-squares slope, per hour. */
  readonly slopePerHour: number
  /** That slope as a share of the mean, per hour; 0 where the mean is 0. */
  readonly relativePerHour: number
}

const HOUR_MS = 3_600_000

/** Fits a line through samples. @throws RangeError when there are fewer than two. */
export function trendOf(samples: readonly Sample[]): Trend {
  const [first] = samples
  const last = samples.at(-1)
  if (!first || !last || samples.length < 2) throw new RangeError('a trend takes two samples')
  const meanMs = mean(samples.map(({ atMs }) => atMs))
  const meanValue = mean(samples.map(({ value }) => value))
  let covariance = 0
  let variance = 0
  for (const { atMs, value } of samples) {
    covariance += (atMs - meanMs) * (value - meanValue)
    variance += (atMs - meanMs) ** 2
  }
  const slopePerHour = variance === 0 ? 0 : (covariance / variance) * HOUR_MS
  return {
    first: first.value,
    last: last.value,
    slopePerHour,
    relativePerHour: meanValue === 0 ? 0 : slopePerHour / meanValue,
  }
}

/**
 * The smallest of each `window` consecutive samples: for memory, what is left after a collection. Fewer samples
 * than two windows are returned unchanged.
 */
export function lowest(samples: readonly Sample[], window: number): readonly Sample[] {
  if (samples.length < 2 * window) return samples
  return Array.from({ length: Math.floor(samples.length / window) }, (_, index) =>
    samples
      .slice(index * window, (index + 1) * window)
      .reduce((low, sample) => (sample.value < low.value ? sample : low)),
  )
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
