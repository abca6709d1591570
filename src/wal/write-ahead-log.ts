/**
 * The write-ahead log as the rest of kprf sees it: records of clients that do not wait go to the disk, and from there
 * to the producer. Start, outage and normal running are one way:
 *
 *     push -> Journal -> Log (write, sync) -> ok
 *                          \-> LogReader -> Feeder -> producer -> Kafka
 *                                             \-> DeadLetters
 *
 * The constraints it is built to:
 *
 * - A push is accepted when the write and the sync of its frame have succeeded, and not before.
 * - The memory of records on their way is limited (64 MiB), whatever the disk holds.
 * - While the feeder keeps up, nothing is read from the disk.
 * - Records of a topic reach the producer in the order in which they were accepted; topics do not wait for each other.
 * - A record leaves the log only when Kafka has acknowledged it or it is a durable dead letter.
 * - Any damage costs the frames that it hits, is reported, and never ends the process.
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { CancelTimer } from '../base/clock.ts'
import { ProxyError } from '../base/errors.ts'
import type { IdempotencyKey, IdempotencyKeys, KeyOutcome } from '../base/idempotency.ts'
import type { WalState } from '../base/wal-state.ts'
import { deliveryError, RDKAFKA } from '../producer/delivery-errors.ts'
import type { EventSink } from '../producer/events.ts'
import type { DeliveryError, ProducerRecord } from '../producer/types.ts'
import { Journal, type JournalCall, type PushKey } from './journal.ts'
import { KnownKeys } from './known-keys.ts'
import type { Log } from './log.ts'
import type { Segment } from './segment.ts'
import { SLOT_NAME } from './slot-name.ts'
import { Slot, type SlotDependencies, type SlotSettings } from './slot.ts'

/** Settings of a {@link WriteAheadLog}. */
export interface WalSettings extends SlotSettings {
  /** Has a folder for each process. */
  readonly folder: string
}

/** Dependencies of a {@link WriteAheadLog}. */
export interface WalDependencies extends SlotDependencies {
  readonly events: EventSink
  /** Hears of the idempotency keys in logs of earlier processes. @defaultValue nobody */
  readonly keys?: IdempotencyKeys | undefined
}

/** The state before it is opened. */
export const CLOSED_WAL: WalState = {
  ...{ pendingRecords: 0, oldestAgeMs: 0, bytes: 0, limitBytes: 0, segments: 0 },
  ...{ freeBytes: undefined, diskBytes: undefined, pendingBytes: 0, condition: 'closed' },
}

/** More processes than kprf has workers, and as many that they replace. */
const MAX_SLOTS = 128
/** How often logs that no process uses are looked for, ms. */
const ADOPTION_INTERVAL_MS = 10_000
/** How often one that is being sent is asked whether it is empty, so that the next can follow, ms. */
const ADOPTED_INTERVAL_MS = 1_000

/** The write-ahead log of one process. */
export class WriteAheadLog {
  readonly #settings: WalSettings
  readonly #dependencies: WalDependencies
  #own: Slot | undefined
  #ownName = ''
  #journal: Journal | undefined
  /** Of a process that is gone: its records are sent, and nothing is added. */
  #adopted: Slot | undefined
  #cancelAdoption: CancelTimer | undefined
  #adopting: Promise<void> = Promise.resolve()
  /** Why logs of others cannot be opened, by the name of the slot, as it was last said. */
  readonly #unusable = new Map<string, string>()
  #isStopped = false
  /** Whether the keys of all slots were read that nobody used. */
  #hasLooked: boolean
  readonly #knownKeys: KnownKeys

  constructor(settings: WalSettings, dependencies: WalDependencies) {
    this.#settings = settings
    this.#dependencies = dependencies
    this.#knownKeys = new KnownKeys(dependencies)
    this.#hasLooked = dependencies.keys === undefined
  }

  /**
   * Opens the first log that no other process uses.
   *
   * @throws ProxyError CONFIG_INVALID if the folder cannot be used. Nothing in it is changed then.
   */
  async open(): Promise<void> {
    const { folder } = this.#settings
    try {
      for (let number = 0; number < MAX_SLOTS && !this.#own; number += 1) {
        this.#ownName = `slot-${String(number).padStart(2, '0')}`
        this.#own = await this.#openSlot(this.#ownName)
      }
    } catch (cause) {
      throw new ProxyError('CONFIG_INVALID', `wal.dir: ${messageOf(cause)}`, { cause })
    }
    if (!this.#own) {
      throw new ProxyError('CONFIG_INVALID', `wal.dir: ${MAX_SLOTS} processes use ${folder}`)
    }
    const { log, keyLog } = this.#own
    await this.#knownKeys.restore(this.#ownName, this.#own, true)
    this.#journal = new Journal({ ...this.#dependencies, log, keys: keyLog })
  }

  /** Begins to hand records over, first those that earlier processes left. */
  start(): void {
    this.#own?.start()
    this.#adopting = this.#adopt()
  }

  /** Admits the records once they are in the log. */
  sendAll(records: readonly ProducerRecord[], call: JournalCall, key?: PushKey): void {
    if (this.#journal) {
      this.#journal.sendAll(records, call, key)
      return
    }
    for (const index of records.keys()) {
      if (!call.isRefused(index)) call.refused(index, deliveryError(RDKAFKA.brokerDestroy))
    }
    call.admissionEnded()
  }

  /** As {@link Journal.begun}. */
  async begun(key: IdempotencyKey): Promise<DeliveryError | undefined> {
    return this.#journal ? this.#journal.begun(key) : deliveryError(RDKAFKA.brokerDestroy)
  }

  /** As {@link Journal.ended}. */
  ended(key: IdempotencyKey, outcome: KeyOutcome, isAwaited: boolean): Promise<void> | undefined {
    return this.#journal?.ended(key, outcome, isAwaited)
  }

  /** How full the log is, and how much of it Kafka does not have. */
  get state(): WalState {
    const logs = [this.#own, this.#adopted].flatMap((slot) => (slot ? [slot.log] : []))
    const sumOf = (read: (log: Log) => number): number =>
      logs.reduce((sum, log) => sum + read(log), 0)
    const oldestMs = Math.min(...logs.map(({ oldestPendingMs }) => oldestPendingMs))
    const ageMs = this.#dependencies.clock.epochMs() - oldestMs
    return {
      pendingRecords: sumOf(({ pendingRecords }) => pendingRecords),
      oldestAgeMs: Math.max(0, ageMs),
      freeBytes: this.#own?.log.freeBytes,
      diskBytes: this.#own?.log.room.diskBytes,
      bytes: sumOf(({ bytes }) => bytes),
      limitBytes: this.#settings.maxBytes,
      segments: sumOf(({ segments }) => segments.length),
      pendingBytes: sumOf(({ segments }) => bytesOf(segments.filter(({ isPending }) => isPending))),
      condition: this.#own?.log.room.condition ?? 'closed',
    }
  }

  /** Why the last push was not accepted; `undefined` if it was. */
  get problem(): string | undefined {
    return this.#own?.log.problem
  }

  /** Takes no more records, and hands none over. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#cancelAdoption?.()
    this.#journal?.close()
    await this.#adopting
    await this.#own?.stop()
    await this.#adopted?.stop()
  }

  /** Closes the files, once the producer has handed back what it had. */
  async close(): Promise<void> {
    await this.#adopted?.close()
    await this.#own?.close()
  }

  /** Looks for a log that no process uses: of a worker that was replaced, or of more workers than there are now. */
  async #adopt(): Promise<void> {
    try {
      if (this.#adopted?.isEmpty) {
        await this.#adopted.close()
        this.#adopted = undefined
      } else this.#adopted?.endIfSettled()
      if (!this.#adopted || !this.#hasLooked) await this.#adoptNext()
    } catch (error) {
      this.#dependencies.observer.failed('adopt', error)
    }
    if (this.#isStopped) return
    const pauseMs = this.#adopted ? ADOPTED_INTERVAL_MS : ADOPTION_INTERVAL_MS
    this.#cancelAdoption = this.#dependencies.clock.schedule(pauseMs, () => {
      this.#adopting = this.#adopt()
    })
  }

  async #adoptNext(): Promise<void> {
    const names = (await readdir(this.#settings.folder)).filter((name) => SLOT_NAME.test(name))
    for (const name of names.sort()) {
      if (name === this.#ownName || this.#isStopped) continue
      const slot = await this.#tryOpenSlot(name)
      if (!slot) continue
      await this.#knownKeys.restore(name, slot, false)
      if (slot.isEmpty || this.#adopted) {
        await slot.close()
        continue
      }
      this.#adopted = slot
      slot.start()
      // The first look is at all of them: the sooner their keys are known, the better.
      if (this.#hasLooked) return
    }
    this.#hasLooked = true
  }

  /** Says why a slot cannot be opened when that is new: it is tried again and again, and the others as well. */
  async #tryOpenSlot(name: string): Promise<Slot | undefined> {
    try {
      const slot = await this.#openSlot(name)
      this.#unusable.delete(name)
      return slot
    } catch (cause) {
      const reason = `${name}: ${messageOf(cause)}`
      if (this.#unusable.get(name) !== reason) {
        this.#dependencies.observer.failed('adopt', new Error(reason, { cause }))
      }
      this.#unusable.set(name, reason)
      return undefined
    }
  }

  #openSlot(name: string): Promise<Slot | undefined> {
    return Slot.open(join(this.#settings.folder, name), this.#settings, this.#dependencies)
  }
}

function bytesOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, { endBytes }) => sum + endBytes, 0)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
