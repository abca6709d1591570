import { OrderedHeap } from './ordered-heap.ts'
import type { TopicEntry } from './topic-entry.ts'

/**
 * Limits how many topics without a broker's confirmation are stored: clients can invent names faster than brokers
 * can be asked. A topic with waiting records stays; otherwise the least recently used one is replaced by a new one.
 */
export class UnknownTopics {
  readonly #limit: number
  readonly #isWanted: (topic: string) => boolean
  readonly #topics = new Set<TopicEntry>()
  /** Topics without waiting records when they were added, least recently used first. */
  readonly #idle = new OrderedHeap<TopicEntry>()
  #uses = 0

  /** @param isWanted - returns whether records wait for a topic. */
  constructor(limit: number, isWanted: (topic: string) => boolean) {
    this.#limit = limit
    this.#isWanted = isWanted
  }

  /** Number of topics. */
  get size(): number {
    return this.#topics.size
  }

  /** Whether a new topic must replace another one. */
  get isFull(): boolean {
    return this.#topics.size >= this.#limit
  }

  /** Adds a topic, even above the limit: it may have been known until now. */
  add(entry: TopicEntry): void {
    this.#topics.add(entry)
  }

  /** Removes a topic that a broker confirmed or that is forgotten. */
  delete(entry: TopicEntry): void {
    this.#topics.delete(entry)
    entry.idle.remove()
  }

  /** No records wait for the topic any more. */
  release(entry: TopicEntry): void {
    if (this.#topics.has(entry)) this.#idle.set(entry.idle, this.#uses++)
  }

  /** The topic was used. */
  use(entry: TopicEntry): void {
    if (entry.idle.isIn) this.#idle.set(entry.idle, this.#uses++)
  }

  /** The topic to replace; `undefined` if records wait for each topic. */
  leastUsed(): TopicEntry | undefined {
    for (let node = this.#idle.first; node; node = this.#idle.first) {
      if (!this.#isWanted(node.item.topic)) return node.item
      // It is added again when its records are reported.
      this.#idle.delete(node)
    }
    return undefined
  }
}
