import type { Principal } from '../base/principal.ts'
import type { ProducerRecord, RecordProducer } from '../producer/types.ts'
import { AcceptedRecords } from './accepted-records.ts'
import type { AdmissionRule } from './admission-rule.ts'
import { PushCall } from './push-call.ts'

/** Dependencies and settings of {@link Ingest}. */
export interface IngestOptions {
  readonly producer: RecordProducer
  /**
   * Takes the records of clients that do not wait for delivery, in place of the producer: the write-ahead log.
   * @defaultValue the producer
   */
  readonly journal?: Pick<RecordProducer, 'sendAll'> | undefined
  /** Applied in this order. */
  readonly rules: readonly AdmissionRule[]
  /** Time from admission until a record is given up, ms; `Infinity` means never. `message.timeout.ms`. */
  readonly deliveryTimeoutMs: number
  /** Time that a request may wait for room in the queue, ms. `kafka.queue_full_wait_ms`. */
  readonly roomWaitMs: number
}

/** How to send the records of a request. */
export interface Submission {
  readonly principal: Principal
  /** True if the client waits until Kafka has the records, false if it waits only until they are admitted. */
  readonly waitsForDelivery: boolean
  /** Called once the producer has admitted or refused every record. */
  readonly onAdmission?: (() => void) | undefined
}

/** The only way from an HTTP API to the producer. It applies the same rules to all records. */
export class Ingest {
  readonly #options: IngestOptions
  readonly #accepted: AcceptedRecords

  constructor(options: IngestOptions) {
    this.#options = options
    this.#accepted = new AcceptedRecords(options.deliveryTimeoutMs)
  }

  /** Number of records, since the start, that failed after their client was told that they are accepted. */
  get lostCount(): number {
    return this.#accepted.lostCount
  }

  /** Sends the records of a request that no rule refuses, all together. */
  submit(records: readonly ProducerRecord[], submission: Submission): PushCall {
    const { deliveryTimeoutMs, roomWaitMs } = this.#options
    const { principal, waitsForDelivery, onAdmission } = submission
    const call = new PushCall({
      principal,
      recordCount: records.length,
      acceptedBy: waitsForDelivery ? undefined : this.#accepted,
      deliveryTimeoutMs,
      roomWaitMs,
      onAdmission,
    })
    this.#pass(records, call, 0)
    return call
  }

  /** Applies the rules from index `from` on, then sends the records. */
  #pass(records: readonly ProducerRecord[], call: PushCall, from: number): void {
    const { rules, producer, journal = producer } = this.#options
    for (let index = from; index < rules.length; index += 1) {
      const answer = rules[index]?.check(records, call)
      if (answer) {
        void this.#passAfter(answer, records, call, index + 1)
        return
      }
    }
    if (call.areAllRefused) call.admissionEnded()
    else if (call.owner === this.#accepted) journal.sendAll(records, call)
    else producer.sendAll(records, call)
  }

  async #passAfter(
    answer: Promise<void>,
    records: readonly ProducerRecord[],
    call: PushCall,
    from: number,
  ): Promise<void> {
    try {
      await answer
      this.#pass(records, call, from)
    } catch (bug) {
      call.abandon(bug)
    }
  }
}
