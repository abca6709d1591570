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
  rename(name: string, to: string): Promise<void>
  /** Makes the creation, removal and renaming of files durable. */
  syncFolder(): Promise<void>
  /** The bytes that can still be written to the file system of the folder. */
  freeBytes(): Promise<number>
}

/** A file that only grows. One operation at a time. */
export interface AppendedFile {
  /** Writes all of the bytes to the end of the file. After a rejection, any part of them may be there. */
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

/** The code of an error of the operating system, such as `EIO`. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
