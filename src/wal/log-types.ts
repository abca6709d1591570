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
}

/** Hears of what an operator should know. */
export interface LogObserver {
  /** An operation of the file system failed, and the log goes on in another way. */
  failed(operation: 'write' | 'read' | 'settle' | 'remove', error: unknown): void
  /** Bytes of a segment cannot be read. Records may be missing: as many as the other frames imply. */
  damaged(segment: string, at: number, bytes: number, records: number | undefined): void
  /** A record became a dead letter. */
  buried(topic: string, error: DeliveryError): void
  /** The end of a segment is not readable, as after a power loss during a write. */
  torn(segment: string, at: number, bytes: number): void
}

/** A push of the log. */
export interface Entry {
  readonly place: Place
  readonly header: FrameHeader
  readonly payload: Buffer
}

/** Why a push was not accepted. */
export class LogError extends Error {
  override readonly name = 'LogError'
  readonly kind: 'full' | 'failed' | 'closed'

  constructor(kind: 'full' | 'failed' | 'closed', message: string, cause?: unknown) {
    super(message, { cause })
    this.kind = kind
  }
}

/** What cannot be used as a log. Nothing was changed. */
export class UnusableLogError extends Error {
  override readonly name = 'UnusableLogError'
}

/** One push on its way to the disk. */
export interface Append {
  /** The payload is in place; the header is not. */
  readonly frame: Buffer
  readonly payloadBytes: number
  readonly recordCount: number
  readonly acceptedMs: number
  readonly done: PromiseWithResolvers<undefined>
}
