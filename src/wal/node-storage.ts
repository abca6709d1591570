import {
  access,
  constants,
  type FileHandle,
  mkdir,
  open,
  readdir,
  rename,
  stat,
  statfs,
  unlink,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type AppendedFile, codeOf, type Storage } from './storage.ts'

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

/** Creates a folder and those above it, unless they are there. */
export async function makeFolder(path: string): Promise<void> {
  try {
    // Not recursive: Node.js then calls a file system that is read-only a folder that does not exist.
    await mkdir(path, { mode: FOLDER_MODE })
  } catch (error) {
    const code = codeOf(error)
    if (code === 'EEXIST') return
    if (code !== 'ENOENT' || dirname(path) === path) throw error
    await makeFolder(dirname(path))
    await makeFolder(path)
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
    return new NodeFile(await open(join(this.#path, name), flags, FILE_MODE))
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

  async syncFolder(): Promise<void> {
    const folder = await open(this.#path, 'r')
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  }

  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.#path)
    return bavail * bsize
  }
}

class NodeFile implements AppendedFile {
  readonly #file: FileHandle

  constructor(file: FileHandle) {
    this.#file = file
  }

  async append(pieces: readonly Buffer[]): Promise<void> {
    let left = pieces
    while (left.length > 0) {
      const { bytesWritten } = await this.#file.writev(left)
      left = withoutFirst(left, bytesWritten)
    }
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

/** What is left of the pieces after so many of their bytes: the operating system may write fewer than it was given. */
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
