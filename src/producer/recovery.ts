/** What becomes of a batch that came back without an acknowledgement: cut in two, sent again, or given up. */
import type { Clock } from '../base/clock.ts'
import type { PartitionQueue } from './topic-queue.ts'
import type { Batch } from './batch.ts'
import { deliveryError } from './delivery-errors.ts'
import type { EventSink } from './events.ts'
import type { Idempotence } from './idempotence.ts'
import type { Random } from './partitioner.ts'
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

/** An outcome other than the acknowledgement. */
export type Failure = Exclude<ProduceOutcome, { status: 'acknowledged' }>

/** What a {@link Recovery} works with. */
export interface RecoveryDependencies {
  readonly clock: Clock
  readonly random: Random
  readonly topics: TopicMetadata
  readonly events: EventSink
  readonly idempotence: Idempotence | undefined
  /** Reports all records of a batch as failed. */
  readonly fail: (queue: PartitionQueue, batch: Batch, error: DeliveryError) => void
  /** Reports the records of a partition that have expired. */
  readonly expire: (queue: PartitionQueue, nowMs: number) => void
}

/** See the head of this file. */
export class Recovery {
  readonly #settings: ProducerSettings
  readonly #dependencies: RecoveryDependencies

  constructor(settings: ProducerSettings, dependencies: RecoveryDependencies) {
    this.#settings = settings
    this.#dependencies = dependencies
  }

  /** Takes on a batch that is in flight no more. */
  recover(queue: PartitionQueue, batch: Batch, failure: Failure): void {
    const { errorNumber } = failure
    const { topics } = this.#dependencies
    if (retryPolicy(errorNumber).wantsMetadata) topics.refresh(queue.topic.name)
    if (this.#isInDoubt(failure)) batch.mayBePersisted = true
    batch.release()
    if (batch.state === 'settled') this.#forsake(queue, batch, errorNumber)
    else if (this.#isMisnumbered(batch, errorNumber)) this.#renumber(queue, batch, failure)
    else if (isRecordFault(errorNumber) && batch.count > 1 && !batch.isFrozen) {
      this.#split(queue, batch)
    } else if (this.#claimRetry(batch, failure)) this.#retry(queue, batch, failure)
    else this.#dependencies.fail(queue, batch, deliveryError(errorNumber))
  }

  /** Whether the attempt leaves it open whether Kafka has the records. */
  #isInDoubt(failure: Failure): boolean {
    return failure.status === 'failed'
      ? failure.wasSent
      : mayBePersistedDespite(failure.errorNumber, this.#settings.requiredAcks)
  }

  /** All of its records expired while it was in flight: nobody waits for another attempt. */
  #forsake(queue: PartitionQueue, batch: Batch, errorNumber: number): void {
    // Else the next batch, which may not have more time, would be refused for the same number.
    if (batch.isFrozen || this.#isMisnumbered(batch, errorNumber)) {
      this.#dependencies.idempotence?.renew(queue.topic.name, queue.partition)
    }
  }

  /** A batch that an earlier attempt may have stored could only go on under a new number: as a duplicate. */
  #isMisnumbered(batch: Batch, errorNumber: number): boolean {
    const isIdempotent = this.#dependencies.idempotence !== undefined
    return isIdempotent && isSequenceError(errorNumber) && !batch.isFrozen
  }

  #renumber(queue: PartitionQueue, batch: Batch, failure: Failure): void {
    this.#dependencies.idempotence?.renew(queue.topic.name, queue.partition)
    this.#retry(queue, batch, failure)
  }

  #split(queue: PartitionQueue, batch: Batch): void {
    queue.putBack(batch, batch.split())
    this.#dependencies.events.emit({ kind: 'batchSplit' })
  }

  /** Counts the retry, if it counts, and says whether there may be one. */
  #claimRetry(batch: Batch, failure: Failure): boolean {
    const policy = retryPolicy(failure.errorNumber)
    const wasSent = failure.status === 'refused' || failure.wasSent
    // What was never sent is never the records' fault: they wait for as long as they may.
    if (!wasSent) return true
    if (!policy.isRetriable || !policy.isCounted) return policy.isRetriable
    if (batch.countedRetries >= this.#settings.retries) return false
    batch.countedRetries += 1
    return true
  }

  /** Puts a batch back in front, to be sent again after a backoff; its expired records are reported. */
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
      reason: 'reason' in failure ? failure.reason : deliveryError(failure.errorNumber).text,
      backoffMs: delayMs,
    }
    events.emit({ kind: 'batchRetried', retry })
  }
}
