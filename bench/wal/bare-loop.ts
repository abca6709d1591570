/** What the disk can do: write and fdatasync in a loop, and nothing else. */
import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { spreadOf } from '../support/statistics.ts'

/** As large as the files of the log. */
const FILE_BYTES = 64 * 2 ** 20

/** Result of {@link bareLoop}. */
export interface BareLoop {
  readonly bytesPerSecond: number
  /** Median of one write with its sync, ms. */
  readonly turnMs: number
}

/** Appends this many bytes again and again and syncs them each time, in files in this folder. */
export function bareLoop(folder: string, bytes: number, durationMs: number): BareLoop {
  const group = Buffer.alloc(bytes, 'abcdefghijklmnop')
  const turns: number[] = []
  const startedMs = performance.now()
  let nowMs = startedMs
  for (let number = 0; nowMs < startedMs + durationMs; number += 1) {
    const name = join(folder, `bare-${number}`)
    const file = openSync(name, 'ax')
    for (let end = 0; end < FILE_BYTES && nowMs < startedMs + durationMs; end += bytes) {
      writeSync(file, group)
      fdatasyncSync(file)
      const turnedMs = performance.now()
      turns.push(turnedMs - nowMs)
      nowMs = turnedMs
    }
    closeSync(file)
    rmSync(name)
  }
  const bytesPerSecond = ((turns.length * bytes) / (nowMs - startedMs)) * 1000
  return { bytesPerSecond, turnMs: spreadOf(turns).median }
}
