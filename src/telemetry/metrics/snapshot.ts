/** Metrics as data that another process can merge, and as text. */
import type { Registry } from 'prom-client'

/** How the values of several processes make one; `omit` leaves the metric out. */
export type Aggregator = 'sum' | 'min' | 'max' | 'first' | 'omit'

/** One metric with its series. */
export interface MetricFamily {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly aggregator: Aggregator
  /** As in the text format, such as `kafka_sent_messages{topic="orders"}`: merging compares nothing else. */
  readonly series: readonly string[]
  /** Of each series. */
  readonly values: Float64Array
}

/** All metrics of a process. */
export type MetricsSnapshot = readonly MetricFamily[]

type Described = Awaited<ReturnType<Registry['getMetricsAsJSON']>>[number]
type Labels = Described['values'][number]['labels']

/** Reads all metrics of a registry. */
export async function takeSnapshot(registry: Registry): Promise<MetricsSnapshot> {
  return (await registry.getMetricsAsJSON()).map((metric) => ({
    name: metric.name,
    help: metric.help,
    type: `${metric.type}`,
    aggregator: aggregatorOf(metric),
    series: metric.values.map((value) => seriesOf(nameOf(value, metric), value.labels)),
    values: Float64Array.from(metric.values, ({ value }) => value),
  }))
}

/** Writes metrics in the Prometheus text format 0.0.4. */
export function writeText(metrics: MetricsSnapshot): string {
  return metrics.map(writeFamily).join('\n')
}

function writeFamily({ name, help, type, series, values }: MetricFamily): string {
  let text = `# HELP ${name} ${escaped(help)}\n# TYPE ${name} ${type}\n`
  for (const [index, each] of series.entries()) text += `${each} ${textOf(values[index] ?? NaN)}\n`
  return text
}

/**
 * prom-client averages the lags of the event loops. An idle process, such as the primary, would hide one that is held
 * up: the largest counts.
 */
function aggregatorOf({ aggregator }: Described): Aggregator {
  return aggregator === 'average' ? 'max' : aggregator
}

/** Of a series: those of a histogram have names of their own. */
function nameOf(value: Described['values'][number], { name }: Described): string {
  return 'metricName' in value && typeof value.metricName === 'string' ? value.metricName : name
}

function seriesOf(name: string, labels: Labels): string {
  let text = ''
  for (const [label, value] of Object.entries(labels)) {
    text += `${text === '' ? '' : ','}${label}="${escaped(`${value}`).replaceAll('"', '\\"')}"`
  }
  return text === '' ? name : `${name}{${text}}`
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}

function textOf(value: number): string {
  if (Number.isFinite(value)) return `${value}`
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
}
