/**
 * Makes what the producer observes visible: in the metrics, and in the log where records were not
 * delivered. An asynchronous push was answered long before; the log and the metrics are where its
 * failure is reported.
 */
import type { Logger } from './logging.ts'
import type { Metrics } from './metrics/metrics.ts'
import type { Records } from '../producer/record-columns.ts'
import { nameOfError } from '../producer/delivery-errors.ts'
import type { BatchRetry, DeliveryFailure, ProducerObserver } from '../producer/delivery.ts'
import type { DeliveryError } from '../producer/types.ts'

/** See the head of this file. */
export class DeliveryObserver implements ProducerObserver {
  readonly #metrics: Metrics
  readonly #logger: Logger
  /** Records whose client was told that they are accepted, and that were not delivered. */
  #lostCount = 0

  constructor({ metrics, logger }: { metrics: Metrics; logger: Logger }) {
    this.#metrics = metrics
    this.#logger = logger
  }

  /** Number of records, since the start, that failed after an asynchronous push was answered `ok`. */
  get lostCount(): number {
    return this.#lostCount
  }

  delivered(topic: string, records: Records, nowMs: number): void {
    this.#metrics.recordsDelivered(topic, records, nowMs)
    this.#metrics.producer.batchDelivered(records.count)
  }

  failed(failure: DeliveryFailure, records: Records, nowMs: number): void {
    const { topic, partition, status, error } = failure
    this.#metrics.recordsFailed(topic, error.number, records, nowMs)
    this.#metrics.producer.recordsFailed(topic, error.code.toLowerCase(), records.count)
    for (let position = 0; position < records.count; position += 1) {
      if (!records.listenerAt(position)) this.#lostCount += 1
    }
    this.#logger.limited('error', `not delivered ${error.number}`, 'records not delivered', {
      topic,
      partition,
      records: records.count,
      status,
      error_code: error.number,
      error: error.text,
    })
  }

  retried(retry: BatchRetry): void {
    const { topic, partition, recordCount, mayBePersisted, errorNumber, reason, backoffMs } = retry
    this.#metrics.producer.recordsRetried(
      topic,
      nameOfError(errorNumber),
      recordCount,
      mayBePersisted,
    )
    this.#logger.limited('info', `retry ${errorNumber}`, 'batch will be sent again', {
      topic,
      partition,
      records: recordCount,
      error_code: errorNumber,
      reason,
      backoff_ms: Math.round(backoffMs),
    })
  }

  attemptFailed(errorNumber: number): void {
    this.#metrics.producer.produceFailed(nameOfError(errorNumber))
  }

  split(): void {
    this.#metrics.producer.batchSplit()
  }

  renewed(): void {
    this.#metrics.producer.producerRecycled()
  }

  creationAsked(): void {
    this.#metrics.producer.topicCreationAsked()
  }

  refused(topic: string, error: DeliveryError, count: number): void {
    this.#metrics.recordsRefused(topic, error.number, count)
    this.#metrics.producer.recordsRejected(error.code.toLowerCase(), count)
  }
}
