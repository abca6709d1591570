import { RecordPlaces } from './record-places.ts'
import { type RecordPlace, TopicQueue, type TopicQueueParts } from './topic-queue.ts'

/**
 * The records that are admitted and not in flight: by topic, and within a topic by partition. The records of a
 * topic wait unassigned until its partitions are known.
 */
export class Accumulator {
  readonly #parts: TopicQueueParts
  readonly #topics = new Map<string, TopicQueue>()
  readonly #places = new RecordPlaces<RecordPlace>()

  constructor(parts: TopicQueueParts) {
    this.#parts = parts
  }

  /** The topics that have records or had some recently. */
  get topics(): Iterable<TopicQueue> {
    return this.#topics.values()
  }

  /** Returns the queue of a topic; creates it if needed. */
  topic(name: string): TopicQueue {
    let queue = this.#topics.get(name)
    if (!queue) {
      queue = new TopicQueue(name, this.#parts, this.#places)
      this.#topics.set(name, queue)
    }
    return queue
  }

  /** Returns the queue of a topic; `undefined` if it has none. */
  find(name: string): TopicQueue | undefined {
    return this.#topics.get(name)
  }

  /**
   * Removes a topic without records that wait, are in flight or are not yet reported, so that the number of topics
   * stays bounded.
   */
  forgetIfIdle(topic: TopicQueue): void {
    if (topic.bufferedRecords > 0 || topic.inFlightBatches > 0) return
    if (this.#topics.get(topic.name) === topic) this.#topics.delete(topic.name)
    for (const { nodes } of [topic, ...topic.partitions]) nodes.remove()
  }

  /** When the oldest record was admitted, records in flight included; `Infinity` if there is none. */
  get oldestAdmittedMs(): number {
    return this.#places.oldestAdmittedMs
  }

  /** When the first record expires, records in flight included; `Infinity` if none does. */
  get firstDeadlineMs(): number {
    return this.#places.firstDeadlineMs
  }

  /** Calls `visitor` once for each place with expired records, earliest deadline first. */
  visitExpired(nowMs: number, visitor: (place: RecordPlace) => void): void {
    this.#places.visitExpired(nowMs, visitor)
  }
}
