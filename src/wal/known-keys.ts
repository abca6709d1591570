import type { Clock } from '../base/clock.ts'
import type { IdempotencyKeys } from '../base/idempotency.ts'
import type { KeyLimits } from './key-log.ts'
import type { Slot } from './slot.ts'

/** Dependencies of {@link KnownKeys}. */
export interface KnownKeysOptions {
  readonly clock: Clock
  readonly keys?: IdempotencyKeys | undefined
  readonly keyLimits?: KeyLimits | undefined
}

/** Tells the table of idempotency keys what the slots know, each once: slots that nobody uses are opened now and then. */
export class KnownKeys {
  readonly #options: KnownKeysOptions
  /** By the name of the slot: its files when it was read, and until when all of them are of use. */
  readonly #read = new Map<string, { readonly files: string; readonly untilMs: number }>()

  constructor(options: KnownKeysOptions) {
    this.#options = options
  }

  /**
   * Reads the keys of a slot that was opened.
   *
   * @param isOwn - whether this process writes to it from now on.
   */
  async restore(name: string, slot: Slot, isOwn: boolean): Promise<void> {
    const { clock, keys, keyLimits } = this.#options
    if (!keys || !keyLimits || !slot.keyLog) return
    const last = this.#read.get(name)
    const isRead = last?.files === slot.keyFiles && clock.nowMs() < last.untilMs
    const restored = isRead ? [] : await slot.keyLog.restore()
    if (!isRead) {
      const untilMs = clock.nowMs() + keyLimits.windowMs
      this.#read.set(name, { files: slot.keyFiles, untilMs })
    }
    keys.restore(name, isOwn, restored)
  }
}
