/** What a panel of the dashboard shows, in the words that the rows of the dashboard are written in. */

/** One expression of PromQL. */
export interface Query {
  readonly expr: string
  /** Name of each line, with labels as `{{label}}`. */
  readonly legend: string
}

/** From this value on, the panel has this colour. */
export type Threshold = readonly [from: number, colour: 'green' | 'yellow' | 'orange' | 'red']

/** One panel. */
export interface Panel {
  /** Lines over time, one number, or the states that something was in. */
  readonly kind: 'lines' | 'number' | 'states'
  readonly title: string
  readonly description: string
  /** Grafana's id of the unit of all values: `reqps`, `s`, `bytes` and so on. */
  readonly unit: string
  /** Of the 24 columns of the page. */
  readonly width: 4 | 6 | 8 | 12
  readonly queries: readonly Query[]
  readonly thresholds?: readonly Threshold[]
  readonly min?: number
  readonly max?: number
  /** Draws lines on top of each other, where their sum means something. */
  readonly isStacked?: boolean
  /** Words for values. */
  readonly words?: readonly (readonly [value: number, text: string, colour: string])[]
  /** The alerts on what the panel shows, each a section of docs/ALERTS.md. */
  readonly alerts?: readonly string[]
}

/** A heading with panels below it. */
export interface Row {
  readonly title: string
  readonly panels: readonly Panel[]
}

/** Labels of the jobs and instances that are chosen on the page. */
export const CHOSEN = 'job=~"$job", instance=~"$instance"'
/** The same, and of the topics. */
export const CHOSEN_TOPICS = `${CHOSEN}, topic=~"$topic"`

/** Increase per second of a counter, or of a bucket of a histogram. */
export function rate(metric: string, labels: string = CHOSEN): string {
  return `rate(${metric}{${labels}}[$__rate_interval])`
}

/** {@link rate} of all instances together, by these labels. */
export function sumOfRates(metric: string, by: string, labels: string = CHOSEN): string {
  return `sum by (${by}) (${rate(metric, labels)})`
}

/** A gauge of each instance. */
export function gauge(metric: string): string {
  return `${metric}{${CHOSEN}}`
}

/** Quantiles of a histogram over all instances, one query each, by these labels. */
export function quantiles(
  histogram: string,
  shares: readonly number[],
  { by = [], labels = CHOSEN }: { readonly by?: readonly string[]; readonly labels?: string } = {},
): readonly Query[] {
  const prefix = by.map((label) => `{{${label}}} `).join('')
  return shares.map((share) => ({
    expr: `histogram_quantile(${share}, ${sumOfRates(`${histogram}_bucket`, ['le', ...by].join(', '), labels)})`,
    legend: `${prefix}p${String(share * 100).replace('.', '')}`,
  }))
}
