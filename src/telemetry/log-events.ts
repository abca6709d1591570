import type { ProducerEvent } from '../producer/events.ts'
import type { Logger } from './logging.ts'

/**
 * Logs records that are not delivered, and batches that are sent again. An asynchronous push was answered long
 * before: the log and the metrics are where its failure is reported. Repeats are counted, not written.
 */
export function logEvents(logger: Pick<Logger, 'limited'>): (event: ProducerEvent) => void {
  return (event) => {
    if (event.kind === 'recordsFailed') {
      const { topic, partition, status, error } = event.failure
      logger.limited('error', `not delivered ${error.number}`, 'records not delivered', {
        topic,
        partition,
        records: event.records.count,
        status,
        error_code: error.number,
        error: error.text,
      })
    } else if (event.kind === 'batchRetried') {
      const { topic, partition, recordCount, errorNumber, reason, backoffMs } = event.retry
      logger.limited('info', `retry ${errorNumber}`, 'batch will be sent again', {
        topic,
        partition,
        records: recordCount,
        error_code: errorNumber,
        reason,
        backoff_ms: Math.round(backoffMs),
      })
    }
  }
}
