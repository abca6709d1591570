import { type IndexSet, type Run, writeRuns } from './acknowledgements.ts'
import type { AppendedFile, Storage } from './storage.ts'

const MAX_INDEX = 2 ** 32 - 1
const NUMBER_DIGITS = 16
const SEGMENT_NAME = /^(\d{16})\.wal$/
const RUNS_NAME = /^(\d{16})-(\d+)\.acks$/

/** What the name of a file of the log says. */
export type FileName =
  | { readonly kind: 'segment'; readonly number: number }
  | { readonly kind: 'acknowledgements'; readonly number: number; readonly generation: number }
  /** A segment with damaged bytes, set aside for a person to look at. */
  | { readonly kind: 'damaged' }
  | { readonly kind: 'foreign' }

/** Reads the name of a file. */
export function parseName(name: string): FileName {
  const segment = SEGMENT_NAME.exec(name)
  if (segment) return { kind: 'segment', number: Number(segment[1]) }
  const runs = RUNS_NAME.exec(name)
  if (runs) {
    return { kind: 'acknowledgements', number: Number(runs[1]), generation: Number(runs[2]) }
  }
  return { kind: name.endsWith('.damaged') ? 'damaged' : 'foreign' }
}

/** Where a frame is. */
export interface Place {
  readonly segment: Segment
  /** Bytes from the beginning of the file. */
  readonly at: number
}

/** One segment file of the log, and what is known of its records. */
export class Segment {
  readonly number: number
  readonly salt: number
  /** Settled by an earlier process. */
  readonly settledBefore: IndexSet
  /** Whether an earlier process wrote it. */
  readonly isRecovered: boolean
  /** The end of the frames that were accepted. */
  endBytes: number
  /** Whether nothing more is appended. */
  isSealed: boolean
  /** Whether every frame was passed on. */
  isReadToEnd = false
  /** Whether its file is gone, or about to be: all of its records are settled. */
  isRemoved = false
  /** Whether bytes of it could not be read. */
  isDamaged = false
  /** Records that were passed on and are not settled. */
  #openRecords = 0
  /** Of the file of acknowledgements under way. */
  #generation: number
  #runs: Run[] = []
  #runsFile: AppendedFile | undefined

  constructor(options: {
    readonly number: number
    readonly salt: number
    readonly endBytes: number
    readonly isSealed: boolean
    readonly settledBefore: IndexSet
    /** Of the file of acknowledgements that this process writes. */
    readonly generation: number
  }) {
    this.number = options.number
    this.salt = options.salt
    this.endBytes = options.endBytes
    this.isSealed = options.isSealed
    this.isRecovered = options.isSealed
    this.settledBefore = options.settledBefore
    this.#generation = options.generation
  }

  get name(): string {
    return `${paddedNumber(this.number)}.wal`
  }

  /** Whether the file is no longer needed. */
  get isDone(): boolean {
    return this.isSealed && this.isReadToEnd && this.#openRecords === 0
  }

  /** So many records of it were passed on. */
  passed(records: number): void {
    this.#openRecords += records
  }

  /** A record that was passed on is in Kafka, or among the dead letters. */
  settled(index: number): void {
    this.#openRecords -= 1
    const last = this.#runs.at(-1)
    if (last && last.firstIndex + last.count === index) {
      this.#runs[this.#runs.length - 1] = { firstIndex: last.firstIndex, count: last.count + 1 }
    } else {
      this.#runs.push({ firstIndex: index, count: 1 })
    }
  }

  /** Frames from this index on were never accepted, but are still in the file. */
  discardFrom(firstIndex: number): void {
    this.#runs.push({ firstIndex, count: MAX_INDEX - firstIndex })
  }

  /** Writes down which records are settled. What cannot be written is written with the next. */
  async writeSettled(storage: Storage): Promise<void> {
    const runs = this.#runs
    if (runs.length === 0) return
    this.#runs = []
    try {
      this.#runsFile ??= await storage.create(this.#runsName(this.#generation))
      await this.#runsFile.append([writeRuns(runs, this.salt)])
    } catch (error) {
      this.#runs = [...runs, ...this.#runs]
      // Part of it may be written: what follows in the same file could not be read.
      this.#generation += 1
      await this.#closeRunsFile()
      throw error
    }
  }

  /** Removes the files, or sets a damaged segment aside. */
  async remove(storage: Storage): Promise<void> {
    await this.#closeRunsFile()
    this.isRemoved = true
    if (this.isDamaged) await storage.rename(this.name, `${this.name}.damaged`)
    else await storage.remove(this.name)
    // After the segment: without them, all of its records would be produced again.
    const names = (await storage.list()).filter((name) => this.#isOwnRuns(name))
    for (const name of names) await storage.remove(name)
  }

  /** Closes the file of acknowledgements. */
  async close(): Promise<void> {
    await this.#closeRunsFile()
  }

  async #closeRunsFile(): Promise<void> {
    const file = this.#runsFile
    this.#runsFile = undefined
    await file?.close()
  }

  #isOwnRuns(name: string): boolean {
    const parsed = parseName(name)
    return parsed.kind === 'acknowledgements' && parsed.number === this.number
  }

  #runsName(generation: number): string {
    return `${paddedNumber(this.number)}-${generation}.acks`
  }
}

function paddedNumber(number: number): string {
  return String(number).padStart(NUMBER_DIGITS, '0')
}
