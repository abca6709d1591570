/** `kprf wal repair`. */
import { EXIT_CODES } from '../../base/exit-codes.ts'
import { lockFolder, lockHolder } from '../../wal/slot-lock.ts'
import { examineLog } from '../../wal/tools/examine.ts'
import { type RepairedFile, repairLog, type RepairOptions } from '../../wal/tools/repair.ts'
import { findSlots, type FoundSlot } from '../../wal/tools/slots.ts'
import { type CommandOutput, readingProgress, shownHolder } from './command.ts'
import { counted } from '../progress.ts'

/** Repairs the logs of a folder, or says what it would do. @returns the exit code. */
export async function repair(
  folder: string,
  isDryRun: boolean,
  output: CommandOutput,
): Promise<number> {
  let repaired = 0
  let skipped = 0
  const slots = await findSlots(folder)
  const progress = await readingProgress(slots, output)
  const onRead = (records: number, bytes: number): void => {
    progress.advance(records, bytes)
  }
  for (const slot of slots) {
    const unlock = await lockForRepair(slot)
    if (typeof unlock === 'string') {
      const damaged = await countDamaged(slot, onRead)
      if (damaged === 0) continue
      skipped += 1
      progress.clear()
      output.stderr.write(
        `${slot.name} is ${unlock}, and has ${counted(damaged, 'damage')}: stop that first\n`,
      )
      continue
    }
    try {
      for (const { name, storage } of slot.parts) {
        const { clock } = output
        const files = await repairLog(storage, { isDryRun, random: Math.random, clock, onRead })
        progress.clear()
        for (const file of files) {
          await output.print(`${slot.name}/${name}/${lineOf(file, isDryRun)}`)
        }
        repaired += files.length
      }
    } finally {
      await unlock()
    }
  }
  progress.end()
  if (repaired === 0 && skipped === 0) await output.print('nothing to repair')
  return skipped > 0 ? EXIT_CODES.inUse : EXIT_CODES.ok
}

/** Keeps kprf and `kprf dead-letters` away from a slot. @returns who has it, if somebody has. */
async function lockForRepair({ path }: FoundSlot): Promise<string | (() => Promise<void>)> {
  const unlockSlot = await lockFolder(path)
  if (unlockSlot === undefined) return shownHolder(await lockHolder(path))
  const unlockLetters = await lockFolder(path, 'dead-letters')
  if (unlockLetters === undefined) {
    await unlockSlot()
    return shownHolder(await lockHolder(path, 'dead-letters'))
  }
  return async () => {
    await unlockLetters()
    await unlockSlot()
  }
}

async function countDamaged(
  { parts }: FoundSlot,
  onRead: RepairOptions['onRead'],
): Promise<number> {
  let count = 0
  for (const { storage, hasRecords } of parts) {
    const options = { isInUse: true, hasRecords, onRead }
    const { problems } = await examineLog(storage, options)
    count += problems.filter(({ kind }) => kind === 'damaged').length
  }
  return count
}

function lineOf({ file, records, to, keptAs }: RepairedFile, isDryRun: boolean): string {
  const will = isDryRun ? 'would be ' : ''
  if (records === 0) return `${file}: nothing in it is pending; ${will}kept as ${keptAs}`
  return `${file}: ${counted(records, 'pending record')} ${will}copied to a new ${to}; the old file ${will}kept as ${keptAs}`
}
