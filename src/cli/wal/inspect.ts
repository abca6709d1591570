/** `kprf wal inspect` and `kprf wal verify`. */
import { EXIT_CODES } from '../../base/exit-codes.ts'
import {
  examineLog,
  type ExaminedLog,
  type ExaminedSegment,
  type Problem,
} from '../../wal/tools/examine.ts'
import { findSlots, type FoundSlot } from '../../wal/tools/slots.ts'
import { textOf } from '../record-text.ts'
import {
  type CommandOutput,
  readingProgress,
  shownBytes,
  shownHolder,
  shownTime,
} from './command.ts'
import { counted } from '../progress.ts'

/** A slot, and what its logs hold, by their names. */
interface ExaminedSlot {
  readonly slot: FoundSlot
  readonly logs: ReadonlyMap<string, ExaminedLog>
}

/** Prints what the logs of a folder hold. @returns the exit code. */
export async function inspect(
  folder: string,
  isJson: boolean,
  output: CommandOutput,
): Promise<number> {
  const slots = await examineSlots(folder, output)
  if (isJson) {
    await output.print(JSON.stringify({ folder, slots: slots.map(slotJson) }))
    return EXIT_CODES.ok
  }
  for (const { slot, logs } of slots) {
    await output.print(`${slot.name}: ${shownHolder(slot.holder)}`)
    for (const [name, log] of logs) for (const line of logLines(name, log)) await output.print(line)
  }
  return EXIT_CODES.ok
}

/**
 * Prints all that is wrong with the logs of a folder.
 *
 * @returns the exit code: whether anything is damaged, or kprf would not start.
 */
export async function verify(
  folder: string,
  isJson: boolean,
  output: CommandOutput,
): Promise<number> {
  const slots = await examineSlots(folder, output)
  const problems = slots.flatMap(({ slot, logs }) =>
    [...logs].flatMap(([part, log]) =>
      log.problems.map((problem) => ({ ...problem, file: `${slot.name}/${part}/${problem.file}` })),
    ),
  )
  const segments = slots.flatMap(({ logs }) => [...logs.values()].flatMap((log) => log.segments))
  const records = segments.reduce((sum, segment) => sum + segment.records, 0)
  const damaged = problems.filter(({ kind }) => kind === 'damaged')
  if (isJson) {
    const files = segments.length
    const isOk = problems.every(({ kind }) => kind === 'torn')
    await output.print(JSON.stringify({ folder, ok: isOk, files, records, problems }))
  } else {
    for (const problem of problems) await output.print(problemLine(problem))
    const verdict = damaged.length === 0 ? 'no damage' : counted(damaged.length, 'damage')
    await output.print(
      `${counted(segments.length, 'file')}, ${counted(records, 'record')}: ${verdict}`,
    )
  }
  if (damaged.length > 0) return EXIT_CODES.damaged
  return problems.some(({ kind }) => kind !== 'torn') ? EXIT_CODES.config : EXIT_CODES.ok
}

async function examineSlots(
  folder: string,
  output: CommandOutput,
): Promise<readonly ExaminedSlot[]> {
  const slots = await findSlots(folder)
  const progress = await readingProgress(slots, output)
  const examined: ExaminedSlot[] = []
  for (const slot of slots) {
    const logs = new Map<string, ExaminedLog>()
    for (const { name, hasRecords, storage } of slot.parts) {
      const isInUse = slot.holder !== undefined
      const onRead = (records: number, bytes: number): void => {
        progress.advance(records, bytes)
      }
      logs.set(name, await examineLog(storage, { isInUse, hasRecords, onRead }))
    }
    examined.push({ slot, logs })
  }
  progress.end()
  return examined
}

function logLines(name: string, log: ExaminedLog): readonly string[] {
  const { segments, aside, problems, pendingByTopic, oldestPendingMs } = log
  const sumOf = (read: (segment: ExaminedSegment) => number): number =>
    segments.reduce((sum, segment) => sum + read(segment), 0)
  const pending = sumOf((segment) => segment.pending)
  const topics = [...pendingByTopic].sort(([, one], [, other]) => other - one)
  return [
    `  ${name}: ${counted(segments.length, 'file')}, ${shownBytes(sumOf(({ bytes }) => bytes))}, ` +
      `${counted(
        sumOf(({ records }) => records),
        'record',
      )}, of which ${pending} ${PENDING.get(name) ?? 'kept'}`,
    ...segments.map((segment) => `    ${segmentLine(segment)}`),
    ...aside.map(
      ({ name: file, bytes }) =>
        `    ${textOf(Buffer.from(file))}: ${shownBytes(bytes)}, set aside`,
    ),
    ...problems.map((problem) => `    ${problemLine(problem)}`),
    ...topics.map(([topic, count]) => `    topic ${topic}: ${counted(count, 'record')}`),
    ...(oldestPendingMs === undefined
      ? []
      : [`    the oldest of them was accepted at ${shownTime(oldestPendingMs)}`]),
  ]
}

/** What records that are not settled are in each log. */
const PENDING: ReadonlyMap<string, string> = new Map([
  ['log', 'pending'],
  ['dead-letters', 'dead letters'],
])

function segmentLine(segment: ExaminedSegment): string {
  const { file, createdMs, bytes, frames, records, settled, pending } = segment
  return `${file}: created ${shownTime(createdMs)}, ${shownBytes(bytes)}, ${counted(frames, 'frame')}, ${counted(records, 'record')}, ${settled} settled, ${pending} pending`
}

function problemLine({ file, kind, at, bytes, what }: Problem): string {
  // Anybody may have named a file that is not ours.
  return `${textOf(Buffer.from(file))}: ${kind} at ${at}, ${counted(bytes, 'byte')}: ${what}`
}

function slotJson({ slot, logs }: ExaminedSlot): object {
  return {
    slot: slot.name,
    in_use: slot.holder !== undefined,
    pid: slot.holder?.pid ?? null,
    logs: Object.fromEntries([...logs].map(([name, log]) => [name, logJson(log)])),
  }
}

function logJson({ segments, aside, pendingByTopic, oldestPendingMs }: ExaminedLog): object {
  return {
    files: segments.map(({ createdMs, isSealed, ...segment }) => ({
      ...segment,
      created: createdMs === undefined ? null : shownTime(createdMs),
      ended: isSealed,
    })),
    set_aside: aside,
    pending_by_topic: Object.fromEntries(pendingByTopic),
    oldest_pending: oldestPendingMs === undefined ? null : shownTime(oldestPendingMs),
  }
}
