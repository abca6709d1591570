import type { RecordOwner } from '../producer/types.ts'

/**
 * Owns the records whose clients do not wait for delivery. They were told that their records are accepted, so
 * records that fail afterwards count as lost.
 */
export class AcceptedRecords implements RecordOwner {
  readonly deliveryTimeoutMs: number
  #lostCount = 0

  constructor(deliveryTimeoutMs: number) {
    this.deliveryTimeoutMs = deliveryTimeoutMs
  }

  /** Number of records, since the start, that failed after their client was told that they are accepted. */
  get lostCount(): number {
    return this.#lostCount
  }

  failed(count: number): void {
    this.#lostCount += count
  }
}
