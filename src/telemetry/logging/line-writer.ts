import type { CancelTimer, Clock } from '../../base/clock.ts'
import type { LogDestination } from './destinations.ts'

/** Most characters that wait: tens of thousands of lines, in some 4 to 12 MiB of memory. */
export const MAX_WAITING_CHARACTERS = 4 * 1024 * 1024

/** Pause after a failed write, ms. */
export const RETRY_MS = 100

/** How long {@link LineWriter.close} waits for a destination that accepts nothing, ms. */
export const CLOSE_TIMEOUT_MS = 1000

const LINE_FEED = 0x0a
const NOTHING = Buffer.alloc(0)

/** Options of a {@link LineWriter}. */
export interface LineWriterOptions {
  readonly destination: LogDestination
  readonly clock: Clock
  /** Formats the line with the number of dropped lines. */
  readonly droppedLine: (count: number) => string
}

/**
 * Writes lines to their destination, one write at a time. Lines that cannot be written yet wait in memory up to a
 * limit; further lines are dropped and counted, and a line says how many. A failed write is tried again, because a
 * full disk may get room again. No method throws, except reopen.
 */
export class LineWriter {
  readonly #destination: LogDestination
  readonly #clock: Clock
  readonly #droppedLine: (count: number) => string
  readonly #lines: string[] = []
  /** Of `#lines` and `#chunk` together. */
  #waitingCharacters = 0
  #droppedLines = 0
  /** Complete lines that are being written; those before `#offset` are written. */
  #chunk = NOTHING
  #chunkCharacters = 0
  #offset = 0
  #isNewFile = false
  #isWriting = false
  #cancelRetry: CancelTimer | undefined
  /** It accepts lines while it is open, and writes until it is closed. */
  #state: 'open' | 'closing' | 'closed' = 'open'
  #cancelCloseTimer: CancelTimer | undefined
  readonly #closed = Promise.withResolvers<undefined>()

  constructor({ destination, clock, droppedLine }: LineWriterOptions) {
    this.#destination = destination
    this.#clock = clock
    this.#droppedLine = droppedLine
  }

  /** Accepts one line, which ends with a line feed. */
  write(line: string): void {
    if (this.#state !== 'open') return
    if (this.#waitingCharacters + line.length > MAX_WAITING_CHARACTERS) {
      this.#droppedLines += 1
      return
    }
    this.#add(line)
    this.#pump()
  }

  /** Continues in a new file of the same name. @throws Error of the file system; the old file then stays in use. */
  reopen(): void {
    if (this.#state !== 'open') return
    if (this.#destination.reopen()) this.#isNewFile = true
    this.#retryNow()
  }

  /**
   * Writes the waiting lines, then `last`, and stops at the first failure, or after {@link CLOSE_TIMEOUT_MS}. Never
   * rejects.
   *
   * @param last - a line for which there is always room, or nothing.
   */
  async close(last = ''): Promise<void> {
    if (this.#state === 'open') {
      this.#state = 'closing'
      this.#addDroppedLine()
      if (last !== '') this.#add(last)
      this.#cancelCloseTimer = this.#clock.schedule(CLOSE_TIMEOUT_MS, () => {
        this.#finish()
      })
      this.#retryNow()
    }
    await this.#closed.promise
  }

  #finish(): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#cancelCloseTimer?.()
    this.#destination.close()
    this.#closed.resolve(undefined)
  }

  #pump(): void {
    if (this.#isWriting || this.#cancelRetry !== undefined || this.#state === 'closed') return
    if (this.#isNewFile) this.#rewindToLineStart()
    if (this.#offset === this.#chunk.length) this.#takeLines()
    if (this.#chunk.length === 0) {
      if (this.#state === 'closing') this.#finish()
      return
    }
    this.#isWriting = true
    this.#destination.write(this.#chunk.subarray(this.#offset), (error, writtenBytes) => {
      this.#isWriting = false
      this.#offset += writtenBytes
      if (error === null) this.#pump()
      else this.#retryLater()
    })
  }

  /** A full disk may have cut off a line in the old file; the new file gets the complete line. */
  #rewindToLineStart(): void {
    if (this.#offset > 0) this.#offset = this.#chunk.lastIndexOf(LINE_FEED, this.#offset - 1) + 1
    this.#isNewFile = false
  }

  /** Makes all waiting lines the next chunk. */
  #takeLines(): void {
    this.#waitingCharacters -= this.#chunkCharacters
    this.#addDroppedLine()
    this.#chunk = this.#lines.length === 0 ? NOTHING : Buffer.from(this.#lines.join(''))
    this.#chunkCharacters = this.#waitingCharacters
    this.#offset = 0
    this.#lines.length = 0
  }

  #addDroppedLine(): void {
    if (this.#droppedLines === 0) return
    const line = this.#droppedLine(this.#droppedLines)
    this.#droppedLines = 0
    this.#add(line)
  }

  #add(line: string): void {
    this.#lines.push(line)
    this.#waitingCharacters += line.length
  }

  #retryLater(): void {
    if (this.#state !== 'open') {
      this.#finish()
      return
    }
    this.#cancelRetry = this.#clock.schedule(RETRY_MS, () => {
      this.#retryNow()
    })
  }

  #retryNow(): void {
    this.#cancelRetry?.()
    this.#cancelRetry = undefined
    this.#pump()
  }
}
