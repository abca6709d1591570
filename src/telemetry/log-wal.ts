import type { LogObserver } from '../wal/log-types.ts'
import type { WalMetrics } from './metrics/wal-metrics.ts'
import type { Logger } from './logging.ts'

const FAILED = {
  write: 'the write-ahead log cannot be written; pushes that do not wait are refused until it can',
  read: 'the write-ahead log cannot be read; it is tried again',
  settle: 'the write-ahead log cannot note what Kafka has; after a restart that is sent again',
  adopt: 'the write-ahead log of a process that is gone cannot be taken over; it is tried again',
  remove: 'a file of the write-ahead log cannot be removed; it is tried again',
} as const

const BACKLOG = {
  begun: 'the write-ahead log has records from before the start; they are being sent',
  'going on': 'records from before the start are being sent',
  sent: 'the records from before the start are sent',
} as const

/** Logs and counts what an operator should know of the write-ahead log. */
export function logWal(logger: Pick<Logger, 'limited' | 'info'>, metrics: WalMetrics): LogObserver {
  return {
    failed: (operation, error) => {
      metrics.failed(operation)
      logger.limited('error', `wal ${operation}`, FAILED[operation], { error })
    },
    damaged: (file, position, bytes, records = 0) => {
      metrics.damaged(records, bytes)
      const message =
        'a file of the write-ahead log is damaged: records are lost, and the file is kept as .damaged'
      logger.limited('error', 'wal damaged', message, { file, position, bytes, records })
    },
    buried: (topic, error) => {
      metrics.buried(error.code.toLowerCase())
      const message = 'Kafka refuses a record of the write-ahead log for good: it is a dead letter'
      const fields = {
        ...{ topic, error_code: error.number, error: error.text },
        ...(error.detail !== undefined && { reason: error.detail }),
      }
      logger.limited('error', `wal dead letter ${error.number}`, message, fields)
    },
    syncFailed: () => {
      metrics.syncFailed()
    },
    replayed: (records) => {
      metrics.replayed(records)
    },
    torn: (file, position, bytes) => {
      metrics.truncated(bytes)
      const message =
        'a file of the write-ahead log ends within a push: it was not accepted, or the disk lost it'
      logger.limited('warn', 'wal torn', message, { file, position, bytes })
    },
    backlog: (state, { slot, files, bytes, records }) => {
      const fields = state === 'sent' ? {} : { files_left: files, bytes_left: bytes }
      logger.info(BACKLOG[state], { slot, ...fields, records_read: records })
    },
  }
}
