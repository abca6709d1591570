import type { Principal } from '../base/principal.ts'
import type { DeliveryError, ProducerRecord } from '../producer/types.ts'

/** What a rule sees and says of the records of one request. */
export interface RuledCall {
  /** Who sent them. */
  readonly principal: Principal
  /** Whether an earlier rule has refused a record: it is not to be counted by the rules behind. */
  isRefused(index: number): boolean
  /** Refuses one record; the others go on. */
  refused(index: number, error: DeliveryError): void
  /** The client should wait so long before it tries again what was refused. The longest of several counts. */
  retryAfter(seconds: number): void
}

/**
 * Decides, record by record, what of a request may go to the producer. Rules are asked one after the other, before a
 * record takes any room, for every record of every API: nothing reaches the producer around them.
 */
export interface AdmissionRule {
  /**
   * Refuses what it must of these records.
   *
   * @returns a promise only where the answer has to be waited for; `undefined` once it has said all it has to say.
   */
  check(records: readonly ProducerRecord[], call: RuledCall): Promise<void> | undefined
}
