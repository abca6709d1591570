/** What the page shows of the metrics. It is read once a second, so it does without prom-client's formats. */
import type { LiveCounts, TopicCounts } from '../../base/live-sample.ts'
import { DURATION_BUCKETS_MS } from '../../base/duration-buckets.ts'
import type { HistogramSeries } from './plain-histogram.ts'
import type { ProducerMetrics } from './producer-metrics.ts'
import type { TopicCounter } from './topic-counter.ts'

/** Where the counts are. */
export interface CountedSeries {
  /** Durations of pushes by status, for each mode. */
  readonly pushes: readonly ReadonlyMap<number, HistogramSeries>[]
  /** Durations of all deliveries, ms, in the same buckets. */
  readonly deliveries: HistogramSeries
  readonly delivered: TopicCounter
  readonly producer: ProducerMetrics
}

/** Adds the counts up. */
export function liveCounts(series: CountedSeries): LiveCounts {
  const { deliveries, delivered, producer } = series
  const pushDurations = emptyBins()
  const pushes = { served: 0, refused: 0, failed: 0 }
  for (const [status, durations] of series.pushes.flatMap((ofMode) => [...ofMode])) {
    const bins = emptyBins()
    durations.addTo(bins)
    durations.addTo(pushDurations)
    pushes[kindOf(status)] += bins.reduce((sum, count) => sum + count, 0)
  }
  const deliveryDurations = emptyBins()
  deliveries.addTo(deliveryDurations)
  const topics = new Map<string, { -readonly [K in keyof TopicCounts]: number }>()
  const adder = (key: keyof TopicCounts) => (label: string, count: number) => {
    let counts = topics.get(label)
    if (counts === undefined) topics.set(label, (counts = { received: 0, delivered: 0, failed: 0 }))
    counts[key] += count
  }
  producer.byTopic.received.forEach(adder('received'))
  delivered.forEach(adder('delivered'))
  producer.byTopic.failed.forEach(adder('failed'))
  return {
    ...{ pushes, pushDurations, deliveryDurations, ...producer.totals },
    topics: Object.fromEntries(topics),
  }
}

function emptyBins(): number[] {
  return new Array<number>(DURATION_BUCKETS_MS.length + 1).fill(0)
}

function kindOf(status: number): keyof LiveCounts['pushes'] {
  if (status >= 500) return 'failed'
  return status >= 400 ? 'refused' : 'served'
}
