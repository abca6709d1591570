import {
  access,
  constants,
  type FileHandle,
  link,
  mkdir,
  open,
  readdir,
  rename,
  stat,
  statfs,
  unlink,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type AppendedFile, codeOf, type DiskSpace, type Storage } from './storage.ts'

const { O_APPEND, O_CREAT, O_EXCL, O_WRONLY, R_OK, W_OK, X_OK } = constants

/** Only the user of kprf may read payloads. */
const FOLDER_MODE = 0o700
const FILE_MODE = 0o600

/**
 * Creates a folder and those above it, unless they are there, and opens it.
 *
 * @throws the error of the operating system, also if it is there and nothing can be written to it.
 */
export async function openFolder(path: string): Promise<Storage> {
  await makeFolder(path)
  await access(path, R_OK | W_OK | X_OK)
  return new NodeStorage(path)
}

/** A folder that is there, for whoever only looks. */
export function existingFolder(path: string): Storage {
  return new NodeStorage(path)
}

/**
 * Creates a folder and those above it, unless they are there.
 *
 * @throws the error of the operating system.
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await makeOneFolder(path)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' || dirname(path) === path) throw error
    await makeFolder(dirname(path))
    // Once: below a link that leads nowhere, or in /proc, it does not exist whatever is above it.
    await makeOneFolder(path)
  }
}

async function makeOneFolder(path: string): Promise<void> {
  try {
    // Not recursive: Node.js then calls a file system that is read-only a folder that does not exist.
    await mkdir(path, { mode: FOLDER_MODE })
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  }
}

/** A folder of the operating system. */
class NodeStorage implements Storage {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  async list(): Promise<readonly string[]> {
    return readdir(this.#path)
  }

  async create(name: string): Promise<AppendedFile> {
    const flags = O_APPEND | O_CREAT | O_EXCL | O_WRONLY
    const path = join(this.#path, name)
    return new NodeFile(path, await open(path, flags, FILE_MODE))
  }

  async read(name: string, position: number, length: number): Promise<Buffer> {
    const file = await open(join(this.#path, name), 'r')
    try {
      const bytes = Buffer.allocUnsafe(length)
      let end = 0
      while (end < length) {
        const { bytesRead } = await file.read(bytes, end, length - end, position + end)
        if (bytesRead === 0) break
        end += bytesRead
      }
      return bytes.subarray(0, end)
    } finally {
      await file.close()
    }
  }

  async size(name: string): Promise<number> {
    return (await stat(join(this.#path, name))).size
  }

  async remove(name: string): Promise<void> {
    await unlink(join(this.#path, name))
  }

  async rename(name: string, to: string): Promise<void> {
    await rename(join(this.#path, name), join(this.#path, to))
  }

  async link(name: string, to: string): Promise<void> {
    await link(join(this.#path, name), join(this.#path, to))
  }

  async syncFolder(): Promise<void> {
    const folder = await open(this.#path, 'r')
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  }

  async space(): Promise<DiskSpace> {
    const { bavail, blocks, bsize } = await statfs(this.#path)
    return { freeBytes: bavail * bsize, diskBytes: blocks * bsize }
  }
}

class NodeFile implements AppendedFile {
  readonly #path: string
  readonly #file: FileHandle

  constructor(path: string, file: FileHandle) {
    this.#path = path
    this.#file = file
  }

  async append(pieces: readonly Buffer[]): Promise<void> {
    // A file that was removed or moved, or whose disk was unmounted, takes bytes that no start would find.
    const [written, found] = await Promise.allSettled([
      writeAll(this.#file, pieces),
      access(this.#path),
    ])
    if (written.status === 'rejected') throw written.reason
    if (found.status === 'rejected') throw found.reason
  }

  async sync(): Promise<void> {
    await this.#file.datasync()
  }

  async truncate(length: number): Promise<void> {
    await this.#file.truncate(length)
  }

  async close(): Promise<void> {
    await this.#file.close()
  }
}

/** Writes all of the pieces: the operating system may write fewer bytes than it was given. */
export async function writeAll(
  file: Pick<FileHandle, 'writev'>,
  pieces: readonly Buffer[],
): Promise<void> {
  let left = withoutFirst(pieces, 0)
  while (left.length > 0) {
    const { bytesWritten } = await file.writev(left)
    if (bytesWritten === 0) throw new Error('the operating system wrote nothing')
    left = withoutFirst(left, bytesWritten)
  }
}

/** What is left of the pieces after so many of their bytes. */
function withoutFirst(pieces: readonly Buffer[], bytes: number): readonly Buffer[] {
  let skipped = 0
  for (const [index, piece] of pieces.entries()) {
    if (skipped + piece.length > bytes) {
      return [piece.subarray(bytes - skipped), ...pieces.slice(index + 1)]
    }
    skipped += piece.length
  }
  return []
}
