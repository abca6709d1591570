import type { Clock } from '../../base/clock.ts'

/** How often the line on a terminal is rewritten, ms. */
const TERMINAL_INTERVAL_MS = 100
/** How often a line is written to what is no terminal, ms. */
const PLAIN_INTERVAL_MS = 5_000
/** Moves to the beginning of the line and deletes it. */
const CLEAR_LINE = '\r\u001B[K'

/** Where progress is shown. */
export interface ProgressStream {
  readonly isTTY?: boolean
  write(text: string): unknown
}

/** Settings of a {@link Progress}. */
export interface ProgressOptions {
  readonly stream: ProgressStream
  readonly clock: Pick<Clock, 'nowMs'>
  /** What is done to records, such as `read`. */
  readonly verb: string
  /** The whole work, in the unit of {@link Progress.advance}. */
  readonly total: number
}

/** Shows how far a command is: one line that is rewritten on a terminal, a line now and then elsewhere. */
export class Progress {
  readonly #options: ProgressOptions
  readonly #startMs: number
  readonly #intervalMs: number
  #records = 0
  #done = 0
  #shownMs: number

  constructor(options: ProgressOptions) {
    this.#options = options
    this.#startMs = options.clock.nowMs()
    this.#shownMs = this.#startMs
    this.#intervalMs = options.stream.isTTY === true ? TERMINAL_INTERVAL_MS : PLAIN_INTERVAL_MS
  }

  /** So many more records are done, which are this part of the total. */
  advance(records: number, part: number): void {
    this.#records += records
    this.#done += part
    const nowMs = this.#options.clock.nowMs()
    if (nowMs - this.#shownMs < this.#intervalMs) return
    this.#shownMs = nowMs
    const { total } = this.#options
    const share = Math.min(1, total === 0 ? 1 : this.#done / total)
    const leftMs = (nowMs - this.#startMs) * (1 / share - 1)
    const left = Number.isFinite(leftMs) ? `, ${shownTime(leftMs)} left` : ''
    this.#show(`${this.#text(nowMs)}, ${Math.floor(share * 100)} %${left}`)
  }

  /** Removes the line from the terminal, so that something else can be written there. */
  clear(): void {
    const { stream } = this.#options
    if (stream.isTTY === true) stream.write(CLEAR_LINE)
  }

  /** Shows what was done, and ends the line. */
  end(): void {
    const nowMs = this.#options.clock.nowMs()
    this.#show(`${this.#text(nowMs)} in ${shownTime(nowMs - this.#startMs)}`)
    if (this.#options.stream.isTTY === true) this.#options.stream.write('\n')
  }

  #text(nowMs: number): string {
    const seconds = (nowMs - this.#startMs) / 1_000
    const rate = seconds > 0 ? Math.round(this.#records / seconds) : this.#records
    return `${this.#options.verb} ${counted(this.#records, 'record')}, ${rate}/s`
  }

  #show(text: string): void {
    const { stream } = this.#options
    stream.write(stream.isTTY === true ? `${CLEAR_LINE}${text}` : `${text}\n`)
  }
}

/** `1 record`, `2 records`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

function shownTime(ms: number): string {
  const seconds = Math.round(ms / 1_000)
  if (seconds < 60) return `${seconds} s`
  return seconds < 3_600
    ? `${Math.floor(seconds / 60)} min ${seconds % 60} s`
    : `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`
}
