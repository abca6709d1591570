import { type IndexSet, writeRuns } from './acknowledgements.ts'
import { BlockReader } from './block-reader.ts'
import { PendingRecords } from './pending-records.ts'
import { type AppendedFile, codeOf, type Storage } from './storage.ts'

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
  /** Where bytes of it could not be read. */
  readonly #damagedPlaces = new Set<number>()
  #reader: BlockReader | undefined
  /** Records that were accepted and are not settled; of an earlier process, those that were passed on. */
  readonly pending = new PendingRecords()
  /** Keys of its frames that are not noted elsewhere. */
  #heldKeys = 0
  /** Records that were passed on and are not settled. */
  #openRecords = 0
  /** Of the file of acknowledgements under way. */
  #generation: number
  #runs: { firstIndex: number; count: number }[] = []
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
    return segmentName(this.number)
  }

  /** Whether it has records that Kafka may not have. */
  get isPending(): boolean {
    return this.pending.count > 0 || (this.isRecovered && !this.isReadToEnd)
  }

  /** Whether the file is no longer needed. */
  get isDone(): boolean {
    return this.isSealed && this.isReadToEnd && this.#openRecords === 0 && this.#heldKeys === 0
  }

  /** The file is needed for one more key. */
  holdKey(): void {
    this.#heldKeys += 1
  }

  /** The file is no longer needed for one of its keys. */
  releaseKey(): void {
    this.#heldKeys -= 1
  }

  /** Whether bytes of it could not be read. */
  get isDamaged(): boolean {
    return this.#damagedPlaces.size > 0
  }

  /** Notes that bytes from this place on cannot be read. @returns whether that is new. */
  noteDamage(at: number): boolean {
    const isNew = !this.#damagedPlaces.has(at)
    this.#damagedPlaces.add(at)
    return isNew
  }

  /** Reads up to `length` bytes, as a {@link BlockReader} does. */
  read(storage: Storage, at: number, length: number): Promise<Buffer> {
    this.#reader ??= new BlockReader(storage, this.name)
    return this.#reader.read(at, length)
  }

  /** Whether bytes of this range were given up, because the disk cannot read them. */
  hasGivenUp(at: number, length: number): boolean {
    return this.#reader?.hasGivenUp(at, length) ?? false
  }

  /** So many records of it were passed on. */
  passed(records: number): void {
    this.#openRecords += records
  }

  /** A record that was passed on is in Kafka, or among the dead letters. */
  settled(index: number): void {
    this.#openRecords -= 1
    const last = this.#runs.at(-1)
    if (last && last.firstIndex + last.count === index) last.count += 1
    else this.#runs.push({ firstIndex: index, count: 1 })
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
      this.#runsFile ??= await storage.create(runsName(this.number, this.#generation))
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
    try {
      if (this.isDamaged) await storage.rename(this.name, `${this.name}.damaged`)
      else await storage.remove(this.name)
    } catch (error) {
      // An attempt that failed later may have removed it, or somebody else.
      if (codeOf(error) !== 'ENOENT') throw error
    }
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
}

/** The name of a segment file. */
export function segmentName(number: number): string {
  return `${paddedNumber(number)}.wal`
}

/** The name of a file of acknowledgements of a segment. */
export function runsName(number: number, generation: number): string {
  return `${paddedNumber(number)}-${generation}.acks`
}

function paddedNumber(number: number): string {
  return String(number).padStart(NUMBER_DIGITS, '0')
}
