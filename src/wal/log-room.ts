import type { CancelTimer } from '../base/clock.ts'
import type { WalCondition } from '../base/wal-state.ts'
import { FreeSpace } from './free-space.ts'
import { LogError, type LogOptions } from './log-types.ts'

/** Memory of pushes that wait for the disk, bytes: some seconds of what a disk takes. Nothing else bounds it. */
const MAX_WAITING_BYTES = 64 * 2 ** 20
/** How long a write with its sync may take until the pushes behind it are refused, ms: clients do not wait longer. */
const MAX_WRITE_MS = 5_000
/**
 * How long a refusal is a problem if no push follows, ms. A load balancer may send none because of it, so that only
 * time can show whether the next would be accepted.
 */
const PROBLEM_MS = 10_000

/** Settings and dependencies of a {@link LogRoom}. */
export interface LogRoomOptions extends Pick<
  LogOptions,
  'clock' | 'storage' | 'maxBytes' | 'minFreeBytes'
> {
  /** Bytes of all segments. */
  readonly usedBytes: () => number
  /** Pushes that wait for a write must be refused. */
  readonly onStall: (refusal: LogError) => void
}

/** Decides whether the log takes a push, and remembers why it did not take the last one. */
export class LogRoom {
  readonly #options: LogRoomOptions
  readonly #freeSpace: FreeSpace
  /** Why the last push was not accepted, how large it was, and when that was; `undefined` if it was. */
  #last: { readonly refusal: LogError; readonly bytes: number; readonly atMs: number } | undefined
  #cancelStall: CancelTimer | undefined
  #stall: LogError | undefined

  constructor(options: LogRoomOptions) {
    this.#options = options
    this.#freeSpace = new FreeSpace(options)
  }

  /** What the file system has free, as of the last look, which this repeats; `Infinity` if that is not known. */
  get freeBytes(): number {
    return this.#freeSpace.bytes
  }

  /** The size of the file system, as of the last look; `undefined` if that is not known. */
  get diskBytes(): number | undefined {
    return this.#freeSpace.diskBytes
  }

  /** Why the last push was not accepted; `undefined` if it was, or if the next may be. */
  get problem(): string | undefined {
    return this.#refusal?.message
  }

  /** The same in a word. */
  get condition(): WalCondition {
    const kind = this.#refusal?.kind
    if (kind === undefined) return 'accepting'
    return kind === 'full' ? 'full' : 'failed'
  }

  get #refusal(): LogError | undefined {
    const last = this.#last
    if (last === undefined) return undefined
    const isLongAgo = this.#options.clock.nowMs() - last.atMs >= PROBLEM_MS
    return isLongAgo && !this.refusalOf(last.bytes, 0) ? undefined : last.refusal
  }

  /** Why a push of this size cannot be taken now, while others wait for the disk; `undefined` if it can. */
  refusalOf(bytes: number, waitingBytes: number): LogError | undefined {
    const { maxBytes, minFreeBytes, usedBytes } = this.#options
    const addedBytes = waitingBytes + bytes
    if (bytes > maxBytes) {
      const text = `the records of the push take ${bytes} bytes of the log, more than wal.max_bytes`
      return new LogError('tooLarge', text)
    }
    if (this.#stall) return this.#stall
    if (addedBytes > MAX_WAITING_BYTES && waitingBytes > 0) {
      return new LogError('full', 'the disk of the write-ahead log does not keep up')
    }
    if (usedBytes() + addedBytes > maxBytes) {
      return new LogError('full', 'the write-ahead log is as large as it may be (wal.max_bytes)')
    }
    if (this.#freeSpace.bytes - addedBytes < minFreeBytes) {
      const text = 'the disk of the write-ahead log has too little room (wal.min_free_bytes)'
      return new LogError('full', text)
    }
    return undefined
  }

  /** A push was accepted. */
  accepted(): void {
    this.#last = undefined
  }

  /** A push of this size was not accepted. */
  refused(refusal: LogError, bytes: number): void {
    // This says something about the push, and nothing about the log.
    if (refusal.kind === 'tooLarge') return
    this.#last = { refusal, bytes, atMs: this.#options.clock.nowMs() }
  }

  /** A write begins. Pushes are refused once it has taken too long, until it ends. */
  writeBegan(): void {
    this.#cancelStall = this.#options.clock.schedule(MAX_WRITE_MS, () => {
      const text = `the disk of the write-ahead log has not answered for ${MAX_WRITE_MS / 1_000} s`
      this.#stall = new LogError('failed', text)
      this.#options.onStall(this.#stall)
    })
  }

  /** The write has ended, however. */
  writeEnded(): void {
    this.#cancelStall?.()
    this.#stall = undefined
  }
}
