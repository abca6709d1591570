/**
 * The one place where a record's way ends: its room in the queue is released, its listener is told,
 * the observer counts it. Each record comes here exactly once, from {@link Batch} or from the
 * unassigned records of a topic.
 */
import type { TopicQueue } from './accumulator.ts'
import type { QueueBudget } from './queue-budget.ts'
import type { Records } from './record-columns.ts'
import type { Statistics } from './statistics/statistics.ts'
import type { DeliveryError, DeliveryReport } from './types.ts'

/** Learns of everything that ends or is tried again, for metrics and the log. */
export interface ProducerObserver {
  /** Records of one batch were acknowledged. */
  delivered(topic: string, records: Records, nowMs: number): void
  /** Records of one topic failed for the same reason. */
  failed(failure: DeliveryFailure, records: Records, nowMs: number): void
  /** A batch was sent in vain, whatever happens to it next. */
  attemptFailed(errorNumber: number): void
  /** A batch was cut in two. */
  split(): void
  /** A batch will be sent again. */
  retried(retry: BatchRetry): void
  /** A partition began anew with the numbers of an idempotent producer. */
  renewed(): void
  /** Brokers are asked to create a topic. */
  creationAsked(): void
  /** Records of a push with the same topic were not admitted, for the same reason. */
  refused(topic: string, error: DeliveryError, count: number): void
}

/** What {@link ProducerObserver} learns of records that were not delivered. */
export interface DeliveryFailure {
  readonly topic: string
  /** `undefined` while no partition was assigned. */
  readonly partition: number | undefined
  readonly status: 'notPersisted' | 'possiblyPersisted'
  readonly error: DeliveryError
}

/** What {@link ProducerObserver} learns of a batch that failed once. */
export interface BatchRetry {
  readonly topic: string
  readonly partition: number
  readonly recordCount: number
  /** Whether Kafka may have the records already, so that they may be there twice. */
  readonly mayBePersisted: boolean
  /** librdkafka's number of the error. */
  readonly errorNumber: number
  readonly reason: string
  readonly backoffMs: number
}

/** What Kafka said of a batch it acknowledged. */
export interface Receipt {
  readonly partition: number
  readonly baseOffset: bigint | undefined
  readonly logAppendTimeMs: number | undefined
}

/** See the head of this file. */
export class Delivery {
  readonly #budget: QueueBudget
  readonly #observer: ProducerObserver
  readonly #onIdleTopic: (topic: TopicQueue) => void
  readonly #statistics: Statistics | undefined

  /** @param onIdleTopic - called when the last record of a topic was reported. */
  constructor(
    budget: QueueBudget,
    observer: ProducerObserver,
    onIdleTopic: (topic: TopicQueue) => void,
    statistics?: Statistics,
  ) {
    this.#budget = budget
    this.#observer = observer
    this.#onIdleTopic = onIdleTopic
    this.#statistics = statistics
  }

  /** Reports the records of a batch that Kafka acknowledged. */
  succeed(topic: TopicQueue, records: Records, receipt: Receipt, nowMs: number): void {
    if (records.count === 0) return
    this.#release(topic, records)
    this.#statistics?.settled(topic.name, receipt.partition, records.count)
    this.#observer.delivered(topic.name, records, nowMs)
    const { partition, baseOffset, logAppendTimeMs } = receipt
    for (let position = 0; position < records.count; position += 1) {
      records.listenerAt(position)?.(
        {
          status: 'persisted',
          topic: topic.name,
          partition,
          offset: baseOffset === undefined ? undefined : baseOffset + BigInt(position),
          timestampMs: logAppendTimeMs ?? records.timestampMsAt(position),
        },
        records.indexAt(position),
      )
    }
  }

  /** Reports records that were given up. */
  fail(
    topic: TopicQueue,
    records: Records,
    failure: Omit<DeliveryFailure, 'topic'>,
    nowMs: number,
  ): void {
    if (records.count === 0) return
    this.#release(topic, records)
    const { partition } = failure
    if (partition !== undefined) this.#statistics?.settled(topic.name, partition, records.count)
    this.#observer.failed({ topic: topic.name, ...failure }, records, nowMs)
    const report: DeliveryReport = { status: failure.status, error: failure.error }
    for (let position = 0; position < records.count; position += 1) {
      records.listenerAt(position)?.(report, records.indexAt(position))
    }
  }

  #release(topic: TopicQueue, records: Records): void {
    topic.bufferedRecords -= records.count
    this.#budget.release(records.count, records.valueBytes)
    if (topic.bufferedRecords === 0) this.#onIdleTopic(topic)
  }
}
