import { basename, join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import type { RecordProducer } from '../producer/types.ts'
import { Backlog } from './backlog.ts'
import { DeadLetters } from './dead-letters.ts'
import { Feeder } from './feeder.ts'
import { KeyLog, type KeyLimits } from './key-log.ts'
import { Log } from './log.ts'
import type { LogObserver, LogOptions, SyncMode } from './log-types.ts'
import { makeFolder, openFolder } from './node-storage.ts'
import { lockFolder } from './slot-lock.ts'

/** Settings of a {@link Slot}. */
export interface SlotSettings {
  readonly sync: SyncMode
  readonly syncIntervalMs: number
  readonly segmentBytes: number
  readonly maxBytes: number
  readonly minFreeBytes: number
  readonly retentionMs: number
  /** `undefined` without one. */
  readonly deadLetterTopic: string | undefined
  readonly maxOutstandingBytes: number
}

/** Dependencies of a {@link Slot}. */
export interface SlotDependencies extends Pick<LogOptions, 'onGroup'> {
  readonly producer: RecordProducer
  readonly clock: Clock
  readonly random: () => number
  readonly observer: LogObserver
  /** Of idempotency keys. @defaultValue none are kept */
  readonly keyLimits?: KeyLimits | undefined
}

/** Size of a file of keys, bytes: it is removed only when all in it is over. */
const KEY_SEGMENT_BYTES = 4 * 2 ** 20

/** The logs of a slot. */
interface SlotLogs {
  readonly log: Log
  readonly letters: Log
  readonly keys: Log | undefined
  readonly keyLog: KeyLog | undefined
}

/** The log of one worker, with its dead letters, in a folder that no other process uses meanwhile. */
export class Slot {
  readonly log: Log
  /** `undefined` if no idempotency keys are kept. */
  readonly keyLog: KeyLog | undefined
  readonly #logs: SlotLogs
  readonly #feeder: Feeder
  readonly #backlog: Backlog
  readonly #unlock: () => Promise<void>

  private constructor(
    logs: SlotLogs,
    feeder: Feeder,
    backlog: Backlog,
    unlock: () => Promise<void>,
  ) {
    this.log = logs.log
    this.keyLog = logs.keyLog
    this.#logs = logs
    this.#feeder = feeder
    this.#backlog = backlog
    this.#unlock = unlock
  }

  /**
   * Opens the log of a folder, and creates it unless it is there.
   *
   * @returns `undefined` if another process has it.
   * @throws UnusableLogError, or the error of the operating system.
   */
  static async open(
    folder: string,
    settings: SlotSettings,
    dependencies: SlotDependencies,
  ): Promise<Slot | undefined> {
    await makeFolder(folder)
    const unlock = await lockFolder(folder)
    if (unlock === undefined) return undefined
    try {
      const options = { ...settings, ...dependencies }
      const openLog = await Log.inspect({
        ...options,
        storage: await openFolder(join(folder, 'log')),
      })
      const openLetters = await Log.inspect({
        ...{ ...options, sync: 'always', isRead: false, onGroup: undefined },
        storage: await openFolder(join(folder, 'dead-letters')),
      })
      const openKeys = await inspectKeys(folder, options)
      // Only once all can be used: otherwise nothing is changed.
      const [log, letters] = [await openLog(), await openLetters()]
      const keyed = await openKeys(log)
      const deadLetters = new DeadLetters(
        letters,
        log,
        settings.deadLetterTopic,
        dependencies.observer,
      )
      const feeder = new Feeder({
        ...{ ...options, log },
        bury: (...refused) => deadLetters.bury(...refused),
      })
      const backlog = new Backlog({ ...dependencies, log, slot: basename(folder) })
      return new Slot({ log, letters, ...keyed }, feeder, backlog, unlock)
    } catch (error) {
      await unlock()
      throw error
    }
  }

  /** Whether every record of it is settled. */
  get isEmpty(): boolean {
    return this.log.segments.length === 0
  }

  /** Says which files of keys there are, and how long. */
  get keyFiles(): string {
    const segments = this.#logs.keys?.segments ?? []
    return segments.map(({ number, endBytes }) => `${number}:${endBytes}`).join()
  }

  /** Lets the last file go once all in it is settled: the copy of a dead letter for its topic, for example. */
  endIfSettled(): void {
    this.log.endIfSettled()
  }

  /** Begins to hand its records over. */
  start(): void {
    this.#feeder.start()
    this.#backlog.start()
  }

  /** Hands over nothing more. */
  stop(): Promise<void> {
    this.#backlog.stop()
    return this.#feeder.stop()
  }

  /** Closes the files. What is not settled stays for the next start. */
  async close(): Promise<void> {
    const { keyLog, keys, letters } = this.#logs
    await this.stop()
    await keyLog?.close()
    await keys?.close()
    await this.log.close()
    await letters.close()
    await this.#unlock()
  }
}

/** Looks whether the folder of keys can be used, and changes nothing. @returns what opens it. */
async function inspectKeys(
  folder: string,
  options: SlotSettings & SlotDependencies,
): Promise<(log: Log) => Promise<Pick<SlotLogs, 'keys' | 'keyLog'>>> {
  const { keyLimits, clock, segmentBytes } = options
  if (keyLimits === undefined) return () => Promise.resolve({ keys: undefined, keyLog: undefined })
  const open = await Log.inspect({
    ...{ ...options, isRead: false, segmentBytes: Math.min(segmentBytes, KEY_SEGMENT_BYTES) },
    storage: await openFolder(join(folder, 'keys')),
  })
  return async (log) => {
    const keys = await open()
    return { keys, keyLog: new KeyLog({ ...keyLimits, keys, log, clock }) }
  }
}
