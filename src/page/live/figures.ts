/** From counts to what the page shows: rates, percentiles, round trips. */
import type {
  LiveBroker,
  LiveCheck,
  LiveProblem,
  LiveQueues,
  LiveSample,
  LiveWorker,
  TopicCounts,
  TopicFailure,
} from '../../base/live-sample.ts'
import { ownOf } from '../../base/own-of.ts'
import { type Lately, type Verdict, verdictOn } from './verdict.ts'
import { percentile } from './percentile.ts'

/** Two percentiles of a duration, ms; `null` if nothing was measured lately. */
export interface Latency {
  readonly p50: number | null
  readonly p99: number | null
}

/** Rates per second; `null` before there are two samples. */
export interface Rates {
  readonly served: number
  readonly refused: number
  readonly failedPushes: number
  readonly received: number
  readonly delivered: number
  readonly failed: number
  readonly rejected: number
  readonly retried: number
}

/** One topic, or `other`. Rates are per second. */
export interface TopicFigures {
  readonly topic: string
  readonly received: number
  readonly delivered: number
  readonly failed: number
  /** `null` if nothing failed lately. */
  readonly failure: TopicFailure | null
}

/** One broker. */
export interface BrokerFigures extends Pick<LiveBroker, 'address' | 'state' | 'stateAgeMs'> {
  readonly nodeId: number | null
  readonly reason: string | null
  /** Average of the last seconds, ms; `null` if it answered nothing. */
  readonly roundTripMs: number | null
  /** How long it asked kprf to wait in the last seconds, ms. */
  readonly throttleMs: number
}

/** One event of the stream. JSON has no `undefined`: what is not known is `null` or absent. */
export interface LiveFigures {
  /** Ms since 1970. */
  readonly nowMs: number
  readonly verdict: Verdict
  readonly checks: readonly LiveCheck[]
  readonly rates: Rates | null
  readonly pushes: Latency
  readonly deliveries: Latency
  readonly queues: LiveQueues
  readonly connections: number
  readonly topics: readonly TopicFigures[]
  readonly brokers: readonly BrokerFigures[]
  readonly workers: readonly LiveWorker[]
  readonly problems: readonly LiveProblem[]
}

/** Percentiles and round trips are of this many samples: fewer would leave a quiet kprf without any. */
const WINDOW_SAMPLES = 10

const NO_COUNTS: TopicCounts = { received: 0, delivered: 0, failed: 0 }

/** Makes the events of the stream, each from its sample and those before it. */
export class Figures {
  /** The last samples, oldest first. */
  #window: LiveSample[] = []

  /** The figures of the next sample. @param nowMs - ms since 1970 */
  next(sample: LiveSample, nowMs: number): LiveFigures {
    const last = this.#window.at(-1)
    const oldest = this.#window[0] ?? sample
    this.#window = [...this.#window.slice(-(WINDOW_SAMPLES - 1)), sample]
    const { checks, queues, connections, workers, problems, counts } = sample
    return {
      nowMs,
      ...{ checks, queues, connections, workers, problems },
      verdict: verdictOn(sample, latelyOf(sample, oldest)),
      rates: last ? ratesOf(sample, last) : null,
      pushes: latencyOf(counts.pushDurations, oldest.counts.pushDurations),
      deliveries: latencyOf(counts.deliveryDurations, oldest.counts.deliveryDurations),
      topics: topicsOf(sample, last),
      brokers: sample.brokers.map((broker) => brokerOf(broker, oldest)),
    }
  }
}

function latelyOf({ counts }: LiveSample, { counts: before }: LiveSample): Lately {
  const since = (key: 'delivered' | 'failed'): number =>
    Math.max(0, totalOf(counts.topics, key) - totalOf(before.topics, key))
  return { delivered: since('delivered'), failed: since('failed') }
}

function ratesOf(sample: LiveSample, last: LiveSample): Rates {
  const perSecond = perSecondOf(sample, last)
  const [now, before] = [sample.counts, last.counts]
  const sumOf = (key: keyof TopicCounts): number =>
    perSecond(totalOf(now.topics, key), totalOf(before.topics, key))
  return {
    served: perSecond(now.pushes.served, before.pushes.served),
    refused: perSecond(now.pushes.refused, before.pushes.refused),
    failedPushes: perSecond(now.pushes.failed, before.pushes.failed),
    received: sumOf('received'),
    delivered: sumOf('delivered'),
    failed: sumOf('failed'),
    rejected: perSecond(now.rejected, before.rejected),
    retried: perSecond(now.retried, before.retried),
  }
}

function totalOf(topics: Readonly<Record<string, TopicCounts>>, key: keyof TopicCounts): number {
  return Object.values(topics).reduce((sum, counts) => sum + counts[key], 0)
}

/** Counts of several processes go down when one of them dies: that is no negative rate. */
function perSecondOf(
  sample: LiveSample,
  last: LiveSample,
): (now: number, before: number) => number {
  const seconds = (sample.atMs - last.atMs) / 1000
  return (now, before) => (seconds > 0 ? Math.max(0, now - before) / seconds : 0)
}

function latencyOf(now: readonly number[], before: readonly number[]): Latency {
  const bins = now.map((count, bin) => Math.max(0, count - (before[bin] ?? 0)))
  return { p50: percentile(bins, 0.5), p99: percentile(bins, 0.99) }
}

function topicsOf(sample: LiveSample, last: LiveSample | undefined): TopicFigures[] {
  const perSecond = last ? perSecondOf(sample, last) : () => 0
  return Object.entries(sample.counts.topics).map(([topic, counts]) => {
    const before = (last && ownOf(last.counts.topics, topic)) ?? NO_COUNTS
    return {
      topic,
      received: perSecond(counts.received, before.received),
      delivered: perSecond(counts.delivered, before.delivered),
      failed: perSecond(counts.failed, before.failed),
      failure: ownOf(sample.topicFailures, topic) ?? null,
    }
  })
}

function brokerOf(broker: LiveBroker, oldest: LiveSample): BrokerFigures {
  const { address, state, stateAgeMs, nodeId = null, reason = null } = broker
  const before = oldest.brokers.find((other) => other.address === address)
  const answers = broker.answers - (before?.answers ?? 0)
  const tookMs = broker.roundTripMs - (before?.roundTripMs ?? 0)
  return {
    ...{ address, state, stateAgeMs, nodeId, reason },
    roundTripMs: answers > 0 && tookMs >= 0 ? tookMs / answers : null,
    throttleMs: Math.max(0, broker.throttleMs - (before?.throttleMs ?? 0)),
  }
}
