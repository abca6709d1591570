import type { Principal } from '../base/principal.ts'
import type { ProducerRecord, RecordHeader, RecordProducer } from '../producer/types.ts'
import { AcceptedRecords } from './accepted-records.ts'
import type { AdmissionRule } from './admission-rule.ts'
import type { OpenKey } from './open-key.ts'
import { PushCall } from './push-call.ts'
import { withTrace } from './trace-headers.ts'

/** Stands where the producer would, for clients that do not wait for delivery. */
export interface Journal {
  /**
   * As that of the producer.
   *
   * @param key - to be kept with the records; `undefined` without one.
   */
  sendAll(records: readonly ProducerRecord[], call: PushCall, key?: OpenKey): void
}

/** Dependencies and settings of {@link Ingest}. */
export interface IngestOptions {
  readonly producer: RecordProducer
  /**
   * Takes the records of clients that do not wait for delivery, in place of the producer: the write-ahead log.
   * @defaultValue the producer
   */
  readonly journal?: Journal | undefined
  /** Applied in this order. {@link Ingest.useRules} replaces them. */
  readonly rules: readonly AdmissionRule[]
  /** Time from admission until a record is given up, ms; `Infinity` means never. `message.timeout.ms`. */
  readonly deliveryTimeoutMs: number
  /** Time that a request may wait for room in the queue, ms. `kafka.queue_full_wait_ms`. */
  readonly roomWaitMs: number
}

/** How to send the records of a request. */
export interface Submission {
  readonly principal: Principal
  /** Of the request, if it has an `Idempotency-Key`. */
  readonly key: OpenKey | undefined
  /** The trace context of the request, which its records get as their last headers; `undefined` without one. */
  readonly trace: readonly RecordHeader[] | undefined
  /** True if the client waits until Kafka has the records, false if it waits only until they are admitted. */
  readonly waitsForDelivery: boolean
  /** Whether the reply needs the report of each record, of a client that waits. @defaultValue true */
  readonly keepsReports?: boolean
  /** Time that the records may wait for room in the queue, ms. @defaultValue that of {@link IngestOptions} */
  readonly roomWaitMs?: number
  /** Called once the producer has admitted or refused every record. */
  readonly onAdmission?: (() => void) | undefined
}

/** The only way from an HTTP API to the producer. It applies the same rules to all records. */
export class Ingest {
  readonly #options: IngestOptions
  readonly #accepted: AcceptedRecords
  #rules: readonly AdmissionRule[]

  constructor(options: IngestOptions) {
    this.#options = options
    this.#rules = options.rules
    this.#accepted = new AcceptedRecords(options.deliveryTimeoutMs)
  }

  /** Number of records, since the start, that failed after their client was told that they are accepted. */
  get lostCount(): number {
    return this.#accepted.lostCount
  }

  /** Applies these rules, in this order, to later requests. Those in progress are finished under the old ones. */
  useRules(rules: readonly AdmissionRule[]): void {
    this.#rules = rules
  }

  /** Sends the records of a request that no rule refuses, all together. */
  submit(records: readonly ProducerRecord[], submission: Submission): PushCall {
    const { deliveryTimeoutMs } = this.#options
    const { principal, key, trace, waitsForDelivery, keepsReports = true, onAdmission } = submission
    const call = new PushCall({
      principal,
      recordCount: records.length,
      acceptedBy: waitsForDelivery ? undefined : this.#accepted,
      ...{ keepsReports, deliveryTimeoutMs },
      roomWaitMs: submission.roomWaitMs ?? this.#options.roomWaitMs,
      onAdmission,
    })
    key?.submitted(waitsForDelivery)
    this.#pass(trace === undefined ? records : withTrace(records, trace), call, key, this.#rules)
    return call
  }

  /** Applies the rules, one after another, then sends the records. */
  #pass(
    records: readonly ProducerRecord[],
    call: PushCall,
    key: OpenKey | undefined,
    rules: readonly AdmissionRule[],
  ): void {
    const { producer, journal = producer } = this.#options
    for (const [index, rule] of rules.entries()) {
      const answer = rule.check(records, call)
      if (answer) {
        void this.#after(answer, call, () => {
          this.#pass(records, call, key, rules.slice(index + 1))
        })
        return
      }
    }
    if (call.areAllRefused) call.admissionEnded()
    else if (call.owner === this.#accepted) journal.sendAll(records, call, key)
    else this.#sendWith(key, records, call)
  }

  /** Sends the records once their key is where it survives the process, if there is such a place. */
  #sendWith(key: OpenKey | undefined, records: readonly ProducerRecord[], call: PushCall): void {
    const { producer } = this.#options
    const begun = key?.begun()
    if (begun === undefined) {
      producer.sendAll(records, call)
      return
    }
    void this.#after(begun, call, (refusal) => {
      if (refusal === undefined) {
        producer.sendAll(records, call)
        return
      }
      for (const [index, { topic }] of records.entries()) {
        if (!call.isRefused(index)) call.refused(index, refusal, topic)
      }
      call.admissionEnded()
    })
  }

  async #after<Value>(
    awaited: Promise<Value>,
    call: PushCall,
    next: (value: Value) => void,
  ): Promise<void> {
    try {
      next(await awaited)
    } catch (bug) {
      call.abandon(bug)
    }
  }
}
