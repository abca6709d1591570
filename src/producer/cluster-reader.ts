/**
 * Describes topics to clients, at a cost that does not depend on how often they ask:
 *
 * - One question is in flight, and everything that is asked meanwhile shares the next one.
 * - Questions begin at least 100 ms apart.
 * - An answer counts for a second, and the list of all topics for ten times as long as it took to get: a list so long
 *   that brokers work on it for a second is asked for every ten seconds.
 * - Only answers of the last questions are kept, and nothing about topics that do not exist, whose names clients invent.
 */
import type { CancelTimer, Clock } from '../base/clock.ts'
import {
  ALL_TOPICS,
  type ClusterAnswer,
  type ClusterDescription,
  type ClusterSource,
  type TopicDescription,
  type WantedTopics,
} from '../base/cluster-description.ts'
import { ProxyError } from '../base/errors.ts'

/** How long an answer counts, ms: health checks ask once in a few seconds. */
const FRESH_MS = 1_000
/** How many times as long as it took to get the list of all topics counts, and for how long at most, ms. */
const LIST_FRESH_TIMES = 10
const LIST_FRESH_MAX_MS = 60_000
/** Time between the beginnings of two questions, ms. A client that waits for one hardly notices. */
const PACE_MS = 100
/** Topics in one question. If more are asked for, it is for all topics. */
const MAX_TOPICS = 100
/** How long a client waits, ms: long enough for the second attempt of a question, whose timeout is a second. */
const TIMEOUT_MS = 5_000

/** Dependencies of a {@link ClusterReader}. */
export interface ClusterReaderDependencies {
  readonly clock: Clock
  /** Asks Kafka. */
  readonly describe: (topics: WantedTopics) => Promise<ClusterAnswer>
}

/** An answer in which topics are found fast, however many clients look for one. */
interface Answer {
  readonly cluster: ClusterDescription
  /** By name, in its order. */
  readonly topics: ReadonlyMap<string, TopicDescription>
}

/** What the clients want that share one question. */
interface Round {
  readonly names: Set<string>
  isForAll: boolean
  readonly answer: PromiseWithResolvers<Answer>
  readonly cancelTimeout: CancelTimer
}

/** Something that Kafka said, and until when it counts. */
interface Kept<Value> {
  readonly value: Value
  readonly untilMs: number
}

/** The {@link ClusterSource} that asks Kafka; see above for how often. */
export class ClusterReader implements ClusterSource {
  readonly #dependencies: ClusterReaderDependencies
  #cluster: Kept<ClusterDescription> | undefined
  #list: Kept<readonly TopicDescription[]> | undefined
  readonly #topics = new Map<string, Kept<TopicDescription>>()
  #next: Round | undefined
  #isAsking = false
  #isScheduled = false
  #notBeforeMs = -Infinity

  constructor(dependencies: ClusterReaderDependencies) {
    this.#dependencies = dependencies
  }

  async cluster(): Promise<ClusterDescription> {
    return this.#fresh(this.#cluster) ?? (await this.#join()).cluster
  }

  async topics(): Promise<readonly TopicDescription[]> {
    const list = this.#fresh(this.#list)
    if (list !== undefined) return list
    const round = this.#round()
    round.isForAll = true
    const { topics } = await round.answer.promise
    return this.#fresh(this.#list) ?? [...topics.values()]
  }

  async topic(name: string): Promise<TopicDescription | undefined> {
    const known = this.#fresh(this.#topics.get(name))
    if (known !== undefined) return known
    const round = this.#round()
    if (round.names.size < MAX_TOPICS) round.names.add(name)
    else round.isForAll = true
    const { topics } = await round.answer.promise
    return topics.get(name)
  }

  async noTopic(): Promise<void> {
    await this.#join()
  }

  #join(): Promise<Answer> {
    return this.#round().answer.promise
  }

  /** The round that is asked next. */
  #round(): Round {
    if (this.#next !== undefined) return this.#next
    const round: Round = {
      names: new Set(),
      isForAll: false,
      answer: Promise.withResolvers(),
      cancelTimeout: this.#dependencies.clock.schedule(TIMEOUT_MS, () => {
        this.#timeOut(round)
      }),
    }
    this.#next = round
    this.#schedule()
    return round
  }

  #timeOut(round: Round): void {
    if (this.#next === round) this.#next = undefined
    round.answer.reject(unavailable(`no broker answered within ${TIMEOUT_MS / 1_000} s`))
  }

  #schedule(): void {
    if (this.#isAsking || this.#isScheduled) return
    this.#isScheduled = true
    const { clock } = this.#dependencies
    clock.schedule(Math.max(0, this.#notBeforeMs - clock.nowMs()), () => {
      this.#isScheduled = false
      void this.#ask()
    })
  }

  async #ask(): Promise<void> {
    const round = this.#next
    // All who waited have given up.
    if (round === undefined) return
    this.#next = undefined
    this.#isAsking = true
    await this.#answer(round)
    round.cancelTimeout()
    this.#isAsking = false
    this.#scheduleIfWanted()
  }

  async #answer({ names, isForAll, answer }: Round): Promise<void> {
    const { clock, describe } = this.#dependencies
    const startedMs = clock.nowMs()
    this.#notBeforeMs = startedMs + PACE_MS
    try {
      const { cluster, topics } = await describe(isForAll ? ALL_TOPICS : [...names])
      const list = topics.toSorted((one, other) => (one.name < other.name ? -1 : 1))
      this.#keep(cluster, list)
      if (isForAll) this.#keepList(list, clock.nowMs() - startedMs)
      answer.resolve({ cluster, topics: new Map(list.map((topic) => [topic.name, topic])) })
    } catch (cause) {
      answer.reject(unavailable('no broker can be asked', cause))
    }
  }

  /** Whoever came while a question was in flight has not scheduled the next one. */
  #scheduleIfWanted(): void {
    if (this.#next !== undefined) this.#schedule()
  }

  #keep(cluster: ClusterDescription, topics: readonly TopicDescription[]): void {
    const nowMs = this.#dependencies.clock.nowMs()
    const untilMs = nowMs + FRESH_MS
    for (const [name, kept] of this.#topics) if (kept.untilMs <= nowMs) this.#topics.delete(name)
    this.#cluster = { value: cluster, untilMs }
    for (const topic of topics) this.#topics.set(topic.name, { value: topic, untilMs })
  }

  #keepList(value: readonly TopicDescription[], tookMs: number): void {
    const freshMs = Math.max(FRESH_MS, Math.min(tookMs * LIST_FRESH_TIMES, LIST_FRESH_MAX_MS))
    this.#list = { value, untilMs: this.#dependencies.clock.nowMs() + freshMs }
  }

  #fresh<Value>(kept: Kept<Value> | undefined): Value | undefined {
    return kept !== undefined && this.#dependencies.clock.nowMs() < kept.untilMs
      ? kept.value
      : undefined
  }
}

function unavailable(reason: string, cause?: unknown): ProxyError {
  return new ProxyError('BROKER_UNAVAILABLE', `Kafka cannot be reached: ${reason}`, { cause })
}
