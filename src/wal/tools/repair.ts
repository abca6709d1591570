/**
 * Makes the files of a log whole again: what can be read of a damaged or torn file, and is pending, is copied to a new
 * one, which takes its name, so that the order of the log stays; the old one is kept. Called with the lock of the slot.
 *
 *     write the new file and its acknowledgements, sync them and the folder
 *     link the old file as .repaired.damaged, sync the folder
 *     rename the new file to the name of the old one, sync the folder
 *     rename the old acknowledgements to .repaired.damaged
 *
 * At any moment the name has the old file or the new one, whole, and kprf ignores what else is there. A repair that was
 * killed is repeated.
 */
import type { Clock } from '../../base/clock.ts'
import { type IndexSet, type Run, writeRuns } from '../acknowledgements.ts'
import {
  FRAME_HEADER_BYTES,
  frameBytes,
  type FrameHeader,
  SEAL,
  sealFrame,
  segmentHeader,
} from '../frame.ts'
import { parseName, runsName, segmentName } from '../segment.ts'
import type { AppendedFile, Storage } from '../storage.ts'
import { examineLog } from './examine.ts'
import { findSalt } from './find-salt.ts'
import { readLogFiles, readSettled } from './log-files.ts'
import { scanSegment } from './scan-segment.ts'

/** Dependencies of {@link repairLog}. */
export interface RepairOptions {
  /** Changes nothing. */
  readonly isDryRun: boolean
  /** From 0 to below 1. */
  readonly random: () => number
  readonly clock: Pick<Clock, 'epochMs'>
  /** Called for each frame that is read to find what needs repair, with its records and bytes. */
  readonly onRead: (records: number, bytes: number) => void
}

/** What a repair did to a file, or would do. */
export interface RepairedFile {
  readonly file: string
  /** Records that are pending in the new file. If there are none, there is no new file. */
  readonly records: number
  /** The new file, which may be the old name. */
  readonly to: string
  readonly keptAs: string
}

/** A file to be repaired. */
interface Source {
  readonly name: string
  readonly number: number
  readonly bytes: number
  /** `undefined` if that is not known. */
  readonly createdMs: number | undefined
  /** `undefined` if nothing in it can be read. */
  readonly salt: number | undefined
  readonly settled: IndexSet
}

/** A push with pending records. */
interface PendingFrame {
  readonly header: FrameHeader
  readonly payload: Buffer
  readonly settled: readonly boolean[]
}

/** Repairs all files of a log that need it. */
export async function repairLog(
  storage: Storage,
  options: RepairOptions,
): Promise<readonly RepairedFile[]> {
  const repaired: RepairedFile[] = []
  for (const source of await findSources(storage, options)) {
    let records = 0
    for await (const { settled } of pendingFrames(storage, source)) {
      records += settled.filter((isSettled) => !isSettled).length
    }
    const names = await storage.list()
    const to = targetName(source, names)
    const keptAs = freeName(segmentName(source.number), names)
    if (!options.isDryRun) await repairFile(storage, source, { to, keptAs, records }, options)
    repaired.push({ file: source.name, records, to, keptAs })
  }
  return repaired
}

/** The damaged and torn files, and those that kprf set aside without having read them. */
async function findSources(
  storage: Storage,
  { onRead }: RepairOptions,
): Promise<readonly Source[]> {
  const { problems } = await examineLog(storage, {
    ...{ isInUse: false, hasRecords: false, onRead },
  })
  const found = new Map<string, number>()
  for (const { file, kind } of problems) {
    const parsed = parseName(file.replace(/\.damaged$/, ''))
    if (kind === 'newer' || parsed.kind === 'foreign' || parsed.kind === 'damaged') continue
    if (parsed.kind === 'segment') found.set(file, parsed.number)
    // What kprf was writing when it was killed makes a few records be sent again, and is no reason for a copy.
    else if (kind === 'damaged') found.set(segmentName(parsed.number), parsed.number)
  }
  const sources: Source[] = []
  for (const [name, number] of found) sources.push(await readSource(storage, name, number))
  return sources
}

async function readSource(storage: Storage, name: string, number: number): Promise<Source> {
  const { segments } = await readLogFiles(storage)
  const segment = segments.find((file) => file.name === name)
  const bytes = await storage.size(name)
  if (segment?.header.kind === 'valid') {
    return { name, number, bytes, ...segment.header.header, settled: segment.settled }
  }
  const salt = await findSalt(storage, name, bytes)
  const settled = await readSettled(storage, number, salt ?? 0)
  return { name, number, bytes, createdMs: undefined, salt, settled }
}

async function* pendingFrames(
  storage: Storage,
  { name, salt, bytes, settled }: Source,
): AsyncGenerator<PendingFrame, void, void> {
  if (salt === undefined) return
  for await (const piece of scanSegment(storage, { name, salt, endBytes: bytes })) {
    if (piece.kind !== 'frame') continue
    const { firstIndex, recordCount } = piece.header
    const isSettled = Array.from({ length: recordCount }, (_, at) => settled.has(firstIndex + at))
    if (isSettled.includes(false)) yield { ...piece, settled: isSettled }
  }
}

async function repairFile(
  storage: Storage,
  source: Source,
  { to, keptAs, records }: Pick<RepairedFile, 'to' | 'keptAs' | 'records'>,
  options: RepairOptions,
): Promise<void> {
  const before = await storage.list()
  const oldRuns = before.filter((name) => isRunsOf(name, source.number))
  if (records === 0) {
    await storage.rename(source.name, keptAs)
    await storage.syncFolder()
  } else {
    const temporary = `${to}.new.damaged`
    if (before.includes(temporary)) await storage.remove(temporary)
    await writeCopy(storage, source, { temporary, to }, options)
    await storage.syncFolder()
    if (source.name === to) await storage.link(source.name, keptAs)
    await storage.syncFolder()
    await storage.rename(temporary, to)
    if (source.name !== to) await storage.rename(source.name, keptAs)
    await storage.syncFolder()
  }
  // Their checksums are those of the old file.
  for (const name of oldRuns) await storage.rename(name, freeName(name, await storage.list()))
  await storage.syncFolder()
}

/** Writes the pending pushes of a file to another, and which records of them are settled beside it. */
async function writeCopy(
  storage: Storage,
  source: Source,
  { temporary, to }: { readonly temporary: string; readonly to: string },
  { random, clock }: RepairOptions,
): Promise<void> {
  const salt = Math.floor(random() * 2 ** 32)
  const runs: Run[] = []
  let firstIndex = 0
  await written(storage, temporary, async (file) => {
    const { createdMs = clock.epochMs() } = source
    await file.append([segmentHeader({ salt, createdMs })])
    for await (const { header, payload, settled } of pendingFrames(storage, source)) {
      const frame = Buffer.alloc(frameBytes(payload.length))
      payload.copy(frame, FRAME_HEADER_BYTES)
      sealFrame(frame, { ...header, firstIndex }, salt)
      await file.append([frame])
      for (const [at, isSettled] of settled.entries()) {
        if (isSettled) runs.push({ firstIndex: firstIndex + at, count: 1 })
      }
      firstIndex += header.recordCount
    }
    const seal = Buffer.alloc(FRAME_HEADER_BYTES)
    sealFrame(seal, { ...SEAL, firstIndex, acceptedMs: 0 }, salt)
    await file.append([seal])
  })
  if (runs.length === 0) return
  const target = parseName(to)
  const number = target.kind === 'segment' ? target.number : source.number
  const names = await storage.list()
  let generation = 1
  while (names.includes(runsName(number, generation))) generation += 1
  await written(storage, runsName(number, generation), async (file) => {
    await file.append([writeRuns(runs, salt)])
  })
}

/** Creates a file that is durable once it is written. One that cannot be written leaves nothing that takes room. */
async function written(
  storage: Storage,
  name: string,
  write: (file: AppendedFile) => Promise<void>,
): Promise<void> {
  const file = await storage.create(name)
  try {
    await write(file)
    await file.sync()
  } catch (error) {
    await file.close()
    // The next repair replaces what is left of it.
    await storage.remove(name).catch(() => undefined)
    throw error
  }
  await file.close()
}

/** The name of the old file; of one that was set aside, the one that it had, if no other has it now. */
function targetName({ name, number }: Source, names: readonly string[]): string {
  const own = segmentName(number)
  if (name === own || !names.includes(own)) return own
  const numbers = names.map(parseName).flatMap((file) => ('number' in file ? file.number : []))
  return segmentName(Math.max(...numbers) + 1)
}

function isRunsOf(name: string, number: number): boolean {
  const parsed = parseName(name)
  return parsed.kind === 'acknowledgements' && parsed.number === number
}

function freeName(name: string, names: readonly string[]): string {
  for (let count = 1; ; count += 1) {
    const free = `${name}.repaired${count === 1 ? '' : `-${count}`}.damaged`
    if (!names.includes(free)) return free
  }
}
