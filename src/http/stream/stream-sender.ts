/** Sends the records of one body, a bounded number of bytes ahead of Kafka, and tells their outcomes in order. */
import type { Principal } from '../../base/principal.ts'
import type { Ingest } from '../../ingest/ingest.ts'
import type { PushCall } from '../../ingest/push-call.ts'
import type { ProducerRecord, RecordHeader } from '../../producer/types.ts'
import { type PushOutcome, refusedAlone, withInvalid } from '../push/invalid-records.ts'
import type { Problem } from '../push/problem.ts'

/** Records of one body whose outcome is not told, bytes: with 50 ms to Kafka and back, 40 MB a second. */
const MAX_OUTSTANDING_BYTES = 2 * 1_048_576
/** What a record takes beyond its bytes in the body, bytes. */
const RECORD_BYTES = 64
/**
 * Time that records wait for room in the queue, ms. A client that streams a body is slowed down by this, as it should
 * be, while others fill the queue; it gives up at about the time at which proxies do.
 */
const ROOM_WAIT_MS = 30_000

/** Dependencies and settings of a {@link StreamSender}. */
export interface StreamSenderOptions {
  readonly ingest: Ingest
  readonly principal: Principal
  /** The trace context of the request; `undefined` without one. */
  readonly trace: readonly RecordHeader[] | undefined
  readonly topic: string
  readonly waitForSend: boolean
  /** Whether the outcomes must have the report of each record. */
  readonly keepsReports: boolean
  /**
   * Is told the outcomes of the records of a batch, in the order of the batches. The next batch waits for the promise.
   */
  readonly onOutcome: (outcome: PushOutcome, batch: SentBatch) => Promise<void> | undefined
}

/** The records of one piece of a body. */
export class StreamBatch {
  readonly records: ProducerRecord[] = []
  /** The number of each record in the body, also of invalid ones. */
  readonly numbers: number[] = []
  /** By their place in `numbers`; `undefined` as long as no record is invalid. */
  problems: (Problem | undefined)[] | undefined
  bytes = 0

  /** @param bytes - of the record in the body. */
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
    this.bytes += RECORD_BYTES
  }
}

/** What is kept of a batch until its outcomes are told. */
export type SentBatch = Pick<StreamBatch, 'numbers' | 'problems' | 'bytes'>

interface Outstanding {
  readonly batch: SentBatch
  readonly call: PushCall
}

/** Sends the records of one body. */
export class StreamSender {
  readonly #options: StreamSenderOptions
  readonly #outstanding: Outstanding[] = []
  #outstandingBytes = 0
  #telling: Promise<void> | undefined
  #isAbandoned = false
  /** Of telling, after which nothing more is told. */
  #failure: { readonly error: unknown } | undefined
  #wake: (() => void) | undefined

  constructor(options: StreamSenderOptions) {
    this.#options = options
  }

  /**
   * Sends a batch, and resolves once there is room for a further one.
   *
   * @throws what `onOutcome` threw; whatever else, because of a bug.
   */
  async send({ records, numbers, problems, bytes }: StreamBatch): Promise<void> {
    const { ingest, principal, trace, waitForSend, keepsReports } = this.#options
    const admission = Promise.withResolvers<undefined>()
    const state = { isAdmitted: false }
    const call = ingest.submit(records, {
      ...{ principal, trace, key: undefined, waitsForDelivery: waitForSend, keepsReports },
      roomWaitMs: ROOM_WAIT_MS,
      onAdmission: () => {
        state.isAdmitted = true
        admission.resolve(undefined)
      },
    })
    this.#outstanding.push({ batch: { numbers, problems, bytes }, call })
    this.#outstandingBytes += bytes
    this.#telling ??= Promise.resolve().then(() => this.#tellAll())
    // Until then, only the budget of request bodies counts the records: no further piece may be taken. After a bug
    // there is no admission.
    if (!state.isAdmitted) await Promise.race([admission.promise, call.done])
    while (this.#failure === undefined && this.#outstandingBytes > MAX_OUTSTANDING_BYTES) {
      await new Promise<void>((wake) => {
        this.#wake = wake
      })
    }
    this.#throwFailure()
  }

  /** Resolves once all outcomes are told. Rejects as `send` does. */
  async end(): Promise<void> {
    await this.#telling
    this.#throwFailure()
  }

  /** Nobody is told the outcomes any longer. The records are produced all the same. */
  abandon(): void {
    this.#isAbandoned = true
  }

  /** Runs as long as there are outcomes to tell. Never rejects. */
  async #tellAll(): Promise<void> {
    try {
      for (let first = this.#outstanding[0]; first !== undefined; first = this.#outstanding[0]) {
        if (!first.call.isDone) await first.call.done
        if (!this.#isAbandoned && this.#failure === undefined) await this.#tell(first)
        this.#outstanding.shift()
        this.#outstandingBytes -= first.batch.bytes
        this.#wakeUp()
      }
    } catch (error) {
      this.#failure = { error }
      // The outcomes of the others are of no interest, but a rejection must have somebody who knows of it.
      for (const { call } of this.#outstanding.splice(0)) call.done.catch(() => undefined)
      this.#wakeUp()
    }
    this.#telling = undefined
  }

  #tell({ batch, call }: Outstanding): Promise<void> | undefined {
    const { onOutcome, topic } = this.#options
    const { problems } = batch
    return onOutcome(
      problems
        ? withInvalid(
            call,
            refusedAlone(problems, () => topic),
          )
        : call,
      batch,
    )
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }

  #wakeUp(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }
}
