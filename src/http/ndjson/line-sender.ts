/** Sends the records of lines, a bounded number of bytes ahead of Kafka, and collects their outcomes in order. */
import type { Principal } from '../../base/principal.ts'
import type { Ingest } from '../../ingest/ingest.ts'
import type { PushCall } from '../../ingest/push-call.ts'
import type { ProducerRecord } from '../../producer/types.ts'
import { refusedAlone, withInvalid } from '../push/invalid-records.ts'
import type { Problem } from '../push/problem.ts'
import type { LineOutcomes } from './line-outcomes.ts'

/** Records of one body whose outcome is not known, bytes: with 50 ms to Kafka and back, 40 MB a second. */
const MAX_OUTSTANDING_BYTES = 2 * 1_048_576
/** What a record takes beyond its value, bytes. */
const RECORD_BYTES = 64
/**
 * Time that records wait for room in the queue, ms. A client that streams a body is slowed down by this, as it should
 * be, while others fill the queue; it gives up at about the time at which proxies do.
 */
const ROOM_WAIT_MS = 30_000

/** Dependencies and settings of a {@link LineSender}. */
export interface LineSenderOptions {
  readonly ingest: Ingest
  readonly principal: Principal
  readonly topic: string
  readonly waitForSend: boolean
  readonly outcomes: LineOutcomes
}

/** The lines of one piece of a body, without empty ones. */
export class LineBatch {
  readonly records: ProducerRecord[] = []
  /** The number of each line. */
  readonly numbers: number[] = []
  /** By line; `undefined` as long as none is invalid. */
  problems: (Problem | undefined)[] | undefined
  bytes = 0

  add(number: number, record: ProducerRecord, bytes: number): void {
    this.numbers.push(number)
    this.records.push(record)
    this.problems?.push(undefined)
    this.bytes += bytes + RECORD_BYTES
  }

  addInvalid(number: number, problem: Problem): void {
    this.problems ??= this.numbers.map(() => undefined)
    this.numbers.push(number)
    this.problems.push(problem)
  }
}

interface Outstanding {
  readonly batch: Pick<LineBatch, 'numbers' | 'problems' | 'bytes'>
  readonly call: PushCall
}

/** Sends the lines of one body. */
export class LineSender {
  readonly #options: LineSenderOptions
  #outstanding: Outstanding[] = []
  #outstandingBytes = 0

  constructor(options: LineSenderOptions) {
    this.#options = options
  }

  /** Sends a batch. @returns once there is room for a further one. */
  async send({ records, numbers, problems, bytes }: LineBatch): Promise<void> {
    const { ingest, principal, waitForSend } = this.#options
    const admission = Promise.withResolvers<undefined>()
    const state = { isAdmitted: false }
    const call = ingest.submit(records, {
      ...{ principal, key: undefined, waitsForDelivery: waitForSend, keepsReports: false },
      roomWaitMs: ROOM_WAIT_MS,
      onAdmission: () => {
        state.isAdmitted = true
        admission.resolve(undefined)
      },
    })
    this.#outstanding.push({ batch: { numbers, problems, bytes }, call })
    this.#outstandingBytes += bytes
    // Until then, only the budget of request bodies counts the records: no further piece may be taken. After a bug
    // there is no admission.
    if (!state.isAdmitted) await Promise.race([admission.promise, call.done])
    await this.#collect((first) => first.isDone || this.#outstandingBytes > MAX_OUTSTANDING_BYTES)
  }

  /** Resolves once the outcome of every record is known. Rejects only because of a bug. */
  end(): Promise<void> {
    return this.#collect(() => true)
  }

  /** Nobody waits for the outcomes any longer. The records are produced all the same. */
  abandon(): void {
    for (const { call } of this.#outstanding) call.done.catch(() => undefined)
  }

  async #collect(isWanted: (first: PushCall) => boolean): Promise<void> {
    for (;;) {
      const [first] = this.#outstanding
      if (first === undefined || !isWanted(first.call)) return
      if (!first.call.isDone) await first.call.done
      this.#outstanding.shift()
      this.#outstandingBytes -= first.batch.bytes
      this.#add(first)
    }
  }

  #add({ batch: { numbers, problems }, call }: Outstanding): void {
    const { outcomes, topic } = this.#options
    const { failures } = problems
      ? withInvalid(
          call,
          refusedAlone(problems, () => topic),
        )
      : call
    if (failures === undefined) {
      outcomes.produced(numbers.length)
      return
    }
    for (const [index, number] of numbers.entries()) {
      const failure = failures[index]
      if (failure === undefined) outcomes.produced(1)
      else outcomes.failed(number, failure)
    }
    outcomes.retryAfter(call.retryAfterSeconds)
  }
}
