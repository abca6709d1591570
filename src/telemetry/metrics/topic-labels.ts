/**
 * Most topics with their own series. A topic has some twenty series; 200 topics keep a scrape below 5000 lines, and
 * few clusters feed more topics through one proxy.
 */
export const MAX_TOPIC_LABELS = 200

/** A topic with a delivery within this time is not replaced, ms. */
export const LABEL_KEPT_MS = 600_000

/** Value of the label `topic` for all topics without series of their own. */
export const OTHER_TOPICS = 'other'

/** Precision of the order of use, ms: a topic moves to its end at most once in this time. */
const TOUCH_INTERVAL_MS = 1_000

/**
 * Decides which topics have their own series: topics that the configuration names, and topics with a delivery, up
 * to {@link MAX_TOPIC_LABELS} in all. All others share the label {@link OTHER_TOPICS}. So clients cannot invent
 * label values, and clients that create topics cannot take the labels of topics in use: when all are taken, the
 * topic with the oldest delivery is replaced, unless that delivery was recent.
 */
export class TopicLabels {
  readonly #topics: Set<string>
  /** Time of the last delivery to each topic that the configuration does not name, oldest first. */
  readonly #deliveredMs = new Map<string, number>()
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

  /** Whether there is room for a new topic; removes an old one if allowed. */
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
