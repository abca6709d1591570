/** The interface that kprf logs through, and its handling of fields and repeats. */
import type { LogLevel } from '../../base/log-level.ts'
import type { RepeatLimiter } from './repeat-limiter.ts'

/** Named values of one line. Fields with secret names are redacted; bytes are never written. */
export type LogFields = Readonly<Record<string, unknown>>

/** Logs lines of four levels. No method throws, waits or blocks. */
export interface Logger {
  /** Whether lines of level `debug` are written. To be asked before lines that cost work for each request. */
  readonly isDebug: boolean
  error(msg: string, fields?: LogFields): void
  warn(msg: string, fields?: LogFields): void
  info(msg: string, fields?: LogFields): void
  debug(msg: string, fields?: LogFields): void
  /**
   * Logs an event that may be frequent: at most ten lines per second and key. Further lines are counted, and one
   * more line with the same `msg` then has their number as `suppressed`.
   *
   * @param key - a constant in the code, never made from client input.
   * @param kind - the fields that all lines of the key have: that one too.
   */
  limited(level: LogLevel, key: string, msg: string, fields?: LogFields, kind?: LogFields): void
  /** Returns a logger that adds these fields to each of its lines. */
  child(fields: LogFields): Logger
}

/** Receives a line with all its fields. */
export type LineListener = (level: LogLevel, msg: string, fields: LogFields) => void

/** Adds its own fields to each line, and limits repeats. */
export class FieldLogger implements Logger {
  readonly #onLine: LineListener
  readonly #limiter: RepeatLimiter
  readonly #fields: LogFields
  readonly #isDebug: () => boolean

  /**
   * @param limiter - shared by a logger and its children.
   * @param isDebug - whether `onLine` writes lines of level `debug`.
   */
  constructor(
    onLine: LineListener,
    limiter: RepeatLimiter,
    fields: LogFields = {},
    isDebug: () => boolean = () => true,
  ) {
    this.#onLine = onLine
    this.#limiter = limiter
    this.#fields = fields
    this.#isDebug = isDebug
  }

  get isDebug(): boolean {
    return this.#isDebug()
  }

  error(msg: string, fields?: LogFields): void {
    this.#log('error', msg, fields)
  }

  warn(msg: string, fields?: LogFields): void {
    this.#log('warn', msg, fields)
  }

  info(msg: string, fields?: LogFields): void {
    this.#log('info', msg, fields)
  }

  debug(msg: string, fields?: LogFields): void {
    this.#log('debug', msg, fields)
  }

  limited(level: LogLevel, key: string, msg: string, fields?: LogFields, kind?: LogFields): void {
    const isAdmitted = this.#limiter.admit(key, (suppressed) => {
      this.#log(level, msg, { ...kind, suppressed })
    })
    if (isAdmitted) this.#log(level, msg, fields)
  }

  child(fields: LogFields): Logger {
    return new FieldLogger(
      this.#onLine,
      this.#limiter,
      { ...this.#fields, ...fields },
      this.#isDebug,
    )
  }

  #log(level: LogLevel, msg: string, fields: LogFields | undefined): void {
    this.#onLine(level, msg, { ...this.#fields, ...fields })
  }
}
