import { AggregatorRegistry, type Registry } from 'prom-client'
import type { MetricsSnapshot } from './metrics.ts'
import { MAX_TOPIC_LABELS, OTHER_TOPICS } from './topic-labels.ts'

/**
 * The metrics of several processes as those of one: counters and histograms are added, also those of
 * processes that are gone, so that no counter goes back; gauges are those of the processes that run.
 */
export class MergedMetrics {
  #past: Promise<MetricsSnapshot> = Promise.resolve([])

  /** Media type of {@link MergedMetrics.exposition}. */
  get contentType(): string {
    return merge([]).contentType
  }

  /**
   * Keeps the counts of a process that is gone. When these are of more topics than one process has, the topics that
   * the latest process did not have are counted under one label, so that the past does not grow with each process.
   */
  keep(last: MetricsSnapshot): void {
    this.#past = this.#past.then((past) => {
      const counts = last.filter(isCount)
      const topics = new Set([...topicsOf(past), ...topicsOf(counts)])
      const kept = topics.size > MAX_TOPIC_LABELS ? withTopics(past, topicsOf(counts)) : past
      return merge([kept, counts]).getMetricsAsJSON()
    })
  }

  /** All metrics in the Prometheus text format 0.0.4. @param running - of each process that runs. */
  async exposition(running: readonly MetricsSnapshot[]): Promise<string> {
    return await merge([...running, await this.#past]).metrics()
  }
}

function merge(snapshots: readonly MetricsSnapshot[]): Registry {
  return AggregatorRegistry.aggregate([...snapshots])
}

function topicsOf(snapshot: MetricsSnapshot): Set<string | number> {
  const labels = snapshot.flatMap(({ values }) => values.map((value) => value.labels['topic']))
  return new Set(labels.filter((topic) => topic !== undefined))
}

/** Counts all topics but these under the label of all others; the next merge adds them up. */
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
