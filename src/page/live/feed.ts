import type { CancelTimer, Clock } from '../../base/clock.ts'
import type { LiveSample, LiveSource } from '../../base/live-sample.ts'
import { Figures } from './figures.ts'
import { eventOf } from './server-sent-events.ts'

/** Time from one sample to the next, ms. */
export const SAMPLE_INTERVAL_MS = 1_000

/** Viewers at once: a team and the screen on its wall. */
export const MAX_VIEWERS = 20

/** What one viewer more is told. */
export const TOO_MANY_VIEWERS = `${MAX_VIEWERS} viewers have this page open, and there is room for no more: close one of them.`

/** Events that a viewer may miss in a row, because it does not read, before it is cut off. */
export const MAX_MISSED = 10

/** A browser that shows the page. */
export interface Viewer {
  /** Whether it has read what was sent; if not, the next event is not sent to it. */
  readonly hasRead: boolean
  send(event: string): void
  /** The end of the stream. */
  end(): void
  /** Cuts the connection. */
  cut(): void
}

/** Dependencies of a {@link LiveFeed}. */
export interface LiveFeedOptions {
  readonly source: LiveSource
  readonly clock: Clock
}

/**
 * Tells all viewers once a second what kprf does. One sample is taken for all of them, and none while there is none.
 * A viewer that does not read misses events, and is cut off after {@link MAX_MISSED} of them: nothing is kept for it.
 */
export class LiveFeed {
  readonly #source: LiveSource
  readonly #clock: Clock
  /** With the number of events that each has missed in a row. */
  readonly #viewers = new Map<Viewer, number>()
  #figures = new Figures()
  #cancelTimer: CancelTimer | undefined
  #isTaking = false
  #state: 'open' | 'closed' = 'open'

  constructor({ source, clock }: LiveFeedOptions) {
    this.#source = source
    this.#clock = clock
  }

  /** Number of viewers. */
  get size(): number {
    return this.#viewers.size
  }

  /** Whether one more can be added. */
  get hasRoom(): boolean {
    return this.#viewers.size < MAX_VIEWERS && this.#state === 'open'
  }

  /** Adds a viewer, which is first told whose page it shows. @returns what removes it. */
  add(viewer: Viewer): () => void {
    this.#viewers.set(viewer, 0)
    viewer.send(eventOf('hello', this.#source.identity))
    if (this.#cancelTimer === undefined && !this.#isTaking) void this.#sample()
    return () => {
      this.#viewers.delete(viewer)
    }
  }

  /** Ends the streams of all viewers, who may begin again: the page does so by itself. */
  endAll(): void {
    this.#rest()
    for (const viewer of this.#viewers.keys()) viewer.end()
    this.#viewers.clear()
  }

  /** Ends the streams of all viewers for good. */
  close(): void {
    this.#state = 'closed'
    this.endAll()
  }

  #isClosed(): boolean {
    return this.#state === 'closed'
  }

  async #sample(): Promise<void> {
    this.#cancelTimer = undefined
    if (this.#viewers.size === 0 || this.#isClosed()) {
      this.#rest()
      return
    }
    this.#isTaking = true
    const event = await this.#take()
    this.#isTaking = false
    if (this.#isClosed()) return
    if (event !== undefined) for (const viewer of this.#viewers.keys()) this.#tell(viewer, event)
    this.#cancelTimer = this.#clock.schedule(SAMPLE_INTERVAL_MS, () => void this.#sample())
  }

  /** A sample that cannot be had is left out; the port says in the log why. */
  async #take(): Promise<string | undefined> {
    let sample: LiveSample
    try {
      sample = await this.#source.take()
    } catch {
      return undefined
    }
    return eventOf('figures', this.#figures.next(sample, this.#clock.epochMs()))
  }

  #tell(viewer: Viewer, event: string): void {
    if (viewer.hasRead) {
      this.#viewers.set(viewer, 0)
      viewer.send(event)
      return
    }
    const missed = (this.#viewers.get(viewer) ?? 0) + 1
    this.#viewers.set(viewer, missed)
    if (missed < MAX_MISSED) return
    this.#viewers.delete(viewer)
    viewer.cut()
  }

  /** The next viewer must not be shown rates over the time in which nobody looked. */
  #rest(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#figures = new Figures()
  }
}
