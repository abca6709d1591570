import type { Clock } from '../base/clock.ts'
import type { DeliveryError } from '../producer/types.ts'
import type { FrameHeader } from './frame.ts'
import type { Place } from './segment.ts'
import type { Storage } from './storage.ts'

/** When accepted pushes are durable: before the reply, within an interval, or when the operating system likes. */
export type SyncMode = 'always' | 'interval' | 'os'

/** Settings and dependencies of a log. */
export interface LogOptions {
  readonly storage: Storage
  readonly clock: Clock
  /** From 0 to below 1. */
  readonly random: () => number
  readonly observer: LogObserver
  readonly sync: SyncMode
  readonly syncIntervalMs: number
  /** A segment that has reached this size is followed by the next. */
  readonly segmentBytes: number
  /** Of all segments. */
  readonly maxBytes: number
  /** What the file system must have free. */
  readonly minFreeBytes: number
  /** Hears of each group of pushes that was written. @defaultValue nobody */
  readonly onGroup?: ((group: WrittenGroup) => void) | undefined
  /** Whether what is appended is read again soon. @defaultValue true */
  readonly isRead?: boolean
}

/** Pushes that were written together. */
export interface WrittenGroup {
  readonly records: number
  /** How long the operating system took to take the bytes, ms. */
  readonly writeMs: number
  /** How long it took to bring them to the disk, ms; `undefined` if nobody waits for that. */
  readonly syncMs: number | undefined
}

/** Hears of what an operator should know. */
export interface LogObserver {
  /** An operation of the file system failed, and the log goes on in another way. */
  failed(operation: 'write' | 'read' | 'settle' | 'remove' | 'adopt', error: unknown): void
  /** A sync failed. The failure of the operation that needed it is told as well. */
  syncFailed(): void
  /** Records of an earlier process were read, and are sent. */
  replayed(records: number): void
  /** Bytes of a segment cannot be read. Records may be missing: as many as the other frames imply. */
  damaged(segment: string, at: number, bytes: number, records: number | undefined): void
  /** A record became a dead letter. */
  buried(topic: string, error: DeliveryError): void
  /** The end of a segment is not readable, as after a power loss during a write. */
  torn(segment: string, at: number, bytes: number): void
  /** How far the records of earlier processes are sent. */
  backlog(state: 'begun' | 'going on' | 'sent', backlog: BacklogState): void
}

/** What is left of earlier processes. */
export interface BacklogState {
  /** The folder in `wal.dir`. */
  readonly slot: string
  /** Files with records that are not settled, or not read yet. */
  readonly files: number
  readonly bytes: number
  /** Records that were read from such files and were not settled. */
  readonly records: number
}

/** A push of the log, without its bytes. */
export interface LoggedPush {
  readonly place: Place
  readonly header: FrameHeader
}

/** A push of the log. */
export interface Entry extends LoggedPush {
  /** Of the client; empty without one. */
  readonly key: Buffer
  /** Behind the key. */
  readonly payload: Buffer
}

/** `tooLarge`: the log never has room for a push of this size. */
export type LogErrorKind = 'full' | 'tooLarge' | 'failed' | 'closed'

/** Why a push was not accepted. */
export class LogError extends Error {
  override readonly name = 'LogError'
  readonly kind: LogErrorKind

  constructor(kind: LogErrorKind, message: string, cause?: unknown) {
    super(message, { cause })
    this.kind = kind
  }
}

/** What cannot be used as a log. Nothing was changed. */
export class UnusableLogError extends Error {
  override readonly name = 'UnusableLogError'
}
