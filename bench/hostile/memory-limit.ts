/** A memory limit that the kernel enforces: it ends a process that needs more. */
import { accessSync, constants, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Directories and file names of memory control groups: version 2, then version 1. */
const HIERARCHIES = [
  { root: '/sys/fs/cgroup', limit: 'memory.max', swap: 'memory.swap.max', peak: 'memory.peak' },
  {
    root: '/sys/fs/cgroup/memory',
    limit: 'memory.limit_in_bytes',
    swap: 'memory.memsw.limit_in_bytes',
    peak: 'memory.max_usage_in_bytes',
  },
] as const

/** A control group with a limit. */
export class MemoryLimit {
  readonly #directory: string
  readonly #peakFile: string

  private constructor(directory: string, peakFile: string) {
    this.#directory = directory
    this.#peakFile = peakFile
  }

  /** Makes a group; `undefined` if this user may not: then the limit can only be watched from outside. */
  static create(bytes: number): MemoryLimit | undefined {
    for (const { root, limit, swap, peak } of HIERARCHIES) {
      const directory = join(root, `kprf-${process.pid}`)
      try {
        accessSync(root, constants.W_OK)
        mkdirSync(directory)
        // The kernel makes the files of a group; without them this is a directory like any other.
        accessSync(join(directory, limit), constants.W_OK)
        writeFileSync(join(directory, limit), String(bytes))
        trySet(join(directory, swap), limit === 'memory.max' ? '0' : String(bytes))
        return new MemoryLimit(directory, join(directory, peak))
      } catch {
        tryRemove(directory)
      }
    }
    return undefined
  }

  /** A shell command that moves its shell, and everything it executes, into the group. */
  get enterCommand(): string {
    return `echo $$ > '${join(this.#directory, 'cgroup.procs')}'`
  }

  /** Peak memory of the group, page cache included, bytes. */
  get peakBytes(): number {
    return Number(readFileSync(this.#peakFile, 'utf8'))
  }

  /** Removes the group, which must have no processes. */
  remove(): void {
    tryRemove(this.#directory)
  }
}

/** Not every machine has swap; then it has no limit. */
function trySet(file: string, text: string): void {
  try {
    writeFileSync(file, text)
  } catch {
    // Without swap nothing can be swapped out.
  }
}

function tryRemove(directory: string): void {
  try {
    rmdirSync(directory)
  } catch {
    // It was never made, or the kernel still uses it.
  }
}
