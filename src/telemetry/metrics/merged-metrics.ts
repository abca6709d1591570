import type { TelemetryMerger } from '../../base/telemetry-source.ts'
import { AggregatorRegistry, type Registry } from 'prom-client'
import type { MetricsSnapshot } from './metrics.ts'
import { MAX_TOPIC_LABELS, OTHER_TOPICS } from './topic-labels.ts'

/**
 * Merges the metrics of several processes. Counters and histograms are added up, including those of ended
 * processes, so that no counter goes back; gauges cover the running processes only.
 */
export class MergedMetrics implements TelemetryMerger<MetricsSnapshot, Promise<string>> {
  #past: Promise<MetricsSnapshot> = Promise.resolve([])

  /** Media type of {@link MergedMetrics.merge}. */
  get contentType(): string {
    return aggregate([]).contentType
  }

  /**
   * Keeps the counts of an ended process. If the counts cover more topics than one process has, the topics that the
   * latest process did not have are moved to one label, so that they do not grow with each process.
   */
  keep(last: MetricsSnapshot): void {
    this.#past = this.#past.then((past) => {
      const counts = last.filter(isCount)
      const topics = new Set([...topicsOf(past), ...topicsOf(counts)])
      const kept = topics.size > MAX_TOPIC_LABELS ? withTopics(past, topicsOf(counts)) : past
      return aggregate([kept, counts]).getMetricsAsJSON()
    })
  }

  /** All metrics in the Prometheus text format 0.0.4. @param running - the metrics of each running process. */
  async merge(running: readonly MetricsSnapshot[]): Promise<string> {
    return await aggregate([...running, await this.#past]).metrics()
  }
}

function aggregate(snapshots: readonly MetricsSnapshot[]): Registry {
  return AggregatorRegistry.aggregate(snapshots.map((snapshot) => snapshot.map(withoutAverage)))
}

/**
 * prom-client averages the lags of the event loops. An idle process, such as the primary, would hide one that is held
 * up: the largest counts.
 */
function withoutAverage(metric: MetricsSnapshot[number]): MetricsSnapshot[number] {
  return metric.aggregator === 'average' ? { ...metric, aggregator: 'max' } : metric
}

function topicsOf(snapshot: MetricsSnapshot): Set<string | number> {
  const labels = snapshot.flatMap(({ values }) => values.map((value) => value.labels['topic']))
  return new Set(labels.filter((topic) => topic !== undefined))
}

/** Moves all topics except these to the label of all others; the next merge adds them up. */
function withTopics(past: MetricsSnapshot, topics: ReadonlySet<string | number>): MetricsSnapshot {
  return past.map((metric) => ({
    ...metric,
    values: metric.values.map((value) => {
      const { topic } = value.labels
      const isKept = topic === undefined || topics.has(topic)
      return isKept ? value : { ...value, labels: { ...value.labels, topic: OTHER_TOPICS } }
    }),
  }))
}

function isCount({ type }: MetricsSnapshot[number]): boolean {
  return `${type}` === 'counter' || `${type}` === 'histogram'
}
