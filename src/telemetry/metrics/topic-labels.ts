/**
 * Most topics with their own series. A topic has some twenty series; 200 topics keep a scrape below 5000 lines, and
 * few clusters feed more topics through one proxy.
 */
export const MAX_TOPIC_LABELS = 200

/**
 * Most of them for topics without a delivery. While Kafka is away, what fails shows under their names; clients that
 * invent names take no more than these.
 */
export const MAX_UNDELIVERED_LABELS = MAX_TOPIC_LABELS / 2

/** A topic with a delivery within this time is not replaced, ms. */
export const LABEL_KEPT_MS = 600_000

/** Value of the label `topic` for all topics without series of their own. */
export const OTHER_TOPICS = 'other'

/** Precision of the order of use, ms: a topic moves to its end at most once in this time. */
const TOUCH_INTERVAL_MS = 1_000

/**
 * Decides which topics have their own series: topics that the configuration names, topics with a delivery, and the
 * first {@link MAX_UNDELIVERED_LABELS} whose records failed or were sent again before, up to {@link MAX_TOPIC_LABELS} in all. All others
 * share the label {@link OTHER_TOPICS}. So clients can invent few label values, and cannot take those of topics in
 * use: when all are taken, a topic without a delivery makes room for one with, and after these the one with the oldest
 * delivery, unless that was recent.
 */
export class TopicLabels {
  readonly #topics: Set<string>
  /** Time of the last delivery to each topic that the configuration does not name, oldest first. */
  readonly #deliveredMs = new Map<string, number>()
  /** Topics whose records failed or were sent again, and none was delivered yet; the first one first. */
  readonly #undelivered = new Set<string>()
  readonly #onRemoved: (topic: string) => void
  readonly #maxTopics: number

  /**
   * @param configured - topics that always have their own series.
   * @param onRemoved - called with each topic that loses its series.
   */
  constructor(
    configured: Iterable<string> = [],
    onRemoved: (topic: string) => void = () => undefined,
  ) {
    this.#topics = new Set(configured)
    this.#maxTopics = Math.max(MAX_TOPIC_LABELS, this.#topics.size)
    this.#onRemoved = onRemoved
  }

  /** The topics with series of their own. */
  get topics(): Iterable<string> {
    return this.#topics
  }

  /** Returns the label of a topic with a delivery: its own, if there is room. */
  delivered(topic: string, nowMs: number): string {
    const lastMs = this.#deliveredMs.get(topic)
    if (lastMs !== undefined) {
      if (nowMs - lastMs >= TOUCH_INTERVAL_MS) {
        this.#deliveredMs.delete(topic)
        this.#deliveredMs.set(topic, nowMs)
      }
      return topic
    }
    const isConfirmed = this.#undelivered.delete(topic)
    if (this.#topics.has(topic) && !isConfirmed) return topic
    if (topic === OTHER_TOPICS || !(isConfirmed || this.#hasRoom(nowMs))) return OTHER_TOPICS
    this.#topics.add(topic)
    this.#deliveredMs.set(topic, nowMs)
    return topic
  }

  /**
   * Returns the label of a topic whose records fail, or may be stored twice: its own, if there is room among those
   * without a delivery.
   */
  undelivered(topic: string): string {
    if (this.#topics.has(topic)) return topic
    const isFull =
      this.#undelivered.size >= MAX_UNDELIVERED_LABELS || this.#topics.size >= this.#maxTopics
    if (topic === OTHER_TOPICS || isFull) return OTHER_TOPICS
    this.#topics.add(topic)
    this.#undelivered.add(topic)
    return topic
  }

  /** Returns the label under which a topic is counted. */
  labelOf(topic: string): string {
    return this.#topics.has(topic) ? topic : OTHER_TOPICS
  }

  /** Whether there is room for a new topic; removes an old one if allowed. */
  #hasRoom(nowMs: number): boolean {
    if (this.#topics.size < this.#maxTopics) return true
    const [undelivered] = this.#undelivered
    if (undelivered !== undefined) return this.#remove(undelivered)
    for (const [oldest, lastMs] of this.#deliveredMs) {
      return nowMs - lastMs >= LABEL_KEPT_MS && this.#remove(oldest)
    }
    return false
  }

  #remove(topic: string): true {
    this.#undelivered.delete(topic)
    this.#deliveredMs.delete(topic)
    this.#topics.delete(topic)
    this.#onRemoved(topic)
    return true
  }
}
