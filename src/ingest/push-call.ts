import type { Principal } from '../base/principal.ts'
import type {
  DeliveryError,
  DeliveryReport,
  FailedDelivery,
  RecordOwner,
  SendCall,
} from '../producer/types.ts'
import type { RuledCall } from './admission-rule.ts'

/** What a {@link PushCall} is made of. */
export interface PushCallOptions {
  readonly principal: Principal
  readonly recordCount: number
  /** Owns the records if the client does not wait for their delivery; `undefined` if it does: then the call does. */
  readonly acceptedBy: RecordOwner | undefined
  readonly deliveryTimeoutMs: number
  readonly roomWaitMs: number
  /** Called once the producer has admitted or refused every record. */
  readonly onAdmission: (() => void) | undefined
}

/** The failure of a refused record, by its error: nearly all records of a push share one. */
const REFUSED = new WeakMap<DeliveryError, FailedDelivery>()

/**
 * The records of one request, from the rules to the reply. It counts down what is still open: that the producer has
 * decided on every record and, if the client waits for delivery, the end of each record. Every record ends once: it is
 * refused by a rule, refused by the producer, admitted (nobody waits), or reported.
 *
 * It holds on to no record: while thousands wait for delivery, the collector would copy them again and again.
 */
export class PushCall implements SendCall, RuledCall, RecordOwner {
  readonly principal: Principal
  readonly roomWaitMs: number
  readonly deliveryTimeoutMs: number
  readonly owner: RecordOwner
  readonly #recordCount: number
  readonly #onAdmission: (() => void) | undefined
  readonly #reports: (DeliveryReport | undefined)[] | undefined
  #failures: (FailedDelivery | undefined)[] | undefined
  #retryAfterSeconds: number | undefined
  #refusedCount = 0
  #outstanding: number
  #done: PromiseWithResolvers<undefined> | undefined

  constructor(options: PushCallOptions) {
    const { recordCount, acceptedBy } = options
    this.principal = options.principal
    this.roomWaitMs = options.roomWaitMs
    this.deliveryTimeoutMs = options.deliveryTimeoutMs
    this.owner = acceptedBy ?? this
    this.#recordCount = recordCount
    this.#onAdmission = options.onAdmission
    this.#reports = acceptedBy ? undefined : new Array<undefined>(recordCount).fill(undefined)
    this.#outstanding = acceptedBy ? 1 : 1 + recordCount
  }

  /** Whether nothing is open any more. */
  get isDone(): boolean {
    return this.#outstanding === 0
  }

  /** Resolves when nothing is open any more. Rejects because of a bug only. */
  get done(): Promise<undefined> {
    this.#done ??= Promise.withResolvers()
    if (this.isDone) this.#done.resolve(undefined)
    return this.#done.promise
  }

  /** By record index; `undefined` when no record failed. */
  get failures(): readonly (FailedDelivery | undefined)[] | undefined {
    return this.#failures
  }

  /** By record index; `undefined` when delivery was not waited for. */
  get reports(): readonly (DeliveryReport | undefined)[] | undefined {
    return this.#reports
  }

  /** When a rule would let through what it refused; `undefined` where none said. */
  get retryAfterSeconds(): number | undefined {
    return this.#retryAfterSeconds
  }

  /** Whether nothing is left to be sent. */
  get areAllRefused(): boolean {
    return this.#refusedCount === this.#recordCount
  }

  isRefused(index: number): boolean {
    return this.#failures?.[index] !== undefined
  }

  refused(index: number, error: DeliveryError): void {
    this.#fail(index, refusalOf(error))
    this.#refusedCount += 1
    if (this.#reports) this.#countDown()
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

  /** Ends the call because of a bug. */
  abandon(bug: unknown): void {
    this.#done ??= Promise.withResolvers()
    this.#done.reject(bug)
  }

  #fail(index: number, failure: FailedDelivery): void {
    this.#failures ??= new Array<undefined>(this.#recordCount).fill(undefined)
    this.#failures[index] = failure
  }

  #countDown(): void {
    this.#outstanding -= 1
    if (this.#outstanding === 0) this.#done?.resolve(undefined)
  }
}

/** What was never admitted is certainly not in Kafka. */
function refusalOf(error: DeliveryError): FailedDelivery {
  let failure = REFUSED.get(error)
  if (failure === undefined) {
    failure = { status: 'notPersisted', error }
    REFUSED.set(error, failure)
  }
  return failure
}
