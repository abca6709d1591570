/** Write-ahead logs that a start without one leaves alone. */
import type { Config } from '../config/types.ts'
import type { Logger } from '../telemetry/logging.ts'
import { findLeftLogs } from '../wal/tools/left-logs.ts'

/** Warns if `wal.enabled` is false and `wal.dir` has records: nothing sends them then. It never rejects. */
export async function warnOfLeftLogs(logger: Logger, { wal }: Config): Promise<void> {
  if (wal.enabled) return
  try {
    const left = await findLeftLogs(wal.dir)
    if (left === undefined) return
    logger.warn(
      'a write-ahead log has records that Kafka may not have, and nothing sends them while wal.enabled is false: set it to true until they are sent; kprf wal inspect shows them',
      { dir: wal.dir, ...left },
    )
  } catch (error) {
    logger.warn('wal.dir cannot be searched for records that were not sent', {
      ...{ dir: wal.dir, error },
    })
  }
}
