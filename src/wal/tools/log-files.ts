/** The files of one log as they lie in its folder, also while a process writes to it: files may be gone any moment. */
import { IndexSet, RUN_BYTES, readRuns, type Run } from '../acknowledgements.ts'
import {
  readSegmentHeader,
  type ReadSegmentHeader,
  SEGMENT_HEADER_BYTES,
  segmentHeader,
} from '../frame.ts'
import { parseName } from '../segment.ts'
import { type Storage, unlessGone } from '../storage.ts'

/** What is needed of a folder to look into it. */
export type ReadableStorage = Pick<Storage, 'list' | 'read' | 'size'>

/** A segment file. */
export interface SegmentFile {
  readonly name: string
  readonly number: number
  readonly bytes: number
  readonly header: ReadSegmentHeader
  /** Whether one of the two copies of the header, or the zeros in it, are damaged. */
  readonly isHeaderDamaged: boolean
  readonly settled: IndexSet
  readonly acknowledgements: readonly AcknowledgementFile[]
  /** Of the next file of acknowledgements. */
  readonly nextGeneration: number
}

/** A file of acknowledgements. */
export interface AcknowledgementFile {
  readonly name: string
  readonly bytes: number
  /** Where a checksum is wrong. */
  readonly damagedAt: readonly number[]
  /** Bytes at the end that are less than a run. */
  readonly tornBytes: number
}

/** A file of which nothing else is known. */
export interface OtherFile {
  readonly name: string
  readonly bytes: number
}

/** A file that was set aside. */
export interface AsideFile extends OtherFile {
  /** Whether kprf could not read its header, and so nothing of it. */
  readonly isUnread: boolean
}

/** The files of a log. */
export interface LogFiles {
  /** The oldest first. */
  readonly segments: readonly SegmentFile[]
  /** Set aside as `.damaged`. */
  readonly aside: readonly AsideFile[]
  readonly foreign: readonly OtherFile[]
}

/** Looks at all files of a folder. It reads their headers and acknowledgements. */
export async function readLogFiles(storage: ReadableStorage): Promise<LogFiles> {
  const names = [...(await storage.list())].sort()
  const segments: SegmentFile[] = []
  const aside: AsideFile[] = []
  const foreign: OtherFile[] = []
  for (const name of names) {
    const parsed = parseName(name)
    await unlessGone(async () => {
      if (parsed.kind === 'segment') {
        segments.push(await readSegmentFile(storage, name, parsed.number, names))
      } else if (parsed.kind === 'damaged') {
        aside.push(await readAsideFile(storage, name))
      } else if (parsed.kind === 'foreign') {
        foreign.push({ name, bytes: await storage.size(name) })
      }
    })
  }
  return { segments, aside, foreign }
}

async function readAsideFile(storage: ReadableStorage, name: string): Promise<AsideFile> {
  const bytes = await storage.size(name)
  const isSegment = parseName(name.replace(/\.damaged$/, '')).kind === 'segment'
  const header = readSegmentHeader(await storage.read(name, 0, SEGMENT_HEADER_BYTES))
  const isUnread = isSegment && bytes > SEGMENT_HEADER_BYTES && header.kind === 'damaged'
  return { name, bytes, isUnread }
}

/** What is settled of a segment with this salt. */
export async function readSettled(
  storage: ReadableStorage,
  number: number,
  salt: number,
): Promise<IndexSet> {
  const runs: Run[] = []
  for (const name of await storage.list()) {
    const parsed = parseName(name)
    if (parsed.kind !== 'acknowledgements' || parsed.number !== number) continue
    runs.push(...readRuns(await storage.read(name, 0, await storage.size(name)), salt))
  }
  return new IndexSet(runs)
}

async function readSegmentFile(
  storage: ReadableStorage,
  name: string,
  number: number,
  names: readonly string[],
): Promise<SegmentFile> {
  // Before the frames are: what is settled later counts as pending in this look.
  const bytes = await storage.size(name)
  const start = await storage.read(name, 0, SEGMENT_HEADER_BYTES)
  const header = readSegmentHeader(start)
  const isWhole = header.kind === 'valid' && segmentHeader(header.header).equals(start)
  const runs: Run[] = []
  const acknowledgements: AcknowledgementFile[] = []
  let nextGeneration = 1
  for (const other of names) {
    const parsed = parseName(other)
    if (parsed.kind !== 'acknowledgements' || parsed.number !== number) continue
    nextGeneration = Math.max(nextGeneration, parsed.generation + 1)
    if (header.kind !== 'valid') continue
    const { salt } = header.header
    await unlessGone(async () => {
      const content = await storage.read(other, 0, await storage.size(other))
      runs.push(...readRuns(content, salt))
      acknowledgements.push({ name: other, ...checked(content, salt) })
    })
  }
  return {
    ...{ name, number, bytes, header, isHeaderDamaged: !isWhole, acknowledgements, nextGeneration },
    settled: new IndexSet(runs),
  }
}

function checked(content: Buffer, salt: number): Omit<AcknowledgementFile, 'name'> {
  const tornBytes = content.length % RUN_BYTES
  const damagedAt: number[] = []
  for (let at = 0; at + RUN_BYTES <= content.length; at += RUN_BYTES) {
    if (readRuns(content.subarray(at, at + RUN_BYTES), salt).length === 0) damagedAt.push(at)
  }
  return { bytes: content.length, damagedAt, tornBytes }
}
