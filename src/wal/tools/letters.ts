/**
 * The dead letters of a slot, as `kprf dead-letters` works on them, also while kprf runs: kprf only appends to the
 * newest file, so that letters can be settled beside it, and older files removed.
 */
import { writeRuns } from '../acknowledgements.ts'
import { unburied, type Burial } from '../dead-letters.ts'
import { readRecords } from '../records.ts'
import { parseName, runsName } from '../segment.ts'
import { lockFolder } from '../slot-lock.ts'
import { type AppendedFile, isNoRoom, type Storage } from '../storage.ts'
import { examineLog } from './examine.ts'
import { readLogFiles, type SegmentFile } from './log-files.ts'
import { scanSegment } from './scan-segment.ts'

/** One dead letter. */
export interface Letter extends Burial {
  /** `slot-00/3-9f3a22c1:17`: its slot, the number and the salt of its file, its place in that. */
  readonly id: string
  readonly file: SegmentFile
  readonly salt: number
  /** Of the record in its file. */
  readonly index: number
  /** When its push was accepted, milliseconds since the epoch. */
  readonly acceptedMs: number
}

/** Where a letter is. */
type Place = Pick<Letter, 'file' | 'salt' | 'index'>

/** Reads the dead letters of a slot that were neither sent again nor dropped, the oldest first. */
export async function* readLetters(
  slotName: string,
  storage: Pick<Storage, 'list' | 'read' | 'size'>,
): AsyncGenerator<Letter, void, void> {
  const { segments } = await readLogFiles(storage)
  for (const file of segments) {
    if (file.header.kind !== 'valid') continue
    const { salt } = file.header.header
    const pieces = scanSegment(storage, { name: file.name, salt, endBytes: file.bytes })
    for await (const piece of pieces) {
      if (piece.kind !== 'frame') continue
      const { firstIndex, recordCount, acceptedMs } = piece.header
      for (const [position, letter] of readRecords(piece.payload, recordCount).entries()) {
        const index = firstIndex + position
        if (file.settled.has(index)) continue
        const id = `${slotName}/${file.number}-${salt.toString(16).padStart(8, '0')}:${index}`
        yield { id, file, salt, index, acceptedMs, ...unburied(letter) }
      }
    }
  }
}

/**
 * Notes which letters are settled, in files beside theirs. A disk that is full of dead letters has no room for that:
 * what cannot be noted is remembered until files without a letter left are removed.
 */
export class LetterSettlement {
  readonly #storage: Storage
  /** By the name of the segment. */
  readonly #files = new Map<string, AppendedFile>()
  #waiting: Place[] = []
  #writing: Promise<void> | undefined
  #failure: { readonly error: unknown } | undefined
  /** Settled, and not noted because there was no room. */
  #unnoted: Place[] = []

  constructor(storage: Storage) {
    this.#storage = storage
  }

  /** The letter is settled. {@link finish} makes the last of them durable. */
  settle({ file, salt, index }: Letter): void {
    this.#waiting.push({ file, salt, index })
    this.#writing ??= this.#write()
  }

  /** Whether something could not be written, for another reason than that there is no room. */
  get hasFailed(): boolean {
    return this.#failure !== undefined
  }

  /**
   * Makes durable all that is settled, and removes the files without a letter left that nobody writes to. Called with
   * the lock of the dead letters.
   *
   * @param slotPath - the folder of the slot. Its lock is taken meanwhile if it is free.
   * @throws the error of the operating system. Nothing is written after that.
   */
  async finish(slotPath: string): Promise<void> {
    await this.#written()
    await removeSettledFiles(slotPath, this.#storage, this.#unnoted)
    const names = new Set(await this.#storage.list())
    await this.#note(this.#unnoted.filter(({ file }) => names.has(file.name)))
  }

  /** Closes the files. */
  async close(): Promise<void> {
    while (this.#writing) await this.#writing
    for (const file of this.#files.values()) await file.close()
  }

  async #written(): Promise<void> {
    while (this.#writing) await this.#writing
    if (this.#failure) throw this.#failure.error
  }

  async #write(): Promise<void> {
    // Those that are settled in the same turn share a write.
    await Promise.resolve()
    while (this.#waiting.length > 0 && !this.#failure) {
      const places = this.#waiting
      this.#waiting = []
      try {
        // Trying again for each would only make more files.
        if (this.#unnoted.length === 0) await this.#note(places)
        else for (const place of places) this.#unnoted.push(place)
      } catch (error) {
        if (isNoRoom(error)) this.#unnoted = places
        else this.#failure = { error }
      }
    }
    this.#writing = undefined
  }

  async #note(places: readonly Place[]): Promise<void> {
    for (const ofFile of Map.groupBy(places, ({ file }) => file.name).values()) {
      const [first] = ofFile
      if (first === undefined) continue
      const file = await this.#fileBeside(first.file)
      const runs = ofFile.map(({ index }) => ({ firstIndex: index, count: 1 }))
      try {
        await file.append([writeRuns(runs, first.salt)])
        await file.sync()
      } catch (error) {
        // It may end within a run, and what follows would not be read.
        this.#files.delete(first.file.name)
        await file.close()
        throw error
      }
    }
  }

  async #fileBeside({ name, number, nextGeneration }: SegmentFile): Promise<AppendedFile> {
    const open = this.#files.get(name)
    if (open) return open
    const names = await this.#storage.list()
    let generation = nextGeneration
    while (names.includes(runsName(number, generation))) generation += 1
    const file = await this.#storage.create(runsName(number, generation))
    this.#files.set(name, file)
    return file
  }
}

/** @param unnoted - letters that are settled, and that no file says so of. */
async function removeSettledFiles(
  slotPath: string,
  storage: Storage,
  unnoted: readonly Place[],
): Promise<void> {
  const unlock = await lockFolder(slotPath)
  try {
    const { segments } = await examineLog(storage, {
      ...{ isInUse: unlock === undefined, hasRecords: true, onRead: () => undefined },
    })
    const settledOnly = await filesWithoutOthers(storage, unnoted)
    for (const [position, { file, pending, isSealed, problems }] of segments.entries()) {
      const isEnded = unlock !== undefined || isSealed || position < segments.length - 1
      const isSettled = pending === 0 || settledOnly.has(file)
      if (!isEnded || !isSettled || problems.some(({ kind }) => kind === 'damaged')) continue
      await storage.remove(file)
      // After the segment: without them, all of its letters would be back.
      for (const name of await storage.list()) {
        if (isRunsOf(name, file)) await storage.remove(name)
      }
    }
  } finally {
    await unlock?.()
  }
}

/** The files of these letters that have no others left. */
async function filesWithoutOthers(
  storage: Storage,
  letters: readonly Place[],
): Promise<ReadonlySet<string>> {
  const files = new Set(letters.map(({ file }) => file.name))
  if (files.size === 0) return files
  const places = new Set(letters.map(placeText))
  for await (const letter of readLetters('', storage)) {
    if (!places.has(placeText(letter))) files.delete(letter.file.name)
  }
  return files
}

function placeText({ file, index }: Place): string {
  return `${file.name}:${index}`
}

function isRunsOf(name: string, segmentName: string): boolean {
  const [runs, segment] = [parseName(name), parseName(segmentName)]
  return (
    runs.kind === 'acknowledgements' && segment.kind === 'segment' && runs.number === segment.number
  )
}
