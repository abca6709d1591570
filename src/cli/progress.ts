import type { Clock } from '../base/clock.ts'

/** How often the line on a terminal is rewritten, ms. */
const TERMINAL_INTERVAL_MS = 1_000
/** How often a line is written to what is no terminal, ms. */
const PLAIN_INTERVAL_MS = 10_000
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
  /** What is done, such as `read`. */
  readonly verb: string
  /** What it is done to, for one of them. @defaultValue `record` */
  readonly noun?: string
  /** The whole work, in the unit of {@link Progress.advance}. */
  readonly total: number
}

/** Shows how far a command is: one line that is rewritten on a terminal, a line now and then elsewhere. */
export class Progress {
  readonly #options: ProgressOptions
  readonly #startMs: number
  readonly #intervalMs: number
  #count = 0
  #done = 0
  #doing = ''
  #shownMs: number

  constructor(options: ProgressOptions) {
    this.#options = options
    this.#startMs = options.clock.nowMs()
    this.#shownMs = this.#startMs
    this.#intervalMs = options.stream.isTTY === true ? TERMINAL_INTERVAL_MS : PLAIN_INTERVAL_MS
  }

  /** How often it may show something, ms. */
  get intervalMs(): number {
    return this.#intervalMs
  }

  /** Says what is being done now. */
  doing(what: string): void {
    this.#doing = what
    this.advance(0, 0)
  }

  /** So many more are done, which are this part of the total. */
  advance(count: number, part: number): void {
    this.#count += count
    this.#done += part
    const nowMs = this.#options.clock.nowMs()
    if (nowMs - this.#shownMs < this.#intervalMs) return
    this.#shownMs = nowMs
    const { total } = this.#options
    const share = Math.min(1, total === 0 ? 1 : this.#done / total)
    const leftMs = (nowMs - this.#startMs) * (1 / share - 1)
    const left = Number.isFinite(leftMs) ? `, ${shownTime(leftMs)} left` : ''
    const doing = this.#doing === '' ? '' : `: ${this.#doing}`
    this.#show(`${this.#text(nowMs)}, ${Math.floor(share * 100)} %${left}${doing}`)
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
    const { verb, noun = 'record' } = this.#options
    const seconds = (nowMs - this.#startMs) / 1_000
    const rate = Math.round(seconds > 0 ? this.#count / seconds : this.#count)
    return `${verb} ${counted(this.#count, noun)}${rate > 0 ? `, ${rate}/s` : ''}`
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
