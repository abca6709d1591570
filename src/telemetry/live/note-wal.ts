import type { LogObserver } from '../../wal/log-types.ts'
import type { Problems } from './problems.ts'

/** Remembers what goes wrong in the write-ahead log, and passes everything on. */
export function noteWal(problems: Problems, next: LogObserver): LogObserver {
  return {
    ...next,
    failed: (operation, error) => {
      const text = error instanceof Error ? error.message : String(error)
      problems.add({ code: 'LOG_TROUBLE', text: `${operation}: ${text}` })
      next.failed(operation, error)
    },
    damaged: (segment, at, bytes, records) => {
      problems.add({ code: 'LOG_DAMAGED', text: segment, records: records ?? 0 })
      next.damaged(segment, at, bytes, records)
    },
    buried: (topic, error) => {
      problems.add({ code: 'DEAD_LETTER', text: error.detail ?? error.text, topic, records: 1 })
      next.buried(topic, error)
    },
  }
}
