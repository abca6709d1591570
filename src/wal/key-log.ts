/**
 * What became of the idempotency keys of clients, on the disk. A push that does not wait has its key in the frame of
 * its records, so that both are durable together. All else is in a log of its own, `keys`, in frames without records:
 *
 * - that a push that waits has begun, before its records go to the producer;
 * - how a push ended: before the reply if it waits, meanwhile if it does not. A file of records is kept until then.
 *
 * The last frame of a key counts. A file of `keys` is removed when all in it is over: older than the window, or so many
 * keys have ended since that the table has forgotten it.
 */
import type { CancelTimer, Clock } from '../base/clock.ts'
import {
  type IdempotencyKey,
  type KeyOutcome,
  NOTHING,
  type RestoredKey,
  UNKNOWN,
} from '../base/idempotency.ts'
import { SEGMENT_HEADER_BYTES } from './frame.ts'
import { LogReader } from './log-reader.ts'
import type { Log } from './log.ts'
import { type LoggedKey, readKey, writeKey, writeReply } from './logged-key.ts'
import type { Segment } from './segment.ts'

/** How long a key is of use. */
export interface KeyLimits {
  readonly windowMs: number
  readonly maxKeys: number
}

/** Dependencies of a {@link KeyLog}. */
export interface KeyLogOptions extends KeyLimits {
  /** Where what is said here goes. */
  readonly keys: Log
  /** Whose frames have keys. */
  readonly log: Log
  readonly clock: Clock
}

/** How often files that are over are looked for while keys come, ms. */
const PRUNE_INTERVAL_MS = 1_000
/** How long the end waits for pushes that have begun, ms: their records are settled by then. */
const END_WAIT_MS = 1_000

/** Names a key of nobody: a frame with it says that frames with keys may follow. */
const NOBODY: IdempotencyKey = { identity: '\0'.repeat(32), fingerprint: '\0'.repeat(32) }

/** A key in a frame of an earlier process. */
interface FoundKey extends LoggedKey {
  readonly segment: Segment
  readonly atMs: number
}

/** What is known of a file of `keys`. */
interface KeyFile {
  newestMs: number
  /** How many keys had ended when its last one did. */
  lastEnded: number
  /** Keys that have begun in it, and not ended. */
  open: number
}

/** The keys of one slot. */
export class KeyLog {
  readonly #options: KeyLogOptions
  readonly #files = new Map<Segment, KeyFile>()
  /** The file in which a key has begun, by identity. */
  readonly #begun = new Map<string, KeyFile>()
  /** The files of records with keys whose end is not noted, by identity. */
  readonly #held = new Map<string, Segment>()
  readonly #cancelReleases = new Set<CancelTimer>()
  #endedCount = 0
  /** Whether a frame of `keys` is durable, unless its file was removed. */
  #hasFrames = false
  #prunedMs = -Infinity
  #marking: Promise<unknown> | undefined
  #onAllEnded: (() => void) | undefined

  constructor(options: KeyLogOptions) {
    this.#options = options
  }

  /**
   * Must be called before a frame with a key is written to the log: without a frame here, the next start does not look
   * for any there.
   *
   * @returns a promise if it must be waited for; it rejects with a LogError.
   */
  ready(): Promise<unknown> | undefined {
    if (this.#hasFrames && this.#options.keys.segments.length > 0) return undefined
    this.#marking ??= this.#append(NOBODY, NOTHING, false).finally(() => {
      this.#marking = undefined
    })
    return this.#marking
  }

  /** The records of a key are in this file. */
  recordsIn(segment: Segment, { identity }: IdempotencyKey): void {
    segment.holdKey()
    this.#held.set(identity, segment)
  }

  /** Notes that a key has begun. @throws LogError if it cannot. */
  async begun(key: IdempotencyKey): Promise<void> {
    const file = await this.#append(key, UNKNOWN, false)
    file.open += 1
    this.#begun.set(key.identity, file)
  }

  /** Notes how a key ended. Never rejects. */
  async ended(key: IdempotencyKey, outcome: KeyOutcome): Promise<void> {
    const segment = this.#held.get(key.identity)
    const begun = this.#begun.get(key.identity)
    // A key of which nothing is on the disk, and nothing stored, needs no note.
    if (segment === undefined && begun === undefined && outcome.kind === 'nothing') return
    this.#held.delete(key.identity)
    this.#begun.delete(key.identity)
    try {
      await this.#append(key, outcome, true)
      if (segment) this.#options.log.keyReleased(segment)
    } catch (error) {
      this.#options.log.observer.failed('write', error)
      if (segment) this.#releaseLater(segment)
    }
    if (begun) begun.open -= 1
    if (this.#begun.size === 0) this.#onAllEnded?.()
  }

  /**
   * Reads what earlier processes left, and notes here what only frames of records say, so that their files can go.
   *
   * @returns the keys that are within the window.
   */
  async restore(): Promise<readonly RestoredKey[]> {
    const { keys, log, clock, windowMs } = this.#options
    if (keys.segments.length === 0) return []
    this.#hasFrames = true
    const known = new Map<string, FoundKey>()
    try {
      await this.#readKeys(known)
      for (const found of await this.#readRecords()) {
        const noted = known.get(found.identity)
        if (noted && noted.atMs >= found.atMs) continue
        known.set(found.identity, found)
        this.recordsIn(found.segment, found)
        void this.ended(found, found.outcome)
      }
    } catch (error) {
      log.observer.failed('read', error)
    }
    this.#prune()
    const nowMs = clock.epochMs()
    return [...known.values()].flatMap(({ identity, fingerprint, outcome, atMs }) => {
      const ageMs = Math.max(0, nowMs - atMs)
      if (outcome.kind === 'nothing' || ageMs >= windowMs) return []
      return [{ identity, fingerprint, outcome, ageMs }]
    })
  }

  /** Waits for the keys that have begun, as far as they end soon. */
  async close(): Promise<void> {
    for (const cancel of this.#cancelReleases) cancel()
    if (this.#begun.size === 0) return
    await new Promise<void>((resolve) => {
      const cancel = this.#options.clock.schedule(END_WAIT_MS, resolve)
      this.#onAllEnded = () => {
        cancel()
        resolve()
      }
    })
  }

  async #append(key: IdempotencyKey, outcome: KeyOutcome, isEnd: boolean): Promise<KeyFile> {
    const { keys, clock } = this.#options
    const atMs = clock.epochMs()
    const segment = await keys.appendKey(
      writeKey(key, outcome),
      writeReply(outcome),
      atMs,
      // What has begun must end, so that it is known after the next start.
      isEnd,
    )
    this.#hasFrames = true
    const file = this.#note(segment, atMs, isEnd)
    if (clock.nowMs() - this.#prunedMs >= PRUNE_INTERVAL_MS) this.#prune()
    return file
  }

  #note(segment: Segment, atMs: number, isEnd: boolean): KeyFile {
    let file = this.#files.get(segment)
    if (file === undefined) {
      file = { newestMs: 0, lastEnded: 0, open: 0 }
      this.#files.set(segment, file)
    }
    if (isEnd) this.#endedCount += 1
    file.newestMs = Math.max(file.newestMs, atMs)
    file.lastEnded = this.#endedCount
    return file
  }

  /** Has the files removed in which all is over. */
  #prune(): void {
    const { keys, clock, windowMs, maxKeys } = this.#options
    this.#prunedMs = clock.nowMs()
    for (const [segment, { newestMs, lastEnded, open }] of this.#files) {
      const isOver =
        clock.epochMs() - newestMs >= windowMs || this.#endedCount - lastEnded >= maxKeys
      if (!segment.isSealed || open > 0 || !isOver) continue
      this.#files.delete(segment)
      keys.readToEnd(segment)
    }
  }

  async #readKeys(known: Map<string, FoundKey>): Promise<void> {
    const { keys } = this.#options
    for (const segment of [...keys.segments]) {
      await readFrames(keys, segment, (bytes, text, atMs) => {
        const key = readKey(bytes, text())
        this.#note(segment, atMs, true)
        if (key && key.identity !== NOBODY.identity) {
          known.set(key.identity, { ...key, segment, atMs })
        }
      })
      // Also one without a frame that can be read.
      this.#note(segment, 0, false)
    }
  }

  /** Reads the keys of frames with records, the newest files first, until one is older than the window. */
  async #readRecords(): Promise<Iterable<FoundKey>> {
    const { log, clock, windowMs } = this.#options
    const fromMs = clock.epochMs() - windowMs
    const latest = new Map<string, FoundKey>()
    for (const segment of log.segments.toReversed()) {
      let firstMs = Infinity
      await readFrames(log, segment, (bytes, _, atMs) => {
        firstMs = Math.min(firstMs, atMs)
        const key = atMs < fromMs ? undefined : readKey(bytes, '')
        if (key === undefined) return
        const other = latest.get(key.identity)
        if (other === undefined || other.atMs <= atMs) {
          latest.set(key.identity, { ...key, segment, atMs })
        }
      })
      if (firstMs < fromMs) break
    }
    return latest.values()
  }

  /** Where the end of a key cannot be noted, the file of its records is kept for as long as the key is of use. */
  #releaseLater(segment: Segment): void {
    const { clock, log, windowMs } = this.#options
    const cancel = clock.schedule(windowMs, () => {
      this.#cancelReleases.delete(cancel)
      log.keyReleased(segment)
    })
    this.#cancelReleases.add(cancel)
  }
}

/** Reads the frames of one segment. */
async function readFrames(
  log: Log,
  segment: Segment,
  each: (key: Buffer, text: () => string, atMs: number) => void,
): Promise<void> {
  const reader = new LogReader(log, { segment, at: SEGMENT_HEADER_BYTES })
  for (;;) {
    const entry = await reader.next()
    if (entry?.place.segment !== segment) return
    each(entry.key, () => entry.payload.toString(), entry.header.acceptedMs)
  }
}
