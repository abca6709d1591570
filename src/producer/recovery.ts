import type { Clock } from '../base/clock.ts'
import type { PartitionQueue } from './topic-queue.ts'
import type { Batch } from './batch.ts'
import { deliveryError, refusedError } from './delivery-errors.ts'
import type { EventSink } from './events.ts'
import type { Idempotence } from './idempotence.ts'
import type { Random } from './partitioner.ts'
import { RecordColumns, type Records } from './record-columns.ts'
import {
  backoffMs,
  isRecordFault,
  isSequenceError,
  mayBePersistedDespite,
  retryPolicy,
} from './retry-policy.ts'
import type { ProducerSettings } from './settings.ts'
import type { TopicMetadata } from './topic-metadata.ts'
import type { ProduceOutcome } from './transport.ts'
import type { DeliveryError } from './types.ts'

/** An outcome other than an acknowledgement. */
export type Failure = Exclude<ProduceOutcome, { status: 'acknowledged' }>

/** Dependencies of {@link Recovery}. */
export interface RecoveryDependencies {
  readonly clock: Clock
  readonly random: Random
  readonly topics: TopicMetadata
  readonly events: EventSink
  readonly idempotence: Idempotence | undefined
  /** Reports all records of a batch as failed. */
  readonly fail: (queue: PartitionQueue, batch: Batch, error: DeliveryError) => void
  /** Reports records that were taken out of a batch as failed. */
  readonly failTaken: (
    queue: PartitionQueue,
    batch: Batch,
    records: Records,
    error: DeliveryError,
  ) => void
  /** Reports the expired records of a partition. */
  readonly expire: (queue: PartitionQueue, nowMs: number) => void
}

/**
 * Decides what happens to a batch without an acknowledgement: it is sent again, whole or without the records at
 * fault, or given up.
 */
export class Recovery {
  readonly #settings: ProducerSettings
  readonly #dependencies: RecoveryDependencies

  constructor(settings: ProducerSettings, dependencies: RecoveryDependencies) {
    this.#settings = settings
    this.#dependencies = dependencies
  }

  /** Handles a batch whose request has just ended without an acknowledgement of it. */
  recover(queue: PartitionQueue, batch: Batch, failure: Failure): void {
    const { errorNumber } = failure
    const { topics } = this.#dependencies
    if (retryPolicy(errorNumber).wantsMetadata) topics.refresh(queue.topic.name)
    if (this.#isInDoubt(failure)) batch.mayBePersisted = true
    batch.release()
    if (batch.state === 'settled') this.#forsake(queue, batch, errorNumber)
    else if (this.#isMisnumbered(batch, errorNumber)) this.#renumber(queue, batch, failure)
    else if (this.#mayBeDivided(batch, failure)) this.#spareOthers(queue, batch, failure)
    else if (this.#claimRetry(batch, failure)) this.#retry(queue, batch, failure)
    else this.#dependencies.fail(queue, batch, errorOf(failure))
  }

  /** Whether Kafka may have the records after this attempt. */
  #isInDoubt(failure: Failure): boolean {
    return failure.status === 'failed'
      ? failure.wasSent
      : mayBePersistedDespite(failure.errorNumber, this.#settings.requiredAcks)
  }

  /** Handles a batch whose records all expired in flight: it is not sent again. */
  #forsake(queue: PartitionQueue, batch: Batch, errorNumber: number): void {
    // Otherwise Kafka would refuse the next batch, because of the numbers that this one may have used.
    if (batch.isFrozen || this.#isMisnumbered(batch, errorNumber)) {
      this.#dependencies.idempotence?.renew(queue.topic.name, queue.partition)
    }
  }

  /**
   * Whether the batch needs new sequence numbers. It gets none if an earlier attempt may have stored it: with new numbers
   * it would be stored twice.
   */
  #isMisnumbered(batch: Batch, errorNumber: number): boolean {
    const isIdempotent = this.#dependencies.idempotence !== undefined
    return isIdempotent && isSequenceError(errorNumber) && !batch.isFrozen
  }

  #renumber(queue: PartitionQueue, batch: Batch, failure: Failure): void {
    this.#dependencies.idempotence?.renew(queue.topic.name, queue.partition)
    this.#retry(queue, batch, failure)
  }

  /** Whether only some records of the batch may be the reason for its refusal. */
  #mayBeDivided(batch: Batch, { errorNumber }: Failure): boolean {
    return isRecordFault(errorNumber) && batch.encodedCount > 1 && !batch.isFrozen
  }

  /**
   * Sends the records of a refused batch that are not at fault again, at once and in the same order: they may come from
   * other clients. If the broker names the records at fault, those fail; otherwise the batch is
   * split until they are alone.
   */
  #spareOthers(queue: PartitionQueue, batch: Batch, failure: Failure): void {
    const reasons = reasonsByPosition(failure, batch)
    if (reasons.size < batch.encodedCount) this.#dependencies.events.emit({ kind: 'batchSplit' })
    if (reasons.size > 0) this.#failNamed(queue, batch, failure.errorNumber, reasons)
    else if (batch.count > 1) queue.putBack(batch, batch.split())
    else queue.putBack(batch)
  }

  /** Fails the named records, each for its own reason, and puts the others back. */
  #failNamed(
    queue: PartitionQueue,
    batch: Batch,
    errorNumber: number,
    reasons: ReadonlyMap<number, string | undefined>,
  ): void {
    const taken = batch.takeAt([...reasons.keys()])
    if (batch.state !== 'settled') queue.putBack(batch)
    const byReason = new Map<string | undefined, RecordColumns>()
    for (const [position, record] of taken) {
      const reason = reasons.get(position)
      const records = byReason.get(reason) ?? new RecordColumns()
      records.push(record)
      byReason.set(reason, records)
    }
    // This comes last: owners that are notified may send new records to this partition, behind those put back.
    for (const [reason, records] of byReason) {
      this.#dependencies.failTaken(queue, batch, records, refusedError(errorNumber, reason))
    }
  }

  /** Counts the retry, unless its kind of failure is not counted. @returns whether the batch may be sent again. */
  #claimRetry(batch: Batch, failure: Failure): boolean {
    const policy = retryPolicy(failure.errorNumber)
    const wasSent = failure.status === 'refused' || failure.wasSent
    // A failure before sending is not the fault of the records: they may wait until they expire.
    if (!wasSent) return true
    if (!policy.isRetriable || !policy.isCounted) return policy.isRetriable
    if (batch.countedRetries >= this.#settings.retries) return false
    batch.countedRetries += 1
    return true
  }

  /** Puts a batch back in front, to be sent again after a backoff, and reports its expired records. */
  #retry(queue: PartitionQueue, batch: Batch, failure: Failure): void {
    const { clock, random, events, expire } = this.#dependencies
    batch.attempts += 1
    const nowMs = clock.nowMs()
    const delayMs = backoffMs(batch.attempts, this.#settings, random)
    batch.notBeforeMs = nowMs + delayMs
    queue.putBack(batch)
    expire(queue, nowMs)
    if (batch.state === 'settled') return
    const retry = {
      topic: queue.topic.name,
      partition: queue.partition,
      recordCount: batch.count,
      mayBePersisted: batch.mayBePersisted && !batch.isFrozen,
      errorNumber: failure.errorNumber,
      reason: failure.reason ?? deliveryError(failure.errorNumber).text,
      backoffMs: delayMs,
    }
    events.emit({ kind: 'batchRetried', retry })
  }
}

/** Why each record at fault was refused, by its position; empty if the broker does not say which they are. */
function reasonsByPosition(
  failure: Failure,
  { encodedCount }: Batch,
): ReadonlyMap<number, string | undefined> {
  const { faults = [] } = failure.status === 'refused' ? failure : {}
  return new Map(
    faults
      .filter(({ position }) => position >= 0 && position < encodedCount)
      .map(({ position, reason }) => [position, reason]),
  )
}

/** The error of all records of a batch, with the broker's reason if it gives one. */
function errorOf(failure: Failure): DeliveryError {
  if (failure.status === 'failed') return deliveryError(failure.errorNumber)
  const { errorNumber, faults = [], reason } = failure
  return refusedError(errorNumber, faults[0]?.reason ?? reason)
}
