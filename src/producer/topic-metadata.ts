/**
 * The metadata of topics in use. Each topic is checked here before its records reach the transport, so that an
 * unknown, deleted or forbidden topic does not affect other topics.
 *
 * | state   | means                                      | asked again                                |
 * | ------- | ------------------------------------------ | ------------------------------------------ |
 * | unknown | no answer yet, or just being created       | every topic.metadata.refresh.fast.interval.ms |
 * | known   | exists; each partition has a leader or not | topic.metadata.refresh.interval.ms, or when |
 * |         |                                            | a leader is missing                        |
 * | failed  | does not exist, or may not be written to   | every second, while it is in use           |
 *
 * The first request about a topic creates nothing. A missing topic that may be created waits for its turn
 * (`topic-creations.ts`); until then its absence means nothing, and it is asked about every second. Thousands of
 * topics may be stored, and nothing here looks at all of them.
 */
import type { CancelTimer, Clock } from '../base/clock.ts'
import { RDKAFKA } from './delivery-errors.ts'
import { OrderedHeap } from './ordered-heap.ts'
import type { PartitionLeaders } from './partitioner.ts'
import { TopicCreations } from './topic-creations.ts'
import {
  TopicEntry,
  type TopicState,
  type TopicTimes,
  TURNED_AWAY,
  UNKNOWN,
} from './topic-entry.ts'
import type { MetadataSnapshot, TopicSnapshot } from './transport.ts'
import { UnknownTopics } from './unknown-topics.ts'

/** Topics in one request. The answer is parsed at once, which takes some 10 ms for this many. */
const MAX_TOPICS_PER_REQUEST = 1_000

/** Settings of {@link TopicMetadata}. */
export interface TopicMetadataSettings extends TopicTimes {
  readonly retryBackoffMs: number
  readonly retryBackoffMaxMs: number
  /** `allow.auto.create.topics`. */
  readonly mayCreateTopics: boolean
  /** `kafka.max_topic_creations_per_minute`; 0 means no limit. */
  readonly maxTopicCreationsPerMinute: number
  /** `kafka.max_unknown_topics`. */
  readonly maxUnknownTopics: number
}

/** Dependencies of {@link TopicMetadata}. */
export interface TopicMetadataDependencies {
  readonly clock: Clock
  /** @param mayCreate - whether brokers may create missing topics. */
  readonly fetch: (topics: readonly string[], mayCreate: boolean) => Promise<MetadataSnapshot>
  /** Returns whether records wait for a topic. Such a topic is not forgotten. */
  readonly isWanted: (topic: string) => boolean
  /** Called when an unused topic is forgotten. */
  readonly onForgotten: (topic: string) => void
  /** Called after each answer about a topic, changed or not. */
  readonly onAnswer: (topic: string, state: TopicState) => void
  /** Called when brokers are asked to create a topic. */
  readonly onCreation: (topic: string) => void
}

/** Keeps the state of each topic in use, and decides when to ask brokers again; see the table above. */
export class TopicMetadata {
  readonly #settings: TopicMetadataSettings
  readonly #dependencies: TopicMetadataDependencies
  readonly #entries = new Map<string, TopicEntry>()
  /** By due time: topics to ask about, and topics that brokers may create. */
  readonly #asking = new OrderedHeap<TopicEntry>()
  readonly #creating = new OrderedHeap<TopicEntry>()
  readonly #creations: TopicCreations
  readonly #unknown: UnknownTopics
  #wake: { readonly atMs: number; readonly cancel: CancelTimer } | undefined
  #isFetching = false
  #failures = 0
  /** No request is sent before this time: the backoff after requests without an answer. */
  #notBeforeMs = -Infinity
  #isClosed = false

  constructor(settings: TopicMetadataSettings, dependencies: TopicMetadataDependencies) {
    this.#settings = settings
    this.#dependencies = dependencies
    this.#creations = new TopicCreations(settings.maxTopicCreationsPerMinute)
    this.#unknown = new UnknownTopics(settings.maxUnknownTopics, dependencies.isWanted)
  }

  /** Number of stored topics. */
  get size(): number {
    return this.#entries.size
  }

  /** Number of stored topics that no broker confirms. */
  get unknownTopics(): number {
    return this.#unknown.size
  }

  /**
   * Returns the state of a topic. A new topic is stored and asked about, unless too many are unknown.
   *
   * @param nowMs - the current time, if the caller has it: to read it for each record would be 5 % of all work.
   */
  state(topic: string, nowMs = this.#dependencies.clock.nowMs()): TopicState {
    const entry = this.#entries.get(topic)
    if (!entry) return this.#remember(topic, nowMs)
    entry.lastUsedMs = nowMs
    if (entry.idle.isIn) this.#unknown.use(entry)
    return entry.state
  }

  /** Returns the metadata of a confirmed topic, without counting this as use. */
  peek(topic: string): { readonly leaders: PartitionLeaders; readonly ageMs: number } | undefined {
    const entry = this.#entries.get(topic)
    if (entry?.state.status !== 'known') return undefined
    const ageMs = this.#dependencies.clock.nowMs() - entry.answeredMs
    return { leaders: entry.state.leaders, ageMs }
  }

  /** Whether a topic waits to be created. */
  isAwaitingCreation(topic: string): boolean {
    const entry = this.#entries.get(topic)
    return entry !== undefined && this.#creations.has(entry)
  }

  /** Asks about a topic again because a leader is missing or has moved; at most once per fast interval. */
  refresh(topic: string): void {
    const entry = this.#entries.get(topic)
    if (!entry) return
    entry.isWantedAgain = this.#isFetching
    const soonMs = entry.lastAskedMs + this.#settings.topicMetadataRefreshFastIntervalMs
    if (soonMs >= entry.dueMs) return
    entry.dueMs = soonMs
    this.#setDue(entry)
    this.#schedule()
  }

  /** No records wait for the topic any more, so it may be replaced by another one. */
  release(topic: string): void {
    const entry = this.#entries.get(topic)
    if (entry && !entry.isKnown) this.#unknown.release(entry)
  }

  /** Ends the backoff. To be called when Kafka is reachable again. */
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

  #remember(topic: string, nowMs: number): TopicState {
    if (this.#unknown.isFull && !this.#makeRoom()) return TURNED_AWAY
    const entry = new TopicEntry(topic, nowMs)
    this.#entries.set(topic, entry)
    this.#unknown.add(entry)
    this.#setDue(entry)
    this.#schedule()
    return UNKNOWN
  }

  #makeRoom(): boolean {
    const entry = this.#unknown.leastUsed()
    if (entry) this.#forget(entry)
    return entry !== undefined
  }

  #setDue(entry: TopicEntry): void {
    if (entry.mayCreate) this.#creating.set(entry.due, entry.dueMs)
    else this.#asking.set(entry.due, entry.dueMs)
  }

  #schedule(): void {
    if (this.#isFetching || this.#isClosed) return
    const dueMs = Math.min(this.#asking.firstKey, this.#creating.firstKey, this.#creations.nextAtMs)
    if (dueMs === Infinity) return
    const atMs = Math.max(dueMs, this.#notBeforeMs)
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
    this.#giveTurns(nowMs)
    // The topic that has waited longest comes first, so that neither kind delays the other.
    const mayCreate = this.#creating.firstKey < this.#asking.firstKey
    const due = this.#takeDue(mayCreate ? this.#creating : this.#asking, nowMs)
    if (due.length > 0) {
      this.#isFetching = true
      const answers = await this.#fetch(due, mayCreate)
      this.#isFetching = false
      if (this.#isClosed) return
      if (answers) this.#accept(due, answers, mayCreate)
      else this.#keepDue(due)
    }
    this.#schedule()
  }

  #giveTurns(nowMs: number): void {
    this.#creations.giveTurns(nowMs, (entry) => {
      if (!this.#isWanted(entry)) return false
      entry.mayCreate = true
      entry.dueMs = nowMs
      this.#setDue(entry)
      this.#dependencies.onCreation(entry.topic)
      return true
    })
  }

  /** Takes the topics of the next request, in order of their due time; unused topics are forgotten. */
  #takeDue(heap: OrderedHeap<TopicEntry>, nowMs: number): readonly TopicEntry[] {
    const due: TopicEntry[] = []
    while (due.length < MAX_TOPICS_PER_REQUEST) {
      const entry = heap.takeFirst(nowMs)?.item
      if (entry === undefined) break
      const isForgotten = entry.isUnused(nowMs, this.#settings) && !this.#isWanted(entry)
      if (isForgotten) this.#forget(entry)
      else due.push(entry)
    }
    return due
  }

  /** Sends the request. After a failure, which the transport has logged, the topics stay due. */
  async #fetch(
    due: readonly TopicEntry[],
    mayCreate: boolean,
  ): Promise<Map<string, TopicSnapshot> | undefined> {
    const { clock, fetch } = this.#dependencies
    const nowMs = clock.nowMs()
    for (const entry of due) {
      entry.lastAskedMs = nowMs
      entry.isWantedAgain = false
    }
    try {
      const { topics: answers } = await fetch(
        due.map(({ topic }) => topic),
        mayCreate,
      )
      this.#failures = 0
      this.#notBeforeMs = -Infinity
      return new Map(answers.map((answer) => [answer.name, answer]))
    } catch {
      const { retryBackoffMs, retryBackoffMaxMs } = this.#settings
      const backoffMs = Math.min(retryBackoffMs * 2 ** this.#failures, retryBackoffMaxMs)
      this.#failures += 1
      this.#notBeforeMs = clock.nowMs() + backoffMs
      return undefined
    }
  }

  #keepDue(due: readonly TopicEntry[]): void {
    for (const entry of due) if (this.#isRemembered(entry)) this.#setDue(entry)
  }

  #accept(
    due: readonly TopicEntry[],
    answers: ReadonlyMap<string, TopicSnapshot>,
    mayCreate: boolean,
  ): void {
    const nowMs = this.#dependencies.clock.nowMs()
    for (const entry of due) {
      if (this.#isRemembered(entry)) {
        this.#acceptOne(entry, answers.get(entry.topic), mayCreate, nowMs)
      }
    }
  }

  #acceptOne(
    entry: TopicEntry,
    answer: TopicSnapshot | undefined,
    mayCreate: boolean,
    nowMs: number,
  ): void {
    const isAbsent = answer === undefined || answer.errorNumber === RDKAFKA.unknownTopicOrPartition
    const isCreatable = isAbsent && answer?.isInternal !== true
    const isAwaitingTurn = isCreatable && this.#settings.mayCreateTopics && !mayCreate
    if (isAwaitingTurn && !this.#isWanted(entry)) {
      // No records wait for it, so it is not created; the next request for it will.
      this.#forget(entry)
      return
    }
    entry.accept(answer, this.#settings, nowMs, isAwaitingTurn)
    if (isAwaitingTurn) this.#creations.enter(entry)
    else this.#creations.leave(entry)
    if (entry.isKnown) {
      entry.mayCreate = false
      this.#unknown.delete(entry)
    } else {
      this.#unknown.add(entry)
    }
    this.#setDue(entry)
    this.#dependencies.onAnswer(entry.topic, entry.state)
    if (!entry.isKnown && !this.#isWanted(entry)) this.#unknown.release(entry)
  }

  /** Whether a topic was not replaced by another one while it was asked about. */
  #isRemembered(entry: TopicEntry): boolean {
    return this.#entries.get(entry.topic) === entry
  }

  #isWanted({ topic }: TopicEntry): boolean {
    return this.#dependencies.isWanted(topic)
  }

  #forget(entry: TopicEntry): void {
    this.#entries.delete(entry.topic)
    entry.due.remove()
    this.#creations.leave(entry)
    this.#unknown.delete(entry)
    this.#dependencies.onForgotten(entry.topic)
  }
}
