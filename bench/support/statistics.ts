/** Median and spread of several runs. */

/** Median, smallest and largest of several values. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** Computes the median and the extremes. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((one, other) => one - other)
  const middle = (sorted.length - 1) / 2
  const low = sorted[Math.floor(middle)] ?? NaN
  const high = sorted[Math.ceil(middle)] ?? NaN
  return { median: (low + high) / 2, min: sorted[0] ?? NaN, max: sorted.at(-1) ?? NaN }
}

/** A spread as text, with its unit. */
export function show({ median, min, max }: Spread, unit: string, digits = 1): string {
  const [middle, low, high] = [median, min, max].map((value) => value.toFixed(digits))
  return `${middle} ${unit} (${low} to ${high})`
}
