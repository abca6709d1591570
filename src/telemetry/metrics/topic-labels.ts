/**
 * How many topics get series of their own. One topic has some twenty; 200 keep a scrape below 5000
 * lines, and few clusters feed more topics through one proxy.
 */
export const MAX_TOPIC_LABELS = 200

/** A topic to which something was delivered within this time makes no room for another. */
export const LABEL_KEPT_MS = 600_000

/** Value of the label `topic` for all topics without series of their own. */
export const OTHER_TOPICS = 'other'

/** How exactly the order of use is kept: a topic is moved to its end no more often than this. */
const TOUCH_INTERVAL_MS = 1_000

/**
 * Which topics have series of their own: those that the configuration names, and those to which
 * something was delivered, {@link MAX_TOPIC_LABELS} in all. All others share the label {@link OTHER_TOPICS}. So no
 * client can make up label values, and clients that have topics created cannot take the labels of topics in use: when
 * all are taken, the topic that was delivered to least recently makes room, but none that was in use of late.
 */
export class TopicLabels {
  readonly #topics: Set<string>
  /** When something was last delivered to each topic that the configuration does not name, the oldest first. */
  readonly #deliveredMs = new Map<string, number>()
  readonly #onRemoved: (topic: string) => void
  readonly #maxTopics: number

  /**
   * @param configured - topics that have series of their own however many they are.
   * @param onRemoved - told of each topic that no longer has series of its own.
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

  /** Returns the label of a topic to which something was delivered, its own if it can have one. */
  delivered(topic: string, nowMs: number): string {
    const lastMs = this.#deliveredMs.get(topic)
    if (lastMs !== undefined) {
      if (nowMs - lastMs >= TOUCH_INTERVAL_MS) {
        this.#deliveredMs.delete(topic)
        this.#deliveredMs.set(topic, nowMs)
      }
      return topic
    }
    if (this.#topics.has(topic)) return topic
    if (topic === OTHER_TOPICS || !this.#hasRoom(nowMs)) return OTHER_TOPICS
    this.#topics.add(topic)
    this.#deliveredMs.set(topic, nowMs)
    return topic
  }

  /** Returns the label under which a topic is counted. */
  labelOf(topic: string): string {
    return this.#topics.has(topic) ? topic : OTHER_TOPICS
  }

  /** Makes room where that may be done. */
  #hasRoom(nowMs: number): boolean {
    if (this.#topics.size < this.#maxTopics) return true
    for (const [oldest, lastMs] of this.#deliveredMs) {
      if (nowMs - lastMs < LABEL_KEPT_MS) return false
      this.#deliveredMs.delete(oldest)
      this.#topics.delete(oldest)
      this.#onRemoved(oldest)
      return true
    }
    return false
  }
}
