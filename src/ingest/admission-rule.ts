import type { Principal } from '../base/principal.ts'
import type { DeliveryError, ProducerRecord } from '../producer/types.ts'

/** The records of one request, as a rule sees and decides on them. */
export interface RuledCall {
  /** The client that sent them. */
  readonly principal: Principal
  /** Whether an earlier rule refused a record. Later rules must not count it. */
  isRefused(index: number): boolean
  /** Refuses one record. The others are not affected. */
  refused(index: number, error: DeliveryError, topic?: string): void
  /**
   * Sets how long the client should wait before it sends the refused records again, seconds. The longest of several
   * calls counts.
   */
  retryAfter(seconds: number): void
}

/**
 * Decides which records of a request may go to the producer. Rules are applied in order, before a record takes room
 * in the queue, to every record of every API; no record reaches the producer without them.
 */
export interface AdmissionRule {
  /**
   * Refuses the records that break the rule.
   *
   * @returns a promise only if the decision takes time; otherwise `undefined`.
   */
  check(records: readonly ProducerRecord[], call: RuledCall): Promise<void> | undefined
}
