/**
 * The file beside a segment that says which of its records are settled: runs of record indexes, appended as they
 * come and not synced. What is lost of it makes duplicates, never losses; what is damaged in it counts as lost.
 */
import { crc32c } from '../producer/crc32c.ts'

/** First index, number of records, checksum, each four bytes, little-endian: the bytes of a run. */
export const RUN_BYTES = 12

/** Records that follow one another. */
export interface Run {
  readonly firstIndex: number
  readonly count: number
}

/** Writes runs. @param salt - of the segment. */
export function writeRuns(runs: readonly Run[], salt: number): Buffer {
  const bytes = Buffer.allocUnsafe(runs.length * RUN_BYTES)
  let at = 0
  for (const { firstIndex, count } of runs) {
    bytes.writeUInt32LE(firstIndex, at)
    bytes.writeUInt32LE(count, at + 4)
    bytes.writeUInt32LE(crc32c(bytes, at, at + 8, salt), at + 8)
    at += RUN_BYTES
  }
  return bytes
}

/** Reads the runs whose checksum is right. */
export function readRuns(bytes: Buffer, salt: number): Run[] {
  const runs: Run[] = []
  for (let at = 0; at + RUN_BYTES <= bytes.length; at += RUN_BYTES) {
    if (bytes.readUInt32LE(at + 8) !== crc32c(bytes, at, at + 8, salt)) continue
    runs.push({ firstIndex: bytes.readUInt32LE(at), count: bytes.readUInt32LE(at + 4) })
  }
  return runs
}

/** A set of record indexes. */
export class IndexSet {
  /** Sorted, and never touching one another. */
  #runs: Run[] = []

  /** @param runs - in any order; they may overlap. */
  constructor(runs: readonly Run[] = []) {
    for (const run of [...runs].sort((one, other) => one.firstIndex - other.firstIndex)) {
      const last = this.#runs.at(-1)
      if (last === undefined || last.firstIndex + last.count < run.firstIndex) {
        this.#runs.push(run)
      } else {
        const end = Math.max(last.firstIndex + last.count, run.firstIndex + run.count)
        this.#runs[this.#runs.length - 1] = {
          firstIndex: last.firstIndex,
          count: end - last.firstIndex,
        }
      }
    }
  }

  get runs(): readonly Run[] {
    return this.#runs
  }

  has(index: number): boolean {
    let low = 0
    let high = this.#runs.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const run = this.#runs[middle]
      if (run && run.firstIndex + run.count <= index) low = middle + 1
      else high = middle
    }
    const run = this.#runs[low]
    return run !== undefined && run.firstIndex <= index
  }
}
