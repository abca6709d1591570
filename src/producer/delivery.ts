import type { TopicQueue } from './topic-queue.ts'
import type { QueueBudget } from './queue-budget.ts'
import type { DeliveryFailure, EventSink } from './events.ts'
import { RecordColumns, type Records } from './record-columns.ts'
import type { FailedDelivery } from './types.ts'

/** Kafka's answer for an acknowledged batch. */
export interface Receipt {
  readonly partition: number
  readonly baseOffset: bigint | undefined
  readonly logAppendTimeMs: number | undefined
}

/**
 * The only place where a record ends: it releases its room in the queue, counts it, and calls its owner. Each
 * record arrives here exactly once, from {@link Batch} or from the unassigned records of a topic.
 */
export class Delivery {
  readonly #budget: QueueBudget
  readonly #events: EventSink
  readonly #onIdleTopic: (topic: TopicQueue) => void

  /** @param onIdleTopic - called when the last record of a topic is reported. */
  constructor(budget: QueueBudget, events: EventSink, onIdleTopic: (topic: TopicQueue) => void) {
    this.#budget = budget
    this.#events = events
    this.#onIdleTopic = onIdleTopic
  }

  /** Reports the records of an acknowledged batch. */
  succeed(topic: TopicQueue, records: Records, receipt: Receipt, nowMs: number): void {
    if (records.count === 0) return
    this.#release(topic, records)
    const { partition, baseOffset, logAppendTimeMs } = receipt
    this.#events.emit({ kind: 'recordsDelivered', topic: topic.name, partition, records, nowMs })
    if (!records.areHeard) return
    for (let position = 0; position < records.count; position += 1) {
      records.ownerAt(position).settled?.(
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

  /** Reports failed records. */
  fail(
    topic: TopicQueue,
    records: Records,
    failure: Omit<DeliveryFailure, 'topic'>,
    nowMs: number,
  ): void {
    if (records.count === 0) return
    this.#release(topic, records)
    const { status, error } = failure
    const told = { topic: topic.name, ...failure }
    this.#events.emit({ kind: 'recordsFailed', failure: told, records, nowMs })
    tellFailed(records, { status, topic: topic.name, error })
  }

  /** Hands the remaining records at close back to owners that take them, and fails the others. */
  handBack(
    topic: TopicQueue,
    records: Records,
    failure: Omit<DeliveryFailure, 'topic'>,
    nowMs: number,
  ): void {
    const [kept, failed] = partOwned(records)
    this.fail(topic, failed, failure, nowMs)
    if (kept.count === 0) return
    this.#release(topic, kept)
    const { partition } = failure
    this.#events.emit({ kind: 'recordsHandedBack', topic: topic.name, partition, records: kept })
    const mayBePersisted = failure.status === 'possiblyPersisted'
    for (let position = 0; position < kept.count; position += 1) {
      kept.ownerAt(position).handedBack?.(kept.indexAt(position), mayBePersisted)
    }
  }

  #release(topic: TopicQueue, records: Records): void {
    topic.bufferedRecords -= records.count
    this.#budget.release(records.count, records.valueBytes)
    if (topic.bufferedRecords === 0) this.#onIdleTopic(topic)
  }
}

/** Reports failed records to their owners. Owners that only count get one call for adjacent records. */
function tellFailed(records: Records, report: FailedDelivery): void {
  let count = 0
  for (let position = 0; position < records.count; position += 1) {
    const owner = records.ownerAt(position)
    count += 1
    if (owner.settled) owner.settled(report, records.indexAt(position))
    else if (position + 1 < records.count && records.ownerAt(position + 1) === owner) continue
    else owner.failed?.(count)
    count = 0
  }
}

/** Separates records by whether their owners take them back. */
function partOwned(records: Records): readonly [kept: Records, failed: Records] {
  const kept = new RecordColumns()
  const failed = new RecordColumns()
  for (let position = 0; position < records.count; position += 1) {
    const part = records.ownerAt(position).handedBack ? kept : failed
    part.push(records.at(position))
  }
  return [kept, failed]
}
