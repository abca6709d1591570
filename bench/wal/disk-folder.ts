/** A folder on a disk: a log in memory would cost nothing. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const IN_MEMORY = new Set(['tmpfs', 'ramfs'])

/** A new folder, which is removed when this process ends. */
export interface DiskFolder {
  readonly path: string
  /** Such as `ext4`. */
  readonly fileSystem: string
}

/** Creates a folder in this one. @throws Error if that is not on a disk. */
export function makeDiskFolder(parent: string): DiskFolder {
  const output = execFileSync('df', ['--output=fstype', parent], { encoding: 'utf8' })
  const fileSystem = output.trim().split('\n').at(-1) ?? 'unknown'
  if (IN_MEMORY.has(fileSystem)) throw new Error(`${parent} is in memory (${fileSystem}): --dir`)
  const path = mkdtempSync(join(parent, 'wal-'))
  process.once('exit', () => {
    rmSync(path, { recursive: true, force: true })
  })
  return { path, fileSystem }
}
