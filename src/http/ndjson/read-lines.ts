import { ProxyError } from '../../base/errors.ts'
import type { PushMode } from '../../base/push-mode.ts'
import type { BodyStream } from '../body-stream.ts'
import type { HttpMetrics } from '../http-metrics.ts'
import { Problem } from '../push/problem.ts'
import type { WorkTurns } from '../work-turns.ts'
import type { LineOutcomes } from './line-outcomes.ts'
import { LineBatch, type LineSender } from './line-sender.ts'
import { LineSplitter } from './line-splitter.ts'
import type { LineParser } from './parse-line.ts'

/** Dependencies and settings of {@link readLines}. */
export interface LineReading {
  readonly parser: LineParser
  readonly sender: LineSender
  readonly outcomes: Pick<LineOutcomes, 'areTooManyFailed'>
  readonly maxLineBytes: number
  readonly mode: PushMode
  readonly turns: WorkTurns
  readonly metrics: Pick<HttpMetrics, 'recordsReceived' | 'recordsInvalid'>
}

/** How far a body was read. */
export interface LinesRead {
  readonly lineCount: number
  /** Whether the end of the body was reached. */
  readonly isComplete: boolean
  /** Why the rest cannot be read; `undefined` if it can. */
  readonly broken: ProxyError | undefined
}

/**
 * Sends the lines of a body while it arrives, and resolves once all their outcomes are known.
 *
 * @throws ProxyError if the body fails before its first line ends; ClientGone.
 */
export async function readLines(body: BodyStream, reading: LineReading): Promise<LinesRead> {
  const { sender, outcomes, turns } = reading
  const batches = new Batches(body, reading)
  try {
    for await (const piece of body) {
      const turn = turns.enter(piece.length)
      if (turn !== undefined) await turn
      batches.splitter.write(piece)
      await batches.send()
      if (outcomes.areTooManyFailed) return await batches.end(false)
    }
    batches.splitter.end()
    return await batches.end(true)
  } catch (error) {
    if (error instanceof ProxyError && batches.splitter.count > 0) {
      return batches.end(false, error)
    }
    sender.abandon()
    throw error
  }
}

/** Makes a batch of the lines of each piece. */
class Batches {
  readonly splitter: LineSplitter
  readonly #reading: LineReading
  #batch = new LineBatch()

  constructor(body: BodyStream, reading: LineReading) {
    this.#reading = reading
    this.splitter = new LineSplitter(reading.maxLineBytes, {
      line: this.#add.bind(this),
      keep: body.keep.bind(body),
      keepNothing: body.keepNothing.bind(body),
    })
  }

  async send(): Promise<void> {
    const batch = this.#batch
    if (batch.numbers.length === 0) return
    this.#batch = new LineBatch()
    const { metrics, mode, sender } = this.#reading
    metrics.recordsReceived(mode, batch.records)
    const codes = batch.problems?.flatMap((problem) => problem?.code ?? [])
    if (codes !== undefined) metrics.recordsInvalid(mode, codes)
    await sender.send(batch)
  }

  async end(isComplete: boolean, broken?: ProxyError): Promise<LinesRead> {
    await this.send()
    await this.#reading.sender.end()
    return { lineCount: this.splitter.count, isComplete, broken }
  }

  #add(line: Buffer | undefined, number: number): void {
    // The last line of a file often ends with a line feed, and an empty line follows.
    if (line?.length === 0) return
    const record = line === undefined ? this.#tooLong() : this.#reading.parser.parse(line)
    if (record instanceof Problem) this.#batch.addInvalid(number, record)
    else this.#batch.add(number, record, line?.length ?? 0)
  }

  #tooLong(): Problem {
    const { maxLineBytes } = this.#reading
    return new Problem(
      'RECORD_TOO_LARGE',
      `the line has more than ${maxLineBytes} bytes (http.max_body_bytes)`,
    )
  }
}
