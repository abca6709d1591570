import type {
  DeliveryError,
  DeliveryReport,
  ProducerRecord,
  RecordProducer,
  SendCall,
} from '../../src/producer/types.ts'

/** One record that {@link FakeProducer} admitted. */
interface Admitted {
  readonly record: ProducerRecord
  readonly index: number
  readonly call: SendCall
}

/**
 * A scripted producer. By default it admits everything, and reports each record as persisted in partition 0 at the
 * next offset, in a later microtask.
 */
export class FakeProducer implements RecordProducer {
  /** Every record admitted so far, in order. */
  readonly records: ProducerRecord[] = []
  /** How often `sendAll` was called. */
  calls = 0
  readonly #refusals = new Map<number, DeliveryError>()
  readonly #scripted = new Map<number, DeliveryReport>()
  readonly #held: Admitted[] = []
  #isHolding = false
  #seen = 0
  #admission: Promise<undefined> | undefined
  #bug: Error | undefined
  #waiters: (() => void)[] = []

  /** Refuses the nth record from now on, counted from 0. */
  refuseNth(n: number, error: DeliveryError): void {
    this.#refusals.set(this.#seen + n, error)
  }

  /** Refuses the next `count` records. */
  refuseNext(count: number, error: DeliveryError): void {
    for (let n = 0; n < count; n += 1) this.refuseNth(n, error)
  }

  /** Reports the nth record from now on, counted from 0, with this report. */
  reportNth(n: number, report: DeliveryReport): void {
    this.#scripted.set(this.#seen + n, report)
  }

  /** Makes admission wait, as a full queue does, until the returned function is called. */
  holdAdmission(): () => void {
    const { promise, resolve } = Promise.withResolvers<undefined>()
    this.#admission = promise
    return () => {
      this.#admission = undefined
      resolve(undefined)
    }
  }

  /** Holds delivery reports back until {@link FakeProducer.deliver}. */
  holdDelivery(): void {
    this.#isHolding = true
  }

  /** Reports on all records held back, and on later ones as by default. */
  deliver(): void {
    this.#isHolding = false
    for (const admitted of this.#held.splice(0)) this.#report(admitted)
  }

  /** Has the next call throw, as only a bug does. */
  failNextCall(error: Error): void {
    this.#bug = error
  }

  /** Resolves once this many records were admitted in all. */
  admitted(count: number): Promise<void> {
    return this.#until(() => this.records.length >= count)
  }

  /** Resolves once `sendAll` was called this many times. */
  called(count: number): Promise<void> {
    return this.#until(() => this.calls >= count)
  }

  vet(): undefined {
    return undefined
  }

  sendAll(records: readonly ProducerRecord[], call: SendCall): void {
    this.calls += 1
    this.#changed()
    if (this.#bug !== undefined) {
      const bug = this.#bug
      this.#bug = undefined
      throw bug
    }
    void this.#send(records, call)
  }

  async #send(records: readonly ProducerRecord[], call: SendCall): Promise<void> {
    await this.#admission
    for (const [index, record] of records.entries()) {
      if (!call.isRefused(index)) this.#admit({ record, index, call })
    }
    this.#changed()
    call.admissionEnded()
  }

  async #until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) await new Promise<void>((resolve) => this.#waiters.push(resolve))
  }

  #changed(): void {
    for (const wake of this.#waiters.splice(0)) wake()
  }

  #admit(admitted: Admitted): void {
    const refusal = this.#refusals.get(this.#seen)
    if (refusal === undefined) {
      this.#settle(admitted, this.#seen)
      this.records.push(admitted.record)
    } else admitted.call.refused(admitted.index, refusal, admitted.record.topic)
    this.#seen += 1
  }

  #settle(admitted: Admitted, seen: number): void {
    const scripted = this.#scripted.get(seen)
    if (scripted !== undefined)
      queueMicrotask(() => admitted.call.owner.settled?.(scripted, admitted.index))
    else if (this.#isHolding) this.#held.push(admitted)
    else
      queueMicrotask(() => {
        this.#report(admitted)
      })
  }

  #report({ record, index, call }: Admitted): void {
    const offset = BigInt(this.records.indexOf(record))
    const { topic, partition = 0, timestampMs = 1_700_000_000_000 } = record
    const report = { status: 'persisted', topic, partition, offset, timestampMs } as const
    call.owner.settled?.(report, index)
  }
}
