import { RDKAFKA } from './delivery-errors.ts'
import { HeapNode } from './ordered-heap.ts'
import type { PartitionLeaders } from './partitioner.ts'
import type { TopicSnapshot } from './transport.ts'

/** The state of a topic; see the table in `topic-metadata.ts`. */
export type TopicState =
  | { readonly status: 'unknown' }
  | { readonly status: 'known'; readonly leaders: PartitionLeaders }
  | { readonly status: 'failed'; readonly errorNumber: number }
  /** There are too many unconfirmed topics, so nothing is stored about this one. */
  | { readonly status: 'turnedAway' }

/** The state of a new topic. */
export const UNKNOWN: TopicState = { status: 'unknown' }

/** The state of a topic about which nothing is stored. */
export const TURNED_AWAY: TopicState = { status: 'turnedAway' }

/** librdkafka's refresh interval for failed topics. */
const FAILED_TOPIC_INTERVAL_MS = 1_000
/** A failed or unknown topic is forgotten if it was not used for this time. */
const BAD_TOPIC_MEMORY_MS = 5_000

/** The times that control when a topic is asked about, failed and forgotten. */
export interface TopicTimes {
  readonly topicMetadataRefreshIntervalMs: number
  readonly topicMetadataRefreshFastIntervalMs: number
  readonly metadataMaxAgeMs: number
  readonly topicMetadataPropagationMaxMs: number
}

/** One topic in use: its state, and how an answer of a broker changes it. Used by `topic-metadata.ts`. */
export class TopicEntry {
  readonly topic: string
  state: TopicState = UNKNOWN
  lastUsedMs: number
  /** Whether a leader was missing while a request was in progress; its answer may be older. */
  isWantedAgain = false
  /** Whether the next request may create the topic. */
  mayCreate = false
  lastAskedMs = -Infinity
  /** When a broker last answered about it. */
  answeredMs: number
  /** When to ask about it next. */
  dueMs: number
  /** Its node by the next request. */
  readonly due = new HeapNode<TopicEntry>(this)
  /** Its node among topics without waiting records. */
  readonly idle = new HeapNode<TopicEntry>(this)
  /** Since when all brokers have reported that the topic does not exist. */
  #absentSinceMs: number | undefined
  /** Whether the last answer was a transient error, so that the state is from before it. */
  #isDoubtful = false

  constructor(topic: string, nowMs: number) {
    this.topic = topic
    this.lastUsedMs = nowMs
    this.answeredMs = nowMs
    this.dueMs = nowMs
  }

  /** Whether the topic exists: a broker confirmed it, and none has denied it for the grace period. */
  get isKnown(): boolean {
    return this.state.status === 'known'
  }

  /** Whether it has been unused for long enough to be forgotten. */
  isUnused(nowMs: number, { metadataMaxAgeMs }: TopicTimes): boolean {
    return nowMs - this.lastUsedMs > (this.isKnown ? metadataMaxAgeMs : BAD_TOPIC_MEMORY_MS)
  }

  /**
   * Applies an answer of a broker. An answer without the topic means that it does not exist.
   *
   * @param isAwaitingTurn - whether the topic waits to be created: then its absence means nothing.
   */
  accept(
    answer: TopicSnapshot | undefined,
    times: TopicTimes,
    nowMs: number,
    isAwaitingTurn: boolean,
  ): void {
    this.answeredMs = nowMs
    this.#isDoubtful = answer?.errorNumber !== 0
    // Another client may create it in the meantime.
    if (isAwaitingTurn) this.dueMs = nowMs + FAILED_TOPIC_INTERVAL_MS
    else {
      this.state = this.#judge(answer, times, nowMs)
      this.dueMs = this.#nextDueMs(times, nowMs)
    }
  }

  #judge(
    answer: TopicSnapshot | undefined,
    { topicMetadataPropagationMaxMs }: TopicTimes,
    nowMs: number,
  ): TopicState {
    const errorNumber = answer?.errorNumber ?? RDKAFKA.unknownTopicOrPartition
    if (errorNumber !== RDKAFKA.unknownTopicOrPartition) this.#absentSinceMs = undefined
    switch (errorNumber) {
      case 0:
        return { status: 'known', leaders: answer?.leaders ?? [] }
      case RDKAFKA.unknownTopicOrPartition:
        // No client may write to it once it exists.
        if (answer?.isInternal) {
          return { status: 'failed', errorNumber: RDKAFKA.topicAuthorizationFailed }
        }
        // The answer is the same for a topic that is being created, and from a broker that has just started.
        this.#absentSinceMs ??= nowMs
        return nowMs - this.#absentSinceMs >= topicMetadataPropagationMaxMs
          ? { status: 'failed', errorNumber }
          : this.state
      case RDKAFKA.invalidTopic:
      case RDKAFKA.topicAuthorizationFailed:
      case RDKAFKA.clusterAuthorizationFailed:
        return { status: 'failed', errorNumber }
      default:
        return this.state
    }
  }

  #nextDueMs(times: TopicTimes, nowMs: number): number {
    const fastMs = times.topicMetadataRefreshFastIntervalMs
    if (this.state.status === 'failed') return nowMs + FAILED_TOPIC_INTERVAL_MS
    if (this.isWantedAgain) return this.lastAskedMs + fastMs
    const slowMs = Math.min(times.topicMetadataRefreshIntervalMs, times.metadataMaxAgeMs)
    return nowMs + (this.#isDoubtful ? fastMs : slowMs)
  }
}
