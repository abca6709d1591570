/**
 * How many topics may be remembered that no broker has confirmed: names are made up faster than brokers can be
 * asked. Records that wait for such a topic keep it; one that nobody waits for, absent ones above all, gives way
 * to a new one, the least recently used first.
 */
import { OrderedHeap } from './ordered-heap.ts'
import type { TopicEntry } from './topic-entry.ts'

/** See the head of this file. */
export class UnknownTopics {
  readonly #limit: number
  readonly #isWanted: (topic: string) => boolean
  readonly #topics = new Set<TopicEntry>()
  /** Those that nobody waited for when they came here, least recently used first. */
  readonly #idle = new OrderedHeap<TopicEntry>()
  #uses = 0

  /** @param isWanted - says whether records wait for a topic. */
  constructor(limit: number, isWanted: (topic: string) => boolean) {
    this.#limit = limit
    this.#isWanted = isWanted
  }

  /** Number of topics. */
  get size(): number {
    return this.#topics.size
  }

  /** Whether there is no room for another one unless one gives way. */
  get isFull(): boolean {
    return this.#topics.size >= this.#limit
  }

  /** Counts a topic, whether or not there is room: it may have been known until now. */
  add(entry: TopicEntry): void {
    this.#topics.add(entry)
  }

  /** A broker has confirmed the topic, or it is forgotten. */
  delete(entry: TopicEntry): void {
    this.#topics.delete(entry)
    entry.idle.remove()
  }

  /** Nobody waits for a topic any more. */
  release(entry: TopicEntry): void {
    if (this.#topics.has(entry)) this.#idle.set(entry.idle, this.#uses++)
  }

  /** A topic was asked for. */
  use(entry: TopicEntry): void {
    if (entry.idle.isIn) this.#idle.set(entry.idle, this.#uses++)
  }

  /** The topic that gives way; `undefined` where records wait for each of them. */
  leastUsed(): TopicEntry | undefined {
    for (let node = this.#idle.first; node; node = this.#idle.first) {
      if (!this.#isWanted(node.item.topic)) return node.item
      // It comes back when its records are reported.
      this.#idle.delete(node)
    }
    return undefined
  }
}
