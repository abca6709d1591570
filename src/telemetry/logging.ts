/**
 * The log of the process: lines through winston into `output_file`. The only file that imports winston; everything
 * else logs through {@link Logger}.
 */
import { Writable } from 'node:stream'
import winston from 'winston'
import type { Clock } from '../base/clock.ts'
import type { LogFormat, LogLevel } from '../base/log-level.ts'
import { ProxyError } from '../base/errors.ts'
import { assertWritable, openDestination, terminalOf } from './logging/destinations.ts'
import { LineWriter } from './logging/line-writer.ts'
import { formatLine, type LogEntry } from './logging/log-line.ts'
import { FieldLogger, type LogFields, type Logger } from './logging/logger.ts'
import { formatPretty } from './logging/pretty-line.ts'
import { RepeatLimiter } from './logging/repeat-limiter.ts'
import { fileProblem, type Masker, maskerOf, quotedPath } from '../base/quotable.ts'

export type { LogFields, Logger } from './logging/logger.ts'

/** Options of {@link Log}. */
export interface LogOptions {
  /** A file to append to, `/dev/stdout` or `/dev/stderr`. */
  readonly outputFile: string
  /** Lines below this level are not written. */
  readonly level: LogLevel
  /** `auto` is `pretty` on a terminal, else `json`. @defaultValue json */
  readonly format?: LogFormat
  readonly clock: Clock
  /** Secrets to mask in every line, whoever wrote it. @defaultValue none */
  readonly secrets?: readonly string[]
}

/** The last line of a log. */
export interface LastLine {
  readonly level: LogLevel
  readonly msg: string
  readonly fields: LogFields
}

/** Most secrets that are masked: the newest, of a process whose tokens are renewed for months. */
const MAX_SECRETS = 200

/** Most important first. */
const LEVELS = { error: 0, warn: 1, info: 2, debug: 3 } as const satisfies Record<LogLevel, number>

/**
 * Writes the lines of its `logger`. Once the log is open, errors of the output file neither end nor delay the
 * process: lines wait in memory up to a limit, then they are dropped and counted.
 */
export class Log {
  readonly logger: Logger
  #level: LogLevel
  readonly #clock: Clock
  readonly #limiter: RepeatLimiter
  readonly #writer: LineWriter
  readonly #winston: winston.Logger
  readonly #format: (entry: LogEntry) => string
  #secrets: readonly string[]
  #mask: Masker
  #isClosed = false

  /** @throws ProxyError CONFIG_INVALID when the output file cannot be written to. */
  constructor({ outputFile, level, format = 'json', clock, secrets = [] }: LogOptions) {
    this.#secrets = secrets
    this.#mask = maskerOf(secrets)
    this.#format = formatterOf(format, outputFile, (text) => this.#mask(text))
    this.#level = level
    this.#clock = clock
    this.#limiter = new RepeatLimiter(clock)
    this.#writer = new LineWriter({
      destination: orRefused(openDestination, outputFile),
      clock,
      droppedLine: (dropped) => this.#droppedLine(dropped),
    })
    this.#winston = winston.createLogger({
      levels: LEVELS,
      level,
      format: winston.format.printf(({ ts, level, message, fields }) =>
        this.#format({ ts, level, msg: message, fields }),
      ),
      // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- winston types its transports as interfaces
      transports: new winston.transports.Stream({ stream: streamInto(this.#writer), eol: '' }),
    })
    this.logger = new FieldLogger(
      (...line) => {
        this.#write(...line)
      },
      this.#limiter,
      {},
      () => this.#level === 'debug',
    )
  }

  /** Masks these too from now on: all that are in use. Those that they replace may still appear. */
  mask(secrets: readonly string[]): void {
    // Those in use go last, so that none of them is among those left out.
    const replaced = this.#secrets.filter((secret) => !secrets.includes(secret))
    this.#secrets = [...replaced, ...new Set(secrets)].slice(-MAX_SECRETS)
    this.#mask = maskerOf(this.#secrets)
  }

  /** Writes lines of this level, and of more important ones, from now on. */
  useLevel(level: LogLevel): void {
    this.#level = level
    this.#winston.level = level
  }

  /** Continues in a new file of the same name, after the old one was rotated away. */
  reopen(): void {
    try {
      this.#writer.reopen()
    } catch (error) {
      this.logger.error('cannot reopen the log file; still writing to the old one', { error })
    }
  }

  /**
   * Writes the waiting lines, for a second at most, then `last`. Later lines are dropped. Never rejects. Only the
   * first call has an effect.
   */
  async close(last?: LastLine): Promise<void> {
    if (this.#isClosed) return
    this.#limiter.flush()
    this.#isClosed = true
    const isWritten = last && LEVELS[last.level] <= LEVELS[this.#level]
    const lastLine = isWritten ? this.#format({ ts: this.#now(), ...last }) : ''
    await new Promise((resolve) => this.#winston.once('finish', resolve).end())
    await this.#writer.close(lastLine)
  }

  #write(level: LogLevel, message: string, fields: LogFields): void {
    if (this.#isClosed || LEVELS[level] > LEVELS[this.#level]) return
    this.#winston.log({ ts: this.#now(), level, message, fields })
  }

  #droppedLine(dropped: number): string {
    const msg = 'log lines were dropped: the log file was too slow or not writable'
    return this.#format({ ts: this.#now(), level: 'warn', msg, fields: { dropped } })
  }

  #now(): string {
    return new Date(this.#clock.epochMs()).toISOString()
  }
}

function formatterOf(
  format: LogFormat,
  outputFile: string,
  mask: Masker,
): (entry: LogEntry) => string {
  const terminal = terminalOf(outputFile)
  const isPretty = format === 'auto' ? terminal !== undefined : format === 'pretty'
  const hasColours = terminal?.hasColors() === true
  return (entry) => (isPretty ? formatPretty(entry, mask, hasColours) : formatLine(entry, mask))
}

/**
 * Checks that a log could be written to a file, but creates none.
 *
 * @throws ProxyError CONFIG_INVALID if it could not.
 */
export function assertLogWritable(outputFile: string): void {
  orRefused(assertWritable, outputFile)
}

function orRefused<Result>(use: (outputFile: string) => Result, outputFile: string): Result {
  try {
    return use(outputFile)
  } catch (cause) {
    const message = `output_file: cannot write to ${quotedPath(outputFile)}: ${fileProblem(cause)}`
    throw new ProxyError('CONFIG_INVALID', message)
  }
}

/** Calls back at once, so that lines never wait inside winston without a limit. */
function streamInto(writer: LineWriter): Writable {
  return new Writable({
    decodeStrings: false,
    write: (line: string, _encoding, onWritten) => {
      writer.write(line)
      onWritten()
    },
  })
}
