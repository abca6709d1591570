import type { Principal } from '../base/principal.ts'
import type {
  DeliveryError,
  DeliveryReport,
  FailedDelivery,
  RecordOwner,
  SendCall,
} from '../producer/types.ts'
import type { RuledCall } from './admission-rule.ts'

/** Options of a {@link PushCall}. */
export interface PushCallOptions {
  readonly principal: Principal
  readonly recordCount: number
  /**
   * The owner of the records if the client does not wait for delivery. `undefined` if it waits: then the call is
   * the owner.
   */
  readonly acceptedBy: RecordOwner | undefined
  /** Whether to keep the report of each record until the reply, and not only the failures. */
  readonly keepsReports: boolean
  readonly deliveryTimeoutMs: number
  readonly roomWaitMs: number
  /** Called once the producer has admitted or refused every record. */
  readonly onAdmission: (() => void) | undefined
}

/**
 * The records of one request, from the rules to the reply. It counts what is still open: the producer's decision on
 * all records and, if the client waits for delivery, the outcome of each record. Each record gets one outcome:
 * refused by a rule, refused by the producer, admitted (if the client does not wait), or reported.
 *
 * It keeps no references to records: while thousands wait for delivery, the garbage collector would copy them again
 * and again.
 */
export class PushCall implements SendCall, RuledCall, RecordOwner {
  readonly principal: Principal
  readonly roomWaitMs: number
  readonly deliveryTimeoutMs: number
  /** As an owner: of records whose client does not wait it is none. */
  readonly isAwaited = true
  readonly owner: RecordOwner
  readonly #recordCount: number
  readonly #onAdmission: (() => void) | undefined
  readonly #waitsForDelivery: boolean
  readonly #reports: (DeliveryReport | undefined)[] | undefined
  #failures: (FailedDelivery | undefined)[] | undefined
  /** Adjacent refused records nearly always share one. */
  #lastRefusal: FailedDelivery | undefined
  #retryAfterSeconds: number | undefined
  #refusedCount = 0
  #outstanding: number
  #done: PromiseWithResolvers<undefined> | undefined
  #onDone: (() => void) | undefined
  #onBug: ((bug: unknown) => void) | undefined

  constructor(options: PushCallOptions) {
    const { recordCount, acceptedBy, keepsReports } = options
    this.principal = options.principal
    this.roomWaitMs = options.roomWaitMs
    this.deliveryTimeoutMs = options.deliveryTimeoutMs
    this.owner = acceptedBy ?? this
    this.#recordCount = recordCount
    this.#onAdmission = options.onAdmission
    this.#waitsForDelivery = acceptedBy === undefined
    this.#reports =
      this.#waitsForDelivery && keepsReports
        ? new Array<undefined>(recordCount).fill(undefined)
        : undefined
    this.#outstanding = this.#waitsForDelivery ? 1 + recordCount : 1
  }

  /** Whether every outcome is known. */
  get isDone(): boolean {
    return this.#outstanding === 0
  }

  /** Resolves when every outcome is known. Rejects only because of a bug. */
  get done(): Promise<undefined> {
    this.#done ??= Promise.withResolvers()
    if (this.isDone) this.#done.resolve(undefined)
    return this.#done.promise
  }

  /**
   * The same without a promise, for one caller: `onDone` is called where the last outcome becomes known. Of a call that is
   * done, it hears a moment later.
   */
  whenDone(onDone: () => void, onBug: (bug: unknown) => void): void {
    if (this.isDone || this.#done !== undefined) {
      this.done.then(onDone, onBug)
      return
    }
    this.#onDone = onDone
    this.#onBug = onBug
  }

  /** Failures by record index; `undefined` if no record failed. */
  get failures(): readonly (FailedDelivery | undefined)[] | undefined {
    return this.#failures
  }

  /** Reports by record index; `undefined` if they are not kept. */
  get reports(): readonly (DeliveryReport | undefined)[] | undefined {
    return this.#reports
  }

  /** Seconds until the refused records may be sent again; `undefined` if no rule set it. */
  get retryAfterSeconds(): number | undefined {
    return this.#retryAfterSeconds
  }

  /** Whether every record was refused. */
  get areAllRefused(): boolean {
    return this.#refusedCount === this.#recordCount
  }

  isRefused(index: number): boolean {
    return this.#failures?.[index] !== undefined
  }

  refused(index: number, error: DeliveryError, topic?: string): void {
    const last = this.#lastRefusal
    const refusal: FailedDelivery =
      last?.error === error && last.topic === topic
        ? last
        : // A record that was never admitted is certainly not in Kafka.
          { status: 'notPersisted', topic, error }
    this.#lastRefusal = refusal
    this.#fail(index, refusal)
    this.#refusedCount += 1
    if (this.#waitsForDelivery) this.#countDown()
  }

  retryAfter(seconds: number): void {
    this.#retryAfterSeconds = Math.max(this.#retryAfterSeconds ?? 0, seconds)
  }

  admissionEnded(): void {
    this.#onAdmission?.()
    this.#countDown()
  }

  settled(report: DeliveryReport, index: number): void {
    if (this.#reports) this.#reports[index] = report
    if (report.status !== 'persisted') this.#fail(index, report)
    this.#countDown()
  }

  /** Rejects `done` because of a bug. */
  abandon(bug: unknown): void {
    if (this.#onBug !== undefined) {
      this.#onBug(bug)
      return
    }
    this.#done ??= Promise.withResolvers()
    this.#done.reject(bug)
  }

  #fail(index: number, failure: FailedDelivery): void {
    this.#failures ??= new Array<undefined>(this.#recordCount).fill(undefined)
    this.#failures[index] = failure
  }

  #countDown(): void {
    this.#outstanding -= 1
    if (this.#outstanding > 0) return
    this.#done?.resolve(undefined)
    this.#onDone?.()
  }
}
