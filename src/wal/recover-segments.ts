import { IndexSet, readRuns, type Run } from './acknowledgements.ts'
import { BlockReader } from './block-reader.ts'
import { readSegmentHeader, SEGMENT_HEADER_BYTES } from './frame.ts'
import { unlessGone } from './storage.ts'
import { type LogOptions, UnusableLogError } from './log-types.ts'
import { parseName, Segment } from './segment.ts'
import { isUnreadable } from './storage.ts'

/** Pause before a file that the disk could not read is read again, ms. */
const RETRY_MS = 1_000

/** What a folder has of earlier processes. */
export interface FoundSegments {
  /** The oldest first. */
  readonly segments: Segment[]
  /** Of the next segment. */
  readonly nextNumber: number
  /** All files. */
  readonly names: readonly string[]
  /** Those that should be segments and have no header. */
  readonly useless: readonly string[]
}

/**
 * Looks for the segments of a folder, and changes nothing.
 *
 * @throws UnusableLogError if the folder has other files, or files of a later version.
 */
export async function findSegments(options: LogOptions): Promise<FoundSegments> {
  const names = [...(await options.storage.list())].sort()
  const segments: Segment[] = []
  const useless: string[] = []
  let nextNumber = 1
  for (const name of names) {
    const parsed = parseName(name)
    if (parsed.kind === 'foreign') {
      throw new UnusableLogError(`${name} is not a file of a write-ahead log of kprf`)
    }
    if (parsed.kind !== 'damaged') nextNumber = Math.max(nextNumber, parsed.number + 1)
    if (parsed.kind !== 'segment') continue
    // `kprf dead-letters` may remove a file meanwhile.
    const segment = await unlessGone(() => recover(options, name, parsed.number, names))
    if (segment) segments.push(segment)
    else if (segment === null) useless.push(name)
  }
  return { segments, nextNumber, names, useless }
}

/** Removes or sets aside what is no longer needed. */
export async function tidyUp(
  options: LogOptions,
  { names, useless }: FoundSegments,
): Promise<void> {
  for (const name of useless) await setAside(options, name)
  await removeOrphans(options, names)
}

/** Removes the acknowledgements of segments that are gone: the process was killed before it did so. */
async function removeOrphans(
  { storage, observer }: LogOptions,
  names: readonly string[],
): Promise<void> {
  const parsed = names.map((name) => ({ name, ...parseName(name) }))
  const numbers = new Set(parsed.flatMap((file) => (file.kind === 'segment' ? file.number : [])))
  for (const file of parsed) {
    if (file.kind !== 'acknowledgements' || numbers.has(file.number)) continue
    try {
      await storage.remove(file.name)
    } catch (error) {
      observer.failed('remove', error)
    }
  }
}

/** Removes a file that ends within its header, as after a power loss, and keeps one with bytes that mean nothing. */
async function setAside({ storage, observer }: LogOptions, name: string): Promise<void> {
  const bytes = await storage.size(name)
  // Frames are accepted only once the header is there.
  if (bytes <= SEGMENT_HEADER_BYTES) {
    await storage.remove(name)
  } else {
    observer.damaged(name, 0, bytes, undefined)
    await storage.rename(name, `${name}.damaged`)
  }
}

/** A segment; `null` if its header cannot be read. */
async function recover(
  options: LogOptions,
  name: string,
  number: number,
  names: readonly string[],
): Promise<Segment | null> {
  const { storage } = options
  const read = readSegmentHeader(await readPatiently(options, name, SEGMENT_HEADER_BYTES))
  if (read.kind === 'newer') {
    throw new UnusableLogError(
      `${name} was written by a later version of kprf, in format ${read.version}: start that version`,
    )
  }
  if (read.kind === 'damaged') return null
  const endBytes = await storage.size(name)
  const { salt } = read.header
  const runs: Run[] = []
  let generation = 1
  for (const other of names) {
    const parsed = parseName(other)
    if (parsed.kind !== 'acknowledgements' || parsed.number !== number) continue
    generation = Math.max(generation, parsed.generation + 1)
    runs.push(...readRuns(await readPatiently(options, other, await storage.size(other)), salt))
  }
  const settledBefore = new IndexSet(runs)
  return new Segment({ number, salt, endBytes, isSealed: true, settledBefore, generation })
}

/** Reads the first bytes of a file. What the disk cannot read in several tries is zeros. */
async function readPatiently(
  { storage, clock, observer }: LogOptions,
  name: string,
  length: number,
): Promise<Buffer> {
  const reader = new BlockReader(storage, name)
  for (;;) {
    try {
      return await reader.read(0, length)
    } catch (error) {
      if (!isUnreadable(error)) throw error
      observer.failed('read', error)
      await new Promise<void>((resolve) => clock.schedule(RETRY_MS, resolve))
    }
  }
}
