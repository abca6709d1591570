/**
 * What is known of each topic in use, and when to ask again. A topic is vetted here before any record
 * of it comes near the transport, so that a topic that is unknown, deleted or forbidden harms nobody
 * else.
 *
 * | state   | means                                      | asked again                                |
 * | ------- | ------------------------------------------ | ------------------------------------------ |
 * | unknown | no answer yet, or just being created       | every topic.metadata.refresh.fast.interval.ms |
 * | known   | exists; each partition has a leader or not | topic.metadata.refresh.interval.ms, or when |
 * |         |                                            | someone misses a leader                    |
 * | failed  | does not exist, or may not be written to   | every second, while it is still asked for  |
 */
import type { CancelTimer, Clock } from '../clock.ts'
import { RDKAFKA } from './delivery-errors.ts'
import type { PartitionLeaders } from './partitioner.ts'
import type { MetadataSnapshot, TopicSnapshot } from './transport.ts'

/** See the head of this file. */
export type TopicState =
  | { readonly status: 'unknown' }
  | { readonly status: 'known'; readonly leaders: PartitionLeaders }
  | { readonly status: 'failed'; readonly errorNumber: number }

/** librdkafka's interval for topics that failed. */
const FAILED_TOPIC_INTERVAL_MS = 1_000
/** A topic that failed, or was never heard of, is forgotten when nobody asked for it in this time. */
const BAD_TOPIC_MEMORY_MS = 5_000

/** Times that {@link TopicMetadata} keeps. */
export interface TopicMetadataSettings {
  readonly retryBackoffMs: number
  readonly retryBackoffMaxMs: number
  readonly topicMetadataRefreshIntervalMs: number
  readonly topicMetadataRefreshFastIntervalMs: number
  readonly metadataMaxAgeMs: number
  readonly topicMetadataPropagationMaxMs: number
}

/** What {@link TopicMetadata} works with. */
export interface TopicMetadataDependencies {
  readonly clock: Clock
  readonly fetch: (topics: readonly string[]) => Promise<MetadataSnapshot>
  /** Says whether records wait for a topic, which is not forgotten then. */
  readonly isWanted: (topic: string) => boolean
  /** Called when a topic has not been used for so long that nothing needs to be known of it. */
  readonly onForgotten: (topic: string) => void
  /** Called after each answer about a topic, the same as before or not. */
  readonly onAnswer: (topic: string, state: TopicState) => void
}

interface Entry {
  state: TopicState
  lastUsedMs: number
  /** When a broker first said, without a different answer since, that the topic does not exist. */
  absentSinceMs: number | undefined
  /** Whether the last answer was an error that will pass, so that the state is from before it. */
  isDoubtful: boolean
  /** Whether somebody missed a leader while the request was under way: its answer may be older. */
  isWantedAgain: boolean
  lastAskedMs: number
  /** When a broker last answered about it. */
  answeredMs: number
  dueMs: number
}

const UNKNOWN: TopicState = { status: 'unknown' }

/** See the head of this file. */
export class TopicMetadata {
  readonly #settings: TopicMetadataSettings
  readonly #dependencies: TopicMetadataDependencies
  readonly #entries = new Map<string, Entry>()
  #wake: { readonly atMs: number; readonly cancel: CancelTimer } | undefined
  #isFetching = false
  #failures = 0
  /** No request before this time: the backoff after requests that got no answer. */
  #notBeforeMs = -Infinity
  #isClosed = false

  constructor(settings: TopicMetadataSettings, dependencies: TopicMetadataDependencies) {
    this.#settings = settings
    this.#dependencies = dependencies
  }

  /** Number of topics remembered. */
  get size(): number {
    return this.#entries.size
  }

  /** Returns what is known of a topic, and asks about one that is new. */
  state(topic: string): TopicState {
    const nowMs = this.#dependencies.clock.nowMs()
    const entry = this.#entries.get(topic)
    if (entry) {
      entry.lastUsedMs = nowMs
      return entry.state
    }
    this.#entries.set(topic, {
      state: UNKNOWN,
      lastUsedMs: nowMs,
      absentSinceMs: undefined,
      isDoubtful: false,
      isWantedAgain: false,
      lastAskedMs: -Infinity,
      answeredMs: nowMs,
      dueMs: nowMs,
    })
    this.#schedule()
    return UNKNOWN
  }

  /** Says what is known of a topic that exists, without counting that as use. */
  peek(topic: string): { readonly leaders: PartitionLeaders; readonly ageMs: number } | undefined {
    const entry = this.#entries.get(topic)
    if (entry?.state.status !== 'known') return undefined
    const ageMs = this.#dependencies.clock.nowMs() - entry.answeredMs
    return { leaders: entry.state.leaders, ageMs }
  }

  /** Asks about a topic again, because a leader is missing or has moved: at most once a backoff. */
  refresh(topic: string): void {
    const entry = this.#entries.get(topic)
    if (!entry) return
    entry.isWantedAgain = this.#isFetching
    entry.dueMs = Math.min(
      entry.dueMs,
      entry.lastAskedMs + this.#settings.topicMetadataRefreshFastIntervalMs,
    )
    this.#schedule()
  }

  /** Ends the backoff: to be called when Kafka is reachable again. */
  retryNow(): void {
    this.#notBeforeMs = -Infinity
    this.#schedule()
  }

  /** Stops asking. */
  close(): void {
    this.#isClosed = true
    this.#wake?.cancel()
    this.#wake = undefined
  }

  #schedule(): void {
    if (this.#isFetching || this.#isClosed || this.#entries.size === 0) return
    let atMs = Infinity
    for (const entry of this.#entries.values()) atMs = Math.min(atMs, entry.dueMs)
    atMs = Math.max(atMs, this.#notBeforeMs)
    if (this.#wake && this.#wake.atMs <= atMs) return
    this.#wake?.cancel()
    const { clock } = this.#dependencies
    const cancel = clock.schedule(atMs - clock.nowMs(), () => {
      this.#wake = undefined
      void this.#fetchDue()
    })
    this.#wake = { atMs, cancel }
  }

  async #fetchDue(): Promise<void> {
    const nowMs = this.#dependencies.clock.nowMs()
    this.#forgetUnused(nowMs)
    const due = [...this.#entries].filter(([, entry]) => entry.dueMs <= nowMs)
    if (due.length > 0) {
      this.#isFetching = true
      for (const [, entry] of due) {
        entry.lastAskedMs = nowMs
        entry.isWantedAgain = false
      }
      const answers = await this.#fetch(due.map(([topic]) => topic))
      this.#isFetching = false
      if (this.#isClosed) return
      if (answers) this.#accept(due, answers)
    }
    this.#schedule()
  }

  /** Asks; after a failure, of which the transport has said why in the log, what is due stays due. */
  async #fetch(topics: readonly string[]): Promise<Map<string, TopicSnapshot> | undefined> {
    try {
      const { topics: answers } = await this.#dependencies.fetch(topics)
      this.#failures = 0
      this.#notBeforeMs = -Infinity
      return new Map(answers.map((answer) => [answer.name, answer]))
    } catch {
      const { retryBackoffMs, retryBackoffMaxMs } = this.#settings
      const backoffMs = Math.min(retryBackoffMs * 2 ** this.#failures, retryBackoffMaxMs)
      this.#failures += 1
      this.#notBeforeMs = this.#dependencies.clock.nowMs() + backoffMs
      return undefined
    }
  }

  #forgetUnused(nowMs: number): void {
    for (const [topic, { state, lastUsedMs }] of this.#entries) {
      const limitMs =
        state.status === 'known' ? this.#settings.metadataMaxAgeMs : BAD_TOPIC_MEMORY_MS
      if (nowMs - lastUsedMs > limitMs && !this.#dependencies.isWanted(topic)) {
        this.#entries.delete(topic)
        this.#dependencies.onForgotten(topic)
      }
    }
  }

  #accept(due: readonly (readonly [string, Entry])[], answers: Map<string, TopicSnapshot>): void {
    const nowMs = this.#dependencies.clock.nowMs()
    for (const [topic, entry] of due) {
      const answer = answers.get(topic)
      entry.answeredMs = nowMs
      entry.isDoubtful = answer?.errorNumber !== 0
      entry.state = this.#judge(entry, answer, nowMs)
      entry.dueMs = this.#nextDueMs(entry, nowMs)
      this.#dependencies.onAnswer(topic, entry.state)
    }
  }

  #judge(entry: Entry, answer: TopicSnapshot | undefined, nowMs: number): TopicState {
    const errorNumber = answer?.errorNumber ?? RDKAFKA.unknownTopicOrPartition
    if (errorNumber !== RDKAFKA.unknownTopicOrPartition) entry.absentSinceMs = undefined
    switch (errorNumber) {
      case 0:
        return { status: 'known', leaders: answer?.leaders ?? [] }
      case RDKAFKA.unknownTopicOrPartition:
        // A topic that is being created, or a broker that has just started, gives the same answer.
        entry.absentSinceMs ??= nowMs
        return nowMs - entry.absentSinceMs >= this.#settings.topicMetadataPropagationMaxMs
          ? { status: 'failed', errorNumber }
          : entry.state
      case RDKAFKA.invalidTopic:
      case RDKAFKA.topicAuthorizationFailed:
      case RDKAFKA.clusterAuthorizationFailed:
        return { status: 'failed', errorNumber }
      default:
        return entry.state
    }
  }

  #nextDueMs({ state, isDoubtful, isWantedAgain, lastAskedMs }: Entry, nowMs: number): number {
    const fastMs = this.#settings.topicMetadataRefreshFastIntervalMs
    const { topicMetadataRefreshIntervalMs, metadataMaxAgeMs } = this.#settings
    if (state.status === 'failed') return nowMs + FAILED_TOPIC_INTERVAL_MS
    if (isWantedAgain) return lastAskedMs + fastMs
    return (
      nowMs + (isDoubtful ? fastMs : Math.min(topicMetadataRefreshIntervalMs, metadataMaxAgeMs))
    )
  }
}
