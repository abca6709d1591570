/** The slots of a folder, for tools, which create nothing. */
import { access, constants, readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { existingFolder } from '../node-storage.ts'
import { type LockHolder, lockHolder } from '../slot-lock.ts'
import { codeOf, type Storage, unlessGone } from '../storage.ts'
import { SLOT_NAME } from '../slot-name.ts'

/** A folder that cannot be used as one of write-ahead logs. The message says what to do. */
export class UnusableFolderError extends Error {
  override readonly name = 'UnusableFolderError'
}

/** The folder of one process. */
export interface FoundSlot {
  readonly name: string
  readonly path: string
  /** The process that uses it; `undefined` if none does. */
  readonly holder: LockHolder | undefined
  /** Its logs. */
  readonly parts: readonly SlotPart[]
}

/** One of the logs of a slot. */
export interface SlotPart {
  readonly name: string
  /** Whether its frames are records. */
  readonly hasRecords: boolean
  readonly storage: Storage
}

/** The folders of a slot that have records, and others in the same format. */
const PARTS = [
  { name: 'log', hasRecords: true },
  { name: 'dead-letters', hasRecords: true },
  { name: 'keys', hasRecords: false },
] as const

/**
 * Finds the slots of a folder.
 *
 * @param folder - `wal.dir`, or one slot of it.
 * @throws UnusableFolderError if it has none, or cannot be read.
 */
export async function findSlots(folder: string): Promise<readonly FoundSlot[]> {
  const names = await readNames(folder)
  if (SLOT_NAME.test(basename(folder)) && names.includes('log')) {
    return [await foundSlot(basename(folder), folder)]
  }
  const slots = names.filter((name) => SLOT_NAME.test(name)).sort()
  if (slots.length === 0) {
    throw new UnusableFolderError(
      `${folder} has no write-ahead log: no folder slot-00; give the folder that wal.dir names`,
    )
  }
  return Promise.all(slots.map((name) => foundSlot(name, join(folder, name))))
}

async function readNames(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    throw new UnusableFolderError(problemText(folder, error), { cause: error })
  }
}

async function foundSlot(name: string, path: string): Promise<FoundSlot> {
  try {
    const parts: SlotPart[] = []
    for (const part of PARTS) {
      const folder = join(path, part.name)
      const isThere = await unlessGone(async () => (await stat(folder)).isDirectory())
      if (!isThere) continue
      await access(folder, constants.R_OK | constants.X_OK)
      parts.push({ ...part, storage: existingFolder(folder) })
    }
    return { name, path, holder: await lockHolder(path), parts }
  } catch (error) {
    throw new UnusableFolderError(problemText(path, error), { cause: error })
  }
}

/** What is wrong with a folder, and what to do about it. */
function problemText(folder: string, error: unknown): string {
  switch (codeOf(error)) {
    case 'ENOENT':
      return `${folder} does not exist: give the folder that wal.dir names`
    case 'ENOTDIR':
      return `${folder} is not a folder: give the folder that wal.dir names`
    case 'EACCES':
    case 'EPERM':
      return `${folder} cannot be read: only the user of kprf can; run this as that user`
    default:
      return `${folder} cannot be read: ${error instanceof Error ? error.message : String(error)}`
  }
}
