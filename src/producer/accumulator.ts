import { RecordPlaces } from './record-places.ts'
import { type RecordPlace, TopicQueue, type TopicQueueParts } from './topic-queue.ts'

/**
 * The records that were admitted and are not in flight: by topic, and in a topic by partition. A topic's records
 * wait unassigned until its partitions are known.
 */
export class Accumulator {
  readonly #parts: TopicQueueParts
  readonly #topics = new Map<string, TopicQueue>()
  readonly #places = new RecordPlaces<RecordPlace>()

  constructor(parts: TopicQueueParts) {
    this.#parts = parts
  }

  /** The topics that have records, or had some lately. */
  get topics(): Iterable<TopicQueue> {
    return this.#topics.values()
  }

  /** Returns the queue of a topic, made when it is new. */
  topic(name: string): TopicQueue {
    let queue = this.#topics.get(name)
    if (!queue) {
      queue = new TopicQueue(name, this.#parts, this.#places)
      this.#topics.set(name, queue)
    }
    return queue
  }

  /** Returns the queue of a topic, if it has one. */
  find(name: string): TopicQueue | undefined {
    return this.#topics.get(name)
  }

  /** Forgets a topic of which nothing waits, is in flight or is to be reported, so that topics do not pile up. */
  forgetIfIdle(topic: TopicQueue): void {
    if (topic.bufferedRecords > 0 || topic.inFlightBatches > 0) return
    if (this.#topics.get(topic.name) === topic) this.#topics.delete(topic.name)
    for (const { nodes } of [topic, ...topic.partitions]) nodes.remove()
  }

  /** When the oldest record was admitted, one in flight included; `Infinity` when there is none. */
  get oldestAdmittedMs(): number {
    return this.#places.oldestAdmittedMs
  }

  /** When the first record expires, one in flight included; `Infinity` when none does. */
  get firstDeadlineMs(): number {
    return this.#places.firstDeadlineMs
  }

  /** Hands out the places with records that have expired, the first to expire first, each of them once. */
  visitExpired(nowMs: number, visitor: (place: RecordPlace) => void): void {
    this.#places.visitExpired(nowMs, visitor)
  }
}
