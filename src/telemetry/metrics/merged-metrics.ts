import { Registry } from './prom-client.ts'
import type { TelemetryMerger } from '../../base/telemetry-source.ts'
import { type Aggregator, type MetricFamily, type MetricsSnapshot, writeText } from './snapshot.ts'
import { MAX_TOPIC_LABELS, OTHER_TOPICS } from './topic-labels.ts'

/**
 * Merges the metrics of several processes. Counters and histograms are added up, including those of ended
 * processes, so that no counter goes back; gauges cover the running processes only.
 */
export class MergedMetrics implements TelemetryMerger<MetricsSnapshot, string> {
  #past: MetricsSnapshot = []

  /** Media type of {@link MergedMetrics.merge}. */
  get contentType(): string {
    return Registry.PROMETHEUS_CONTENT_TYPE
  }

  /**
   * Keeps the counts of an ended process. If the counts cover more topics than one process has, the topics that the
   * latest process did not have are moved to one label, so that they do not grow with each process.
   */
  keep(last: MetricsSnapshot): void {
    const counts = last.filter(({ type }) => type === 'counter' || type === 'histogram')
    const latest = topicsOf(counts)
    const topics = new Set([...topicsOf(this.#past), ...latest])
    const kept = topics.size > MAX_TOPIC_LABELS ? withTopics(this.#past, latest) : this.#past
    this.#past = aggregate([kept, counts])
  }

  /** All metrics in the Prometheus text format 0.0.4. @param running - the metrics of each running process. */
  merge(running: readonly MetricsSnapshot[]): string {
    return writeText(aggregate([...running, this.#past]))
  }
}

type Combine = (value: number, other: number) => number

const COMBINE: Readonly<Record<Aggregator, Combine>> = {
  sum: (value, other) => value + other,
  min: Math.min,
  max: Math.max,
  first: (value) => value,
  omit: (value) => value,
}

function aggregate(snapshots: readonly MetricsSnapshot[]): MetricsSnapshot {
  const families = Map.groupBy(snapshots.flat(), ({ name }) => name)
  return Array.from(families.values()).flatMap(([first, ...others]) =>
    first === undefined || first.aggregator === 'omit' ? [] : [combined(first, others)],
  )
}

function combined(first: MetricFamily, others: readonly MetricFamily[]): MetricFamily {
  const combine = COMBINE[first.aggregator]
  const totals = new Map<string, number>()
  for (const { series, values } of [first, ...others]) {
    for (const [index, name] of series.entries()) {
      const value = values[index] ?? NaN
      const total = totals.get(name)
      totals.set(name, total === undefined ? value : combine(total, value))
    }
  }
  return { ...first, series: [...totals.keys()], values: Float64Array.from(totals.values()) }
}

/** The label `topic` of a series, behind the brace or a comma. */
const TOPIC_LABEL = /(?<=[{,])topic="((?:[^"\\]|\\.)*)"/

/** The topics, as they are written in the text format. */
function topicsOf(snapshot: MetricsSnapshot): Set<string> {
  const labels = snapshot.flatMap(({ series }) => series.map((name) => TOPIC_LABEL.exec(name)?.[1]))
  return new Set(labels.filter((topic) => topic !== undefined))
}

/** Moves all topics except these to the label of all others; the next merge adds them up. */
function withTopics(past: MetricsSnapshot, topics: ReadonlySet<string>): MetricsSnapshot {
  return past.map((metric) => ({
    ...metric,
    series: metric.series.map((name) =>
      name.replace(TOPIC_LABEL, (label, topic: string) =>
        topics.has(topic) ? label : `topic="${OTHER_TOPICS}"`,
      ),
    ),
  }))
}
