/** What the commands on write-ahead logs share: their output, their folder, and what they end with. */
import type { Clock } from '../../base/clock.ts'
import { EXIT_CODES } from '../../base/exit-codes.ts'
import type { LockHolder } from '../../wal/slot-lock.ts'
import { isNoRoom } from '../../wal/storage.ts'
import { type FoundSlot, UnusableFolderError } from '../../wal/tools/slots.ts'
import { Progress, type ProgressStream } from '../progress.ts'

/** Where a command writes: results to `print`, everything else to `stderr`. */
export interface CommandOutput {
  readonly clock: Clock
  /** Prints a line. Resolves when there is room for the next. */
  readonly print: (line: string) => Promise<void> | void
  readonly stderr: ProgressStream
  /** Asks the user; `undefined` where there is nobody to ask. */
  readonly confirm: (question: string) => Promise<boolean | undefined>
}

/** Runs a command, and turns what makes it impossible into one line. @returns the exit code. */
export async function runCommand(
  output: CommandOutput,
  command: () => Promise<number>,
): Promise<number> {
  try {
    return await command()
  } catch (error) {
    if (error instanceof UnusableFolderError) {
      output.stderr.write(`${error.message}\n`)
      return EXIT_CODES.config
    }
    if (!(error instanceof Error && 'syscall' in error)) throw error
    const what = isNoRoom(error)
      ? 'the disk has no room for this: make room, and run it again'
      : 'the file system does not do what is needed'
    output.stderr.write(`${what}: ${error.message}\n`)
    return EXIT_CODES.failed
  }
}

/** Shows how far the reading of all files of these slots is. */
export async function readingProgress(
  slots: readonly FoundSlot[],
  { stderr: stream, clock }: CommandOutput,
): Promise<Progress> {
  let total = 0
  for (const { parts } of slots) {
    for (const { storage } of parts) {
      for (const name of await storage.list()) {
        if (name.endsWith('.wal')) total += await storage.size(name).catch(() => 0)
      }
    }
  }
  return new Progress({ stream, clock, verb: 'read', total })
}

/** `in use by process 12`, or that nobody uses it. */
export function shownHolder(holder: LockHolder | undefined): string {
  if (holder === undefined) return 'not in use'
  return `in use by ${holder.pid === undefined ? 'a process' : `process ${holder.pid}`}`
}

/** `12.5 MiB`. */
export function shownBytes(bytes: number): string {
  const power = Math.min(4, Math.floor(Math.log2(Math.max(1, bytes)) / 10))
  const unit = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'][power] ?? 'bytes'
  return `${(bytes / 1_024 ** power).toFixed(power === 0 ? 0 : 1)} ${unit}`
}

/** `2026-01-31T12:00:00.000Z`; what is no time is `-`. */
export function shownTime(epochMs: number | undefined): string {
  const date = new Date(epochMs ?? NaN)
  return Number.isNaN(date.getTime()) ? '-' : date.toISOString()
}
