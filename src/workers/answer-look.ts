import type { RecordsSource } from '../base/seen-records.ts'
import type { LookRequest } from './messages.ts'
import type { WorkerProcess } from './worker-process.ts'

/** Answers a worker that looks into the embedded broker. */
export async function answerLook(
  records: RecordsSource | undefined,
  { id, topic, after }: LookRequest,
  worker: Pick<WorkerProcess, 'tell'>,
): Promise<void> {
  const seen = await records?.look(topic, after)
  if (seen !== undefined) worker.tell({ kind: 'looked', id, seen })
}
