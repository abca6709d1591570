/** What is remembered of one topic in use, and what a broker's answer makes of it. See `topic-metadata.ts`. */
import { RDKAFKA } from './delivery-errors.ts'
import { HeapNode } from './ordered-heap.ts'
import type { PartitionLeaders } from './partitioner.ts'
import type { TopicSnapshot } from './transport.ts'

/** What is known of a topic; see the head of `topic-metadata.ts`. */
export type TopicState =
  | { readonly status: 'unknown' }
  | { readonly status: 'known'; readonly leaders: PartitionLeaders }
  | { readonly status: 'failed'; readonly errorNumber: number }
  /** One of too many that no broker has confirmed: nothing is remembered of it. */
  | { readonly status: 'turnedAway' }

/** Nothing is known of a topic yet. */
export const UNKNOWN: TopicState = { status: 'unknown' }

/** Nothing is remembered of a topic. */
export const TURNED_AWAY: TopicState = { status: 'turnedAway' }

/** librdkafka's interval for topics that failed. */
const FAILED_TOPIC_INTERVAL_MS = 1_000
/** A topic that failed, or was never heard of, is forgotten when nobody asked for it in this time. */
const BAD_TOPIC_MEMORY_MS = 5_000

/** The times that decide when a topic is asked about, given up and forgotten. */
export interface TopicTimes {
  readonly topicMetadataRefreshIntervalMs: number
  readonly topicMetadataRefreshFastIntervalMs: number
  readonly metadataMaxAgeMs: number
  readonly topicMetadataPropagationMaxMs: number
}

/** See the head of this file. */
export class TopicEntry {
  readonly topic: string
  state: TopicState = UNKNOWN
  lastUsedMs: number
  /** Whether somebody missed a leader while a request was under way: its answer may be older. */
  isWantedAgain = false
  /** Whether brokers may create the topic when they are asked about it: it has had its turn. */
  mayCreate = false
  lastAskedMs = -Infinity
  /** When a broker last answered about it. */
  answeredMs: number
  /** When it is to be asked about. */
  dueMs: number
  /** Its place among those to be asked about. */
  readonly due = new HeapNode<TopicEntry>(this)
  /** Its place among those that nobody waits for. */
  readonly idle = new HeapNode<TopicEntry>(this)
  /** When a broker first said, without a different answer since, that the topic does not exist. */
  #absentSinceMs: number | undefined
  /** Whether the last answer was an error that will pass, so that the state is from before it. */
  #isDoubtful = false

  constructor(topic: string, nowMs: number) {
    this.topic = topic
    this.lastUsedMs = nowMs
    this.answeredMs = nowMs
    this.dueMs = nowMs
  }

  /** Whether a broker said that it exists, and none has said otherwise for the length of the grace. */
  get isKnown(): boolean {
    return this.state.status === 'known'
  }

  /** Whether it was not used for so long that nothing needs to be known of it. */
  isUnused(nowMs: number, { metadataMaxAgeMs }: TopicTimes): boolean {
    return nowMs - this.lastUsedMs > (this.isKnown ? metadataMaxAgeMs : BAD_TOPIC_MEMORY_MS)
  }

  /**
   * Takes a broker's answer in. One that leaves the topic out says that it does not exist.
   *
   * @param isAwaitingTurn - whether it waits to be created: then its absence means nothing.
   */
  accept(
    answer: TopicSnapshot | undefined,
    times: TopicTimes,
    nowMs: number,
    isAwaitingTurn: boolean,
  ): void {
    this.answeredMs = nowMs
    this.#isDoubtful = answer?.errorNumber !== 0
    // Somebody else may create it meanwhile.
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
        // A topic that is being created, or a broker that has just started, gives the same answer.
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
