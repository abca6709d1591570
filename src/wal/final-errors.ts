import type { ErrorCode } from '../base/errors.ts'
import type { DeliveryError } from '../producer/types.ts'

/** A retry would not help: Kafka, or the producer for it, refuses the record for what it is. */
const FINAL: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'RECORD_TOO_LARGE',
  'TOPIC_FORBIDDEN',
  'BROKER_REJECTED',
  'RECORD_REJECTED',
])
/** Somebody may still create the topic, or add the partition. */
const FINAL_FOR_OLD_RECORDS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'TOPIC_UNKNOWN',
  'PARTITION_UNKNOWN',
])

/**
 * Whether a record that failed with this error is given up.
 *
 * @param isOld - whether the record is older than `wal.retention_ms`.
 */
export function isFinal({ code }: DeliveryError, isOld: boolean): boolean {
  return FINAL.has(code) || (isOld && FINAL_FOR_OLD_RECORDS.has(code))
}
