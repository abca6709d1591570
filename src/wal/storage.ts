/** What the log needs of a file system, and no more: tests tear, fail, delay and lose through this interface. */

/** One folder with the files of one log. Every method rejects with the error of the operating system. */
export interface Storage {
  /** The names of the files. */
  list(): Promise<readonly string[]>
  /** Creates an empty file. Rejects with EEXIST if there is one. */
  create(name: string): Promise<AppendedFile>
  /** Reads up to `length` bytes; fewer only at the end of the file. */
  read(name: string, position: number, length: number): Promise<Buffer>
  /** The size of a file, bytes. */
  size(name: string): Promise<number>
  remove(name: string): Promise<void>
  /** Replaces a file that has the other name, at once. */
  rename(name: string, to: string): Promise<void>
  /** Gives a file a second name. Rejects with EEXIST if there is a file with that. */
  link(name: string, to: string): Promise<void>
  /** Makes the creation, removal and renaming of files durable. */
  syncFolder(): Promise<void>
  /** The room of the file system of the folder. */
  space(): Promise<DiskSpace>
}

/** The room of a file system. */
export interface DiskSpace {
  /** What can still be written. */
  readonly freeBytes: number
  readonly diskBytes: number
}

/** A file that only grows. One operation at a time. */
export interface AppendedFile {
  /**
   * Writes all of the bytes to the end of the file. Rejects also if the file no longer has its name, so that nothing
   * would find them. After a rejection, any part of them may be there.
   */
  append(pieces: readonly Buffer[]): Promise<void>
  /** Makes what was appended durable. After a rejection, nothing is known of what was appended since the last. */
  sync(): Promise<void>
  /** Shortens the file. */
  truncate(length: number): Promise<void>
  close(): Promise<void>
}

/** The errors of a file system that has no room: they pass when somebody makes room. */
const NO_ROOM = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** Whether an operation failed because there is no room for what it writes. */
export function isNoRoom(error: unknown): boolean {
  return NO_ROOM.has(codeOf(error) ?? '')
}

/** The errors of a disk that cannot give back bytes: they stay, where others pass when somebody acts. */
const UNREADABLE = new Set(['EIO', 'ENODATA', 'EILSEQ', 'EBADMSG', 'EUCLEAN'])

/** Whether a read failed because of the bytes that it asked for. */
export function isUnreadable(error: unknown): error is Error {
  return error instanceof Error && UNREADABLE.has(codeOf(error) ?? '')
}

/** The code of an error of the operating system, such as `EIO`. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** Does something with a file, unless somebody has removed it meanwhile: then the result is `undefined`. */
export async function unlessGone<T>(task: () => Promise<T>): Promise<T | undefined> {
  try {
    return await task()
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}
