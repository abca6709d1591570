/** Reads all of a log, checks all checksums, and counts what is in it. */
import { RUN_BYTES } from '../acknowledgements.ts'
import { SEGMENT_HEADER_BYTES } from '../frame.ts'
import { readRecords } from '../records.ts'
import {
  type AsideFile,
  type LogFiles,
  readLogFiles,
  type ReadableStorage,
  type SegmentFile,
} from './log-files.ts'
import { unlessGone } from '../storage.ts'
import { scanSegment } from './scan-segment.ts'

/** How a log is examined. */
export interface ExamineOptions {
  /** Whether a process writes to it: then the newest file may end within a push. */
  readonly isInUse: boolean
  /** Whether the frames are pushes, whose records have topics. */
  readonly hasRecords: boolean
  /** Called for each frame, with its records and bytes. */
  readonly onRead: (records: number, bytes: number) => void
}

/** What is wrong with a file. */
export interface Problem {
  readonly file: string
  /**
   * `damaged`: bytes are not what was written. `torn`: the file ends within a push that was not accepted. `foreign`:
   * not a file of a log. `newer`: of a later version of kprf. kprf does not start with the last two.
   */
  readonly kind: 'damaged' | 'torn' | 'foreign' | 'newer'
  readonly at: number
  readonly bytes: number
  /** Records that are lost at most; `undefined` if nothing tells how many. */
  readonly records: number | undefined
  /** In words. */
  readonly what: string
}

/** What is in a segment file. */
export interface ExaminedSegment {
  readonly file: string
  /** Milliseconds since the epoch; `undefined` if the header cannot be read. */
  readonly createdMs: number | undefined
  readonly bytes: number
  readonly frames: number
  readonly records: number
  readonly settled: number
  readonly pending: number
  /** Whether it was ended as intended. */
  readonly isSealed: boolean
  readonly problems: readonly Problem[]
}

/** What is in a log. */
export interface ExaminedLog {
  readonly segments: readonly ExaminedSegment[]
  /** Files that were set aside as `.damaged`. */
  readonly aside: readonly AsideFile[]
  /** All that is wrong, file by file. */
  readonly problems: readonly Problem[]
  readonly pendingByTopic: ReadonlyMap<string, number>
  /** When the oldest pending record was accepted, milliseconds since the epoch. */
  readonly oldestPendingMs: number | undefined
}

/** What is counted over all segments. */
interface Tally {
  readonly pendingByTopic: Map<string, number>
  oldestPendingMs: number | undefined
}

/** Examines a log. It only reads; files that go meanwhile are left out. */
export async function examineLog(
  storage: ReadableStorage,
  options: ExamineOptions,
): Promise<ExaminedLog> {
  const files: LogFiles = await readLogFiles(storage)
  const tally: Tally = { pendingByTopic: new Map(), oldestPendingMs: undefined }
  const segments: ExaminedSegment[] = []
  for (const file of files.segments) {
    const isOpen = options.isInUse && file === files.segments.at(-1)
    const segment = await unlessGone(() => examineSegment(storage, file, options, isOpen, tally))
    if (segment) segments.push(segment)
  }
  const foreign = files.foreign.map(({ name, bytes }): Problem => {
    const what = 'not a file of a write-ahead log: kprf does not start with it in the folder'
    return { ...{ file: name, kind: 'foreign', at: 0, bytes, records: undefined }, what }
  })
  const unread = files.aside
    .filter(({ isUnread }) => isUnread)
    .map(({ name, bytes }): Problem => {
      const what = 'set aside without having been read: kprf wal repair reads what is left of it'
      return { ...{ file: name, kind: 'damaged', at: 0, bytes, records: undefined }, what }
    })
  return {
    ...{ segments, aside: files.aside },
    problems: [...segments.flatMap(({ problems }) => problems), ...unread, ...foreign],
    ...tally,
  }
}

/** @param isOpen - whether it is being written to. */
async function examineSegment(
  storage: ReadableStorage,
  segment: SegmentFile,
  { hasRecords, onRead }: ExamineOptions,
  isOpen: boolean,
  tally: Tally,
): Promise<ExaminedSegment> {
  const { name, bytes, header, settled } = segment
  const problems = [...headerProblems(segment), ...acknowledgementProblems(segment)]
  let [frames, records, settledRecords, isSealed] = [0, 0, 0, false]
  if (header.kind === 'valid') {
    const file = { name, salt: header.header.salt, endBytes: bytes }
    for await (const piece of scanSegment(storage, file)) {
      if (piece.kind === 'frame') {
        const { firstIndex, recordCount, acceptedMs } = piece.header
        const pending = Array.from({ length: recordCount }, (_, index) => index).filter(
          (index) => !settled.has(firstIndex + index),
        )
        frames += 1
        records += recordCount
        settledRecords += recordCount - pending.length
        if (pending.length > 0) {
          tally.oldestPendingMs = Math.min(tally.oldestPendingMs ?? Infinity, acceptedMs)
          if (hasRecords) countTopics(piece.payload, recordCount, pending, tally.pendingByTopic)
        }
        onRead(recordCount, piece.bytes)
      } else if (piece.kind === 'seal') isSealed = true
      else if (piece.kind === 'damaged') {
        problems.push({ file: name, ...piece, what: damageText(piece.records) })
      } else if (!isOpen) problems.push({ file: name, ...piece, records: 0, what: TORN })
    }
  }
  return {
    ...{ file: name, bytes, frames, records, settled: settledRecords, isSealed, problems },
    createdMs: header.kind === 'valid' ? header.header.createdMs : undefined,
    pending: records - settledRecords,
  }
}

function countTopics(
  payload: Buffer,
  recordCount: number,
  pending: readonly number[],
  counts: Map<string, number>,
): void {
  const records = readRecords(payload, recordCount)
  for (const index of pending) {
    const topic = records[index]?.topic ?? ''
    counts.set(topic, (counts.get(topic) ?? 0) + 1)
  }
}

const TORN = 'the file ends within a push, which was not accepted, or which the disk lost'

function damageText(records: number | undefined): string {
  if (records === 0) return 'wrong bytes that hold no record'
  if (records === undefined) return 'wrong bytes; how many records they held cannot be told'
  return `wrong bytes, at most ${records} ${records === 1 ? 'record' : 'records'} lost`
}

function headerProblems({ name, bytes, header, isHeaderDamaged }: SegmentFile): Problem[] {
  const problem = { file: name, at: 0, bytes: Math.min(bytes, SEGMENT_HEADER_BYTES) }
  if (header.kind === 'newer') {
    const what = `written by a later version of kprf, in format ${header.version}: use that version`
    return [{ ...problem, kind: 'newer', records: undefined, what }]
  }
  // Frames are accepted only once the header is there.
  const isBegun = header.kind === 'damaged' && bytes <= SEGMENT_HEADER_BYTES
  if (isBegun || bytes < SEGMENT_HEADER_BYTES) {
    return [{ ...problem, kind: 'torn', records: 0, what: 'the file was begun, and has no push' }]
  }
  if (header.kind === 'damaged') {
    const what = 'neither copy of the header can be read, so that kprf cannot read the file'
    return [{ ...problem, kind: 'damaged', records: undefined, what }]
  }
  if (!isHeaderDamaged) return []
  const what = 'wrong bytes in the header, whose other copy is used'
  return [{ ...problem, kind: 'damaged', records: 0, what }]
}

/** What is lost of acknowledgements is sent again. */
function acknowledgementProblems({ acknowledgements }: SegmentFile): Problem[] {
  return acknowledgements.flatMap(({ name, bytes, damagedAt, tornBytes }) => [
    ...damagedAt.map((at): Problem => {
      const what = 'a wrong acknowledgement: its records are sent again'
      return { ...{ file: name, kind: 'damaged', at, bytes: RUN_BYTES, records: 0 }, what }
    }),
    ...(tornBytes === 0
      ? []
      : [
          {
            ...{ file: name, kind: 'torn' as const, at: bytes - tornBytes, bytes: tornBytes },
            ...{
              records: 0,
              what: 'the last acknowledgement is not whole: its records are sent again',
            },
          },
        ]),
  ])
}
