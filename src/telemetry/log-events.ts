import type { DeliveryFailure, ProducerEvent } from '../producer/events.ts'
import type { Logger } from './logging.ts'

/** In the words of the replies. */
const OUTCOMES: Record<DeliveryFailure['status'], string> = {
  notPersisted: 'not_persisted',
  possiblyPersisted: 'unknown',
}

/**
 * Logs records that are not delivered, and batches that are sent again. An asynchronous push was answered long
 * before: the log and the metrics are where its failure is reported. Repeats are counted, not written.
 */
export function logEvents(logger: Pick<Logger, 'limited'>): (event: ProducerEvent) => void {
  return (event) => {
    if (event.kind === 'recordsFailed') {
      const { topic, partition, status, error } = event.failure
      const kind = { error_code: error.number }
      const key = `not delivered ${error.number}`
      const fields = {
        ...{ topic, partition, records: event.records.count },
        ...{ outcome: OUTCOMES[status], ...kind, error: error.text },
        ...(error.detail !== undefined && { reason: error.detail }),
      }
      logger.limited('error', key, 'records not delivered', fields, kind)
    } else if (event.kind === 'batchRetried') {
      const { topic, partition, recordCount, errorNumber, reason, backoffMs } = event.retry
      const kind = { error_code: errorNumber }
      const fields = {
        ...{ topic, partition, records: recordCount },
        ...{ ...kind, reason, backoff_ms: Math.round(backoffMs) },
      }
      logger.limited('info', `retry ${errorNumber}`, 'batch will be sent again', fields, kind)
    }
  }
}
