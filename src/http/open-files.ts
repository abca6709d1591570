/** Reads the limit of open files, which includes connections, and checks that a descriptor is free. */
import { closeSync, openSync, readFileSync } from 'node:fs'
import { devNull } from 'node:os'

/** Reserved for brokers, logs, the operations port and other files. */
const RESERVED_DESCRIPTORS = 256

const OPEN_FILES = /^Max open files\s+(\d+)/m

/**
 * Returns the limit of connections that leaves file descriptors for other uses. Without a free descriptor, the
 * kernel's connections are closed unseen, logs cannot be reopened, and no broker can be reached.
 *
 * @param wanted - the upper bound.
 * @param limits - in the format of /proc/self/limits. @defaultValue the limits of this process, if known
 */
export function roomForConnections(wanted: number, limits = readLimits()): number {
  const openFiles = OPEN_FILES.exec(limits)?.[1]
  if (openFiles === undefined) return wanted
  const room = Math.max(Number(openFiles) - RESERVED_DESCRIPTORS, Math.floor(Number(openFiles) / 2))
  return Math.min(wanted, room)
}

/**
 * Whether a file can be opened. This check is needed because libuv accepts and closes connections without an error
 * if no descriptor is free.
 *
 * @param open - as `openSync`. @defaultValue opens the null device
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
