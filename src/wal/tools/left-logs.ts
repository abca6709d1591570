/** What is left in write-ahead logs that no process uses. */
import { examineLog } from './examine.ts'
import { findSlots, UnusableFolderError } from './slots.ts'

/** Logs with records that Kafka may not have. */
export interface LeftLogs {
  /** The names of their slots. */
  readonly slots: readonly string[]
  /** Number of records that are not noted as delivered, without those that cannot be read. */
  readonly records: number
}

/**
 * Looks for records that nobody sends. All of the logs is read, some 200 MiB a second.
 *
 * @param folder - `wal.dir`.
 * @returns `undefined` if there are none, also if the folder does not exist or cannot be read.
 * @throws the error of the operating system if a file cannot be looked at.
 */
export async function findLeftLogs(folder: string): Promise<LeftLogs | undefined> {
  const slots: string[] = []
  let records = 0
  for (const { name, holder, parts } of await slotsOf(folder)) {
    const storage = parts.find((part) => part.name === 'log')?.storage
    if (holder !== undefined || storage === undefined) continue
    const options = { isInUse: false, hasRecords: true, onRead: () => undefined }
    const { segments, problems } = await examineLog(storage, options)
    const pending = segments.reduce((sum, segment) => sum + segment.pending, 0)
    if (pending === 0 && !problems.some(({ kind }) => kind === 'damaged')) continue
    slots.push(name)
    records += pending
  }
  return slots.length > 0 ? { slots, records } : undefined
}

async function slotsOf(folder: string): ReturnType<typeof findSlots> {
  try {
    return await findSlots(folder)
  } catch (error) {
    if (error instanceof UnusableFolderError) return []
    throw error
  }
}
