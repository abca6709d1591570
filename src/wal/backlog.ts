import type { CancelTimer, Clock } from '../base/clock.ts'
import type { Log } from './log.ts'
import type { LogObserver } from './log-types.ts'

/** How often it is looked whether the backlog is sent, ms. One that is sent before the first look is not worth a line. */
const LOOK_INTERVAL_MS = 1_000
/** Of the looks, every so many tell how far it is. */
const LOOKS_BETWEEN_LINES = 10

/** Dependencies of a {@link Backlog}. */
export interface BacklogOptions {
  readonly log: Pick<Log, 'backlog'>
  /** The folder of the log in `wal.dir`. */
  readonly slot: string
  readonly clock: Clock
  readonly observer: Pick<LogObserver, 'backlog'>
}

/** Tells how far the records of earlier processes are sent. */
export class Backlog {
  readonly #options: BacklogOptions
  #looks = 0
  #cancelTimer: CancelTimer | undefined

  constructor(options: BacklogOptions) {
    this.#options = options
  }

  /** The log begins to be sent. */
  start(): void {
    if (this.#options.log.backlog.files > 0) this.#lookLater()
  }

  /** Tells nothing more. */
  stop(): void {
    this.#cancelTimer?.()
  }

  #lookLater(): void {
    this.#cancelTimer = this.#options.clock.schedule(LOOK_INTERVAL_MS, () => {
      this.#look()
    })
  }

  #look(): void {
    const { log, slot, observer } = this.#options
    const { files, bytes, records } = log.backlog
    if (files === 0) {
      if (records > 0) observer.backlog('sent', { slot, files, bytes, records })
      return
    }
    const isDue = this.#looks % LOOKS_BETWEEN_LINES === 0
    if (isDue)
      observer.backlog(this.#looks === 0 ? 'begun' : 'going on', { slot, files, bytes, records })
    this.#looks += 1
    this.#lookLater()
  }
}
