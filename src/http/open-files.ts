/** How many files, connections among them, this process may have open, and whether it still can open one. */
import { closeSync, openSync, readFileSync } from 'node:fs'
import { devNull } from 'node:os'

/** For brokers, logs, the operations port and what else is not a client's connection. */
const RESERVED_DESCRIPTORS = 256

const OPEN_FILES = /^Max open files\s+(\d+)/m

/**
 * How many connections there may be, so that clients cannot take the last file descriptors: without one, the
 * kernel's connections are closed unseen, the logs cannot be reopened, and no broker can be reached.
 *
 * @param wanted - never exceeded.
 * @param limits - as Linux has them in /proc/self/limits. @defaultValue those of this process, where they are known
 */
export function roomForConnections(wanted: number, limits = readLimits()): number {
  const openFiles = OPEN_FILES.exec(limits)?.[1]
  if (openFiles === undefined) return wanted
  const room = Math.max(Number(openFiles) - RESERVED_DESCRIPTORS, Math.floor(Number(openFiles) / 2))
  return Math.min(wanted, room)
}

/**
 * Whether a file can be opened. Where none can, nothing else tells: Node's library accepts connections and closes
 * them at once, and reports no error.
 *
 * @param open - as `openSync` does. @defaultValue opens the null device
 */
export function hasFreeDescriptor(open = openNullDevice): boolean {
  try {
    closeSync(open())
    return true
  } catch (error) {
    const code: unknown = error instanceof Error && Reflect.get(error, 'code')
    return code !== 'EMFILE' && code !== 'ENFILE'
  }
}

function openNullDevice(): number {
  return openSync(devNull, 'r')
}

function readLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'latin1')
  } catch {
    return ''
  }
}
