/** Counts what became of the lines of a body, and writes it. Adjacent lines that failed alike share one element. */
import type { FailedDelivery } from '../../producer/types.ts'
import { pushBody, type Refusal } from '../error-body.ts'
import { codeOfFailure, messageOfFailure, rankOfFailure } from '../error-mapper.ts'
import type { PushOutcome } from '../push/invalid-records.ts'
import { elementOf, MAX_ELEMENT_BYTES } from '../push/record-elements.ts'

/** Elements of a reply. */
const MAX_ELEMENTS = 100
/** Lines that failed, before kprf stops reading: more is no slip of a few lines. */
const MAX_FAILED_LINES = 10_000
/** Of an element: both line numbers. */
const NUMBERS_BYTES = 64
const FRAME_BYTES = 1_024
/** An upper bound of the reply, bytes. */
export const LINES_REPLY_BYTES = FRAME_BYTES + MAX_ELEMENTS * (MAX_ELEMENT_BYTES + NUMBERS_BYTES)

/** Adjacent lines that failed alike. */
interface FailedLines {
  readonly failure: FailedDelivery
  readonly fromLine: number
  toLine: number
}

/** The outcomes of the lines of one body, added in the order of the lines. */
export class LineOutcomes {
  readonly #failed: FailedLines[] = []
  #producedCount = 0
  #failedCount = 0
  #omittedCount = 0
  #retryAfterSeconds: number | undefined
  #decisive: { readonly line: number; readonly failure: FailedDelivery } | undefined

  /** Seconds until refused records may be sent again; `undefined` if no rule set it. */
  get retryAfterSeconds(): number | undefined {
    return this.#retryAfterSeconds
  }

  /** Whether so many lines failed that reading on is of no use. */
  get areTooManyFailed(): boolean {
    return this.#omittedCount > 0 || this.#failedCount > MAX_FAILED_LINES
  }

  /**
   * Adds the outcomes of some lines.
   *
   * @param numbers - of the lines.
   */
  add({ failures, retryAfterSeconds }: PushOutcome, numbers: readonly number[]): void {
    if (failures === undefined) {
      this.produced(numbers.length)
      return
    }
    for (const [index, number] of numbers.entries()) {
      const failure = failures[index]
      if (failure === undefined) this.produced(1)
      else this.failed(number, failure)
    }
    if (retryAfterSeconds !== undefined) {
      this.#retryAfterSeconds = Math.max(this.#retryAfterSeconds ?? 0, retryAfterSeconds)
    }
  }

  /** These lines are in Kafka, or accepted if the client does not wait. */
  produced(count: number): void {
    this.#producedCount += count
  }

  failed(line: number, failure: FailedDelivery): void {
    this.#failedCount += 1
    if (!this.#decisive || rankOfFailure(failure) < rankOfFailure(this.#decisive.failure)) {
      this.#decisive = { line, failure }
    }
    const last = this.#failed.at(-1)
    if (this.#omittedCount > 0) this.#omittedCount += 1
    else if (last?.toLine === line - 1 && areAlike(last.failure, failure)) last.toLine = line
    else if (this.#failed.length < MAX_ELEMENTS) {
      this.#failed.push({ failure, fromLine: line, toLine: line })
    } else this.#omittedCount += 1
  }

  /**
   * Says why the request failed.
   *
   * @param lineCount - lines that were read.
   * @param broken - why the rest of the body could not be read; `undefined` if nothing was wrong with it.
   * @returns `undefined` if every line is produced and the body was read to its end.
   */
  refusal(
    lineCount: number,
    broken: Refusal | undefined,
  ): (Refusal & { topic?: string }) | undefined {
    if (broken !== undefined) {
      return { code: broken.code, message: `after line ${lineCount}: ${broken.message}` }
    }
    if (this.#decisive === undefined) return undefined
    const { line, failure } = this.#decisive
    const { topic } = failure
    const stopped = this.areTooManyFailed
      ? ` (kprf stopped reading after line ${lineCount}, because too many lines failed)`
      : ''
    return {
      code: codeOfFailure(failure),
      message: `line ${line}: ${messageOfFailure(failure)}${stopped}`,
      ...(topic !== undefined && { topic }),
    }
  }

  /** Writes the body of the reply. @param isComplete - whether the body was read to its end. */
  write(
    lineCount: number,
    isComplete: boolean,
    refusal: Refusal | undefined,
    requestId: string,
  ): string {
    const omitted = this.#omittedCount > 0 ? `,"errors_omitted":${this.#omittedCount}` : ''
    const counts = `"lines":${lineCount},"produced":${this.#producedCount},"failed":${this.#failedCount},"complete":${isComplete}`
    if (refusal === undefined) return `{"status":"ok","errors":[],${counts}}`
    return pushBody(this.#failed.map(writeLines), `${omitted},${counts}`, refusal, requestId)
  }
}

function writeLines({ failure, fromLine, toLine }: FailedLines): string {
  return `{"from_line":${fromLine},"to_line":${toLine},${elementOf(failure).slice(1)}`
}

function areAlike(one: FailedDelivery, other: FailedDelivery): boolean {
  if (one === other) return true
  const { error } = one
  const { number, text, detail } = other.error
  return (
    one.status === other.status &&
    (error === other.error ||
      (error.number === number && error.text === text && error.detail === detail))
  )
}
