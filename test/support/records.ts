import {
  RecordColumns,
  type PendingRecord,
  type Records,
} from '../../src/producer/record-columns.ts'
import type { RecordOwner } from '../../src/producer/types.ts'
import { silentOwner } from './send-all.ts'

/** Converts a view of records to plain objects. */
export function recordsOf(records: Records): Omit<PendingRecord, 'valueBytes' | 'isPinned'>[] {
  return Array.from({ length: records.count }, (_, position) => ({
    admittedMs: records.admittedMsAt(position),
    timestampMs: records.timestampMsAt(position),
    owner: records.ownerAt(position),
    index: records.indexAt(position),
  }))
}

/** Records for which only the admission time matters. */
export function admittedAt(...timesMs: readonly number[]): Records {
  return recordsOwnedBy(silentOwner(), ...timesMs)
}

/** Records for which only the owner and the admission time matter. */
export function recordsOwnedBy(owner: RecordOwner, ...timesMs: readonly number[]): Records {
  const rest = { timestampMs: 0, valueBytes: 0, owner, index: 0, isPinned: false }
  return RecordColumns.of(timesMs.map((admittedMs) => ({ ...rest, admittedMs })))
}
