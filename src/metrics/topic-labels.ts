/**
 * Which topics have series of their own. A topic has them once Kafka is known to have it, or the
 * configuration names it, up to {@link MAX_TOPIC_LABELS}; all others share the label
 * {@link OTHER_TOPICS}. So no client can make up label values.
 */

/**
 * How many topics get series of their own. One topic has some twenty; 200 keep a scrape below 5000
 * lines, and few clusters feed more topics through one proxy.
 */
export const MAX_TOPIC_LABELS = 200

/** Value of the label `topic` for all topics without series of their own. */
export const OTHER_TOPICS = 'other'

/** See the head of this file. */
export class TopicLabels {
  readonly #topics: Set<string>

  /** @param configured - topics that have series of their own however many they are. */
  constructor(configured: Iterable<string> = []) {
    this.#topics = new Set(configured)
  }

  /** The topics with series of their own. */
  get topics(): Iterable<string> {
    return this.#topics
  }

  /** Gives a topic series of its own while there is room, and returns its label. */
  confirm(topic: string): string {
    if (this.#topics.size < MAX_TOPIC_LABELS) this.#topics.add(topic)
    return this.labelOf(topic)
  }

  /** Returns the label under which a topic is counted. */
  labelOf(topic: string): string {
    return this.#topics.has(topic) ? topic : OTHER_TOPICS
  }
}
