import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import type { RecordProducer } from '../producer/types.ts'
import { DeadLetters } from './dead-letters.ts'
import { Feeder } from './feeder.ts'
import { Log } from './log.ts'
import type { LogObserver, SyncMode } from './log-types.ts'
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
export interface SlotDependencies {
  readonly producer: RecordProducer
  readonly clock: Clock
  readonly random: () => number
  readonly observer: LogObserver
}

/** The log of one worker, with its dead letters, in a folder that no other process uses meanwhile. */
export class Slot {
  readonly log: Log
  readonly letters: Log
  readonly #feeder: Feeder
  readonly #unlock: () => Promise<void>

  private constructor(log: Log, letters: Log, feeder: Feeder, unlock: () => Promise<void>) {
    this.log = log
    this.letters = letters
    this.#feeder = feeder
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
      const log = await Log.open({ ...options, storage: await openFolder(join(folder, 'log')) })
      const letters = await Log.open({
        ...{ ...options, sync: 'always' },
        storage: await openFolder(join(folder, 'dead-letters')),
      })
      const deadLetters = new DeadLetters(
        letters,
        log,
        settings.deadLetterTopic,
        dependencies.observer,
      )
      const feeder = new Feeder({
        ...{ ...options, log },
        bury: (call, position, error) => deadLetters.bury(call, position, error),
      })
      return new Slot(log, letters, feeder, unlock)
    } catch (error) {
      await unlock()
      throw error
    }
  }

  /** Whether every record of it is settled. */
  get isEmpty(): boolean {
    return this.log.segments.length === 0
  }

  /** Begins to hand its records over. */
  start(): void {
    this.#feeder.start()
  }

  /** Hands over nothing more. */
  stop(): Promise<void> {
    return this.#feeder.stop()
  }

  /** Closes the files. What is not settled stays for the next start. */
  async close(): Promise<void> {
    await this.#feeder.stop()
    await this.log.close()
    await this.letters.close()
    await this.#unlock()
  }
}
