import type { RecordsSource } from '../base/seen-records.ts'
import type { SeeRecords } from './messages.ts'
import type { WorkerProcess } from './worker-process.ts'

/** Answers a worker that looks into the embedded broker. */
export async function showRecords(
  records: RecordsSource | undefined,
  { id, topic, after }: SeeRecords,
  worker: Pick<WorkerProcess, 'tell'>,
): Promise<void> {
  const seen = await records?.look(topic, after)
  if (seen !== undefined) worker.tell({ kind: 'recordsSeen', id, seen })
}
