import type { RecordOwner } from '../producer/types.ts'

/**
 * Owns the records whose client was told that they are accepted and does not wait for more: if they fail, nobody is
 * left to be told, and they count as lost.
 */
export class AcceptedRecords implements RecordOwner {
  readonly deliveryTimeoutMs: number
  #lostCount = 0

  constructor(deliveryTimeoutMs: number) {
    this.deliveryTimeoutMs = deliveryTimeoutMs
  }

  /** Records, since the start, that failed after their client was told that they are accepted. */
  get lostCount(): number {
    return this.#lostCount
  }

  failed(count: number): void {
    this.#lostCount += count
  }
}
