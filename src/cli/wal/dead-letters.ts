/** `kprf dead-letters list`, `replay` and `drop`. */
import { EXIT_CODES } from '../../base/exit-codes.ts'
import type { DeliveryError, RecordBytes } from '../../producer/types.ts'
import { lockFolder, lockHolder } from '../../wal/slot-lock.ts'
import type { Storage } from '../../wal/storage.ts'
import { type Letter, LetterSettlement, readLetters } from '../../wal/tools/letters.ts'
import { findSlots } from '../../wal/tools/slots.ts'
import { isText, textOf } from '../record-text.ts'
import type { Selection } from '../storage-commands.ts'
import { type CommandOutput, shownHolder, shownTime } from './command.ts'
import { counted, Progress } from '../progress.ts'
import { Replay, type ReplayOptions } from './replay.ts'

/** The dead letters of one slot. */
interface LetterFolder {
  readonly slotName: string
  readonly slotPath: string
  readonly storage: Storage
}

/** Prints the dead letters of a folder. @returns the exit code. */
export async function listLetters(
  folder: string,
  { topic, isJson }: { readonly topic: string | undefined; readonly isJson: boolean },
  { print }: CommandOutput,
): Promise<number> {
  for (const { slotName, storage } of await letterFolders(folder)) {
    for await (const letter of readLetters(slotName, storage)) {
      if (topic !== undefined && letter.record.topic !== topic) continue
      await print(isJson ? letterJson(letter) : letterLine(letter))
    }
  }
  return EXIT_CODES.ok
}

/** Removes dead letters. @returns the exit code. */
export async function dropLetters(
  folder: string,
  { selection, isConfirmed }: { readonly selection: Selection; readonly isConfirmed: boolean },
  output: CommandOutput,
): Promise<number> {
  return withLocks(await letterFolders(folder), output, async (folders) => {
    const count = await countSelected(folders, selection, output)
    if (count.found > 0 && !isConfirmed) {
      const answer = await output.confirm(`Remove ${counted(count.found, 'dead letter')} for good?`)
      if (answer === undefined) {
        output.stderr.write(
          'kprf dead-letters drop: nobody can be asked here; --yes removes them\n',
        )
        return EXIT_CODES.usage
      }
      if (!answer) return EXIT_CODES.failed
    }
    for (const [letters, limit] of count.byFolder) {
      const settlement = new LetterSettlement(letters.storage)
      try {
        for await (const letter of selected(letters, selection, limit)) settlement.settle(letter)
        await settlement.finish(letters.slotPath)
      } finally {
        await settlement.close()
      }
    }
    await output.print(`removed ${counted(count.found, 'dead letter')}`)
    return count.missing > 0 ? EXIT_CODES.failed : EXIT_CODES.ok
  })
}

/** What sends letters, and ends. */
export interface ReplayProducer extends Pick<ReplayOptions, 'producer' | 'deliveryTimeoutMs'> {
  readonly close: () => Promise<void>
}

/**
 * Sends dead letters again.
 *
 * @param open - connects to Kafka, and reports what goes wrong with that.
 * @returns the exit code.
 */
export async function replayLetters(
  folder: string,
  selection: Selection,
  open: (report: (line: string) => void) => ReplayProducer,
  output: CommandOutput,
): Promise<number> {
  return withLocks(await letterFolders(folder), output, async (folders) => {
    const { found, missing, byFolder } = await countSelected(folders, selection, output)
    const { stderr: stream, clock, print } = output
    const progress = new Progress({ stream, clock, verb: 'sent', total: found })
    const refused = new Map<string, number>()
    let sent = 0
    if (found > 0) {
      const kafka = open((line) => {
        progress.clear()
        stream.write(`${line}\n`)
      })
      try {
        for (const [letters, limit] of byFolder) {
          sent += await replayFolder(letters, selected(letters, selection, limit), kafka, {
            progress: () => {
              progress.advance(1, 1)
            },
            failed: ({ record: { topic } }, { text, detail }) => {
              const reason = `topic ${topic}: ${text}${detail === undefined ? '' : `: ${detail}`}`
              refused.set(reason, (refused.get(reason) ?? 0) + 1)
            },
          })
        }
      } finally {
        await kafka.close()
      }
    }
    progress.end()
    for (const [reason, count] of refused) await print(`kept ${count}, ${reason}`)
    await print(`sent ${counted(sent, 'dead letter')}, kept ${found - sent}`)
    return sent < found || missing > 0 ? EXIT_CODES.failed : EXIT_CODES.ok
  })
}

/** Sends letters of a folder again. @returns how many Kafka has now. */
async function replayFolder(
  { slotPath, storage }: LetterFolder,
  letters: AsyncIterable<Letter>,
  { producer, deliveryTimeoutMs }: ReplayProducer,
  listener: {
    readonly progress: () => void
    readonly failed: (letter: Letter, error: DeliveryError) => void
  },
): Promise<number> {
  const settlement = new LetterSettlement(storage)
  let sent = 0
  const replay = new Replay({
    ...{ producer, deliveryTimeoutMs },
    delivered: (letter) => {
      sent += 1
      listener.progress()
      settlement.settle(letter)
    },
    failed: listener.failed,
  })
  try {
    for await (const letter of letters) {
      if (settlement.hasFailed) break
      await replay.send(letter)
    }
    await replay.drained()
    await settlement.finish(slotPath)
  } finally {
    await settlement.close()
  }
  return sent
}

async function letterFolders(folder: string): Promise<readonly LetterFolder[]> {
  const slots = await findSlots(folder)
  return slots.flatMap(({ name: slotName, path: slotPath, parts }) =>
    parts
      .filter(({ name }) => name === 'dead-letters')
      .map(({ storage }) => ({ slotName, slotPath, storage })),
  )
}

/** Does something that no other replay or drop may do at the same time. */
async function withLocks(
  folders: readonly LetterFolder[],
  { stderr }: CommandOutput,
  task: (folders: readonly LetterFolder[]) => Promise<number>,
): Promise<number> {
  const unlocks: (() => Promise<void>)[] = []
  try {
    for (const { slotName, slotPath } of folders) {
      const unlock = await lockFolder(slotPath, 'dead-letters')
      if (unlock === undefined) {
        const holder = shownHolder(await lockHolder(slotPath, 'dead-letters'))
        stderr.write(
          `the dead letters of ${slotName} are ${holder}, a replay or drop: wait for it\n`,
        )
        return EXIT_CODES.inUse
      }
      unlocks.push(unlock)
    }
    return await task(folders)
  } finally {
    for (const unlock of unlocks) await unlock()
  }
}

/** @param limit - how many there were when they were counted: those that come meanwhile are left alone. */
async function* selected(
  { slotName, storage }: LetterFolder,
  { ids, topic }: Selection,
  limit = Infinity,
): AsyncGenerator<Letter, void, void> {
  const wanted = new Set(ids)
  let left = limit
  for await (const letter of readLetters(slotName, storage)) {
    if (left === 0) return
    if (wanted.size > 0 && !wanted.has(letter.id)) continue
    if (topic !== undefined && letter.record.topic !== topic) continue
    left -= 1
    yield letter
  }
}

/** How many letters a selection has. */
interface Count {
  readonly found: number
  readonly byFolder: ReadonlyMap<LetterFolder, number>
  /** Ids without a letter. */
  readonly missing: number
}

/** Counts the letters of a selection, and says if some ids have none. */
async function countSelected(
  folders: readonly LetterFolder[],
  selection: Selection,
  { stderr }: CommandOutput,
): Promise<Count> {
  const missing = new Set(selection.ids)
  const byFolder = new Map<LetterFolder, number>()
  let found = 0
  for (const letters of folders) {
    const before = found
    for await (const { id } of selected(letters, selection)) {
      found += 1
      missing.delete(id)
    }
    byFolder.set(letters, found - before)
  }
  if (missing.size > 0) {
    stderr.write(
      `${counted(missing.size, 'id')} without a dead letter; kprf dead-letters list shows them\n`,
    )
  }
  return { found, byFolder, missing: missing.size }
}

function letterLine({ id, record, acceptedMs, error, errorNumber }: Letter): string {
  const { topic, partition, key, value } = record
  const bytes = bytesOf(key)
  const shownKey = bytes === null ? '-' : textOf(bytes)
  const place = `${topic}/${partition ?? '-'}`
  const size = counted(bytesOf(value)?.length ?? 0, 'byte')
  const reason = `${errorNumber} ${textOf(Buffer.from(error))}`
  return `${id} ${place} key=${shownKey} accepted=${shownTime(acceptedMs)} ${size}: ${reason}`
}

/** Bytes that are not UTF-8 are in base64, and a field says so. */
function letterJson({ id, record, acceptedMs, error, errorNumber }: Letter): string {
  const { topic, partition, timestampMs, headers } = record
  const [key, value] = [bytesOf(record.key), bytesOf(record.value)]
  const values = headers.map((header) => bytesOf(header.value))
  const isBinary = [key, value, ...values].some((bytes) => bytes !== null && !isText(bytes))
  const shown = (bytes: Buffer | null): string | null =>
    bytes?.toString(isBinary ? 'base64' : 'utf8') ?? null
  return JSON.stringify({
    ...{ id, topic, partition: partition ?? null, timestamp: timestampMs },
    ...{ accepted_at: shownTime(acceptedMs), error, error_code: errorNumber },
    ...{ key: shown(key), bytes: value?.length ?? 0, data: shown(value) },
    headers: headers.map((header) => ({ key: header.key, value: shown(bytesOf(header.value)) })),
    ...(isBinary && { encoding: 'base64' }),
  })
}

function bytesOf(bytes: RecordBytes | null): Buffer | null {
  return typeof bytes === 'string' ? Buffer.from(bytes) : bytes
}
