import { assemble, type ProducerDependencies, type ProducerParts } from './assemble.ts'
import type { ProducerSettings } from './settings.ts'
import type { QueueView } from './statistics/statistics.ts'
import type { DeliveryError, ProducerRecord, RecordProducer, SendCall } from './types.ts'

/**
 * The producer as the rest of kprf sees it. The way of a record: the admission admits it (size, room in the queue),
 * the assigner assigns a partition, the accumulator adds it to a batch, the dispatcher lets the batch wait for its
 * leader, the sender sends it, the settlement decides on the outcome, and `Delivery` reports the record.
 */
export class Producer implements RecordProducer {
  readonly #dependencies: ProducerDependencies
  readonly #parts: ProducerParts
  #onDrained: (() => void) | undefined

  constructor(settings: ProducerSettings, dependencies: ProducerDependencies) {
    this.#dependencies = dependencies
    this.#parts = assemble(settings, dependencies, () => this.#onDrained?.())
  }

  /** Records admitted and not yet reported. */
  get bufferedRecords(): number {
    return this.#parts.budget.records
  }

  /** Bytes of the values of these records. */
  get bufferedBytes(): number {
    return this.#parts.budget.bytes
  }

  /** All memory that records hold, as limited by `queueMemoryMaxBytes`, bytes. */
  get memoryBytes(): number {
    return this.#parts.budget.memoryBytes
  }

  /** When the oldest of these records was admitted; `undefined` if there is none. */
  get oldestAdmittedMs(): number | undefined {
    const oldestMs = this.#parts.accumulator.oldestAdmittedMs
    return oldestMs === Infinity ? undefined : oldestMs
  }

  /** Number of topics in use that no broker has confirmed. */
  get unknownTopics(): number {
    return this.#parts.topics.unknownTopics
  }

  /** The number of these records by topic; topics without records may be missing. */
  *bufferedByTopic(): Generator<readonly [topic: string, records: number]> {
    for (const topic of this.#parts.accumulator.topics) yield [topic.name, topic.bufferedRecords]
  }

  /** The current queue, for statistics. */
  view(): QueueView {
    const { accumulator, topics, idempotence } = this.#parts
    return {
      bufferedRecords: this.bufferedRecords,
      bufferedBytes: this.bufferedBytes,
      topics: accumulator.topics,
      knownTopics: topics.size,
      metadataOf: (topic) => topics.peek(topic),
      eos: idempotence?.status,
    }
  }

  /** Starts to connect. Records are admitted with or without a connection. */
  start(): void {
    const { idempotence, topics } = this.#parts
    this.#dependencies.transport.start({
      onAvailable: () => {
        idempotence?.retryNow()
        topics.retryNow()
      },
      onStalled: (topic) => {
        topics.refresh(topic)
      },
    })
  }

  vet(record: ProducerRecord): DeliveryError | undefined {
    return this.#parts.admission.vet(record)
  }

  sendAll(records: readonly ProducerRecord[], call: SendCall): void {
    this.#parts.admission.sendAll(records, call)
  }

  /**
   * Refuses new records, sends the buffered ones without linger, and waits until they are reported.
   *
   * @param timeoutMs - how long to wait, ms.
   * @returns the number of records that are left.
   */
  async drain(timeoutMs: number): Promise<number> {
    const { admission, sender, dispatcher } = this.#parts
    admission.close()
    sender.stopLingering()
    dispatcher.pumpAll()
    if (this.bufferedRecords > 0) {
      await new Promise<void>((resolve) => {
        const cancelTimer = this.#dependencies.clock.schedule(timeoutMs, resolve)
        this.#onDrained = () => {
          cancelTimer()
          resolve()
        }
      })
    }
    return this.bufferedRecords
  }

  /** Hands the remaining records back to their owners, and closes the connections. */
  async close(): Promise<void> {
    const { admission, accumulator, assigner, dispatcher, topics, idempotence, timeouts } =
      this.#parts
    admission.close()
    for (const topic of [...accumulator.topics]) {
      assigner.handBack(topic)
      for (const queue of topic.partitions) dispatcher.handBack(queue)
    }
    topics.close()
    idempotence?.close()
    timeouts.close()
    await this.#dependencies.transport.close()
  }
}
