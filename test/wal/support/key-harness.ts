/** The keys of a slot on two simulated folders. */
import {
  ACCEPTED,
  type IdempotencyKey,
  type KeyOutcome,
  UNKNOWN,
} from '../../../src/base/idempotency.ts'
import { KeyLog } from '../../../src/wal/key-log.ts'
import { writeKey } from '../../../src/wal/logged-key.ts'
import type { LogOptions } from '../../../src/wal/log-types.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { LogHarness, recordOf } from './log-harness.ts'
import type { SimulatedStorage } from './simulated-storage.ts'

export const WINDOW_MS = 600_000

/** The folders of a slot. */
export interface Folders {
  readonly log: SimulatedStorage
  readonly keys: SimulatedStorage
}

/** A key of this name, with a fingerprint of that of its content. */
export function keyNamed(name: string, content = name): IdempotencyKey {
  return { identity: name.padEnd(32, '.'), fingerprint: content.padEnd(32, '-') }
}

/** What an earlier process is said to have left of a key. */
export type Restored = readonly [name: string, content: string, outcome: KeyOutcome]

/** An open slot, as far as keys go. */
export class KeyHarness {
  readonly clock: FakeClock
  readonly keys: LogHarness
  readonly log: LogHarness
  readonly keyLog: KeyLog
  readonly restored: readonly Restored[]

  private constructor(
    clock: FakeClock,
    keys: LogHarness,
    log: LogHarness,
    keyLog: KeyLog,
    restored: readonly Restored[],
  ) {
    this.clock = clock
    this.keys = keys
    this.log = log
    this.keyLog = keyLog
    this.restored = restored
  }

  static async open(
    folders: Folders,
    clock = new FakeClock(),
    overrides: Partial<Omit<LogOptions, 'clock'>> & { readonly maxKeys?: number } = {},
  ): Promise<KeyHarness> {
    const { maxKeys = 1_000, ...options } = overrides
    const log = await LogHarness.open(folders.log, { ...options, clock })
    const keys = await LogHarness.open(folders.keys, { ...options, clock, isRead: false })
    const keyLog = new KeyLog({
      ...{ keys: keys.log, log: log.log, clock, windowMs: WINDOW_MS, maxKeys },
    })
    const restored = (await keyLog.restore()).map(
      ({ identity, fingerprint, outcome }) =>
        [nameIn(identity), nameIn(fingerprint), outcome] as const,
    )
    return new KeyHarness(clock, keys, log, keyLog, restored)
  }

  /** Accepts a push that does not wait, of one record, which has the name as its value. */
  async accept(key: IdempotencyKey, isWhole = true): Promise<void> {
    await this.keyLog.ready()
    const bytes = writeKey(key, isWhole ? ACCEPTED : UNKNOWN)
    const records = [recordOf(nameIn(key.identity))]
    this.keyLog.recordsIn(await this.log.log.append(records, this.clock.epochMs(), bytes), key)
  }

  async close(): Promise<void> {
    await this.keyLog.close()
    await this.keys.log.close()
    await this.log.log.close()
  }
}

function nameIn(padded: string): string {
  return padded.replace(/[.-]+$/, '')
}
