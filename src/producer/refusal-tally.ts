import type { DeliveryError } from './types.ts'

/**
 * Counts the refused records of a call by topic and error, so that there is one event per topic and error instead
 * of one per record.
 */
export class RefusalTally {
  #counts: Map<DeliveryError, Map<string, number>> | undefined
  // Counts runs: adjacent records nearly always have the same topic and error.
  #topic = ''
  #error: DeliveryError | undefined
  #count = 0

  /** Counts a record. Errors of one kind must be the same object. */
  add(topic: string, error: DeliveryError): void {
    if (error !== this.#error || topic !== this.#topic) {
      this.#endRun()
      this.#topic = topic
      this.#error = error
    }
    this.#count += 1
  }

  /** Calls `report` once for each topic and error. */
  report(report: (topic: string, error: DeliveryError, count: number) => void): void {
    this.#endRun()
    for (const [error, byTopic] of this.#counts ?? []) {
      for (const [topic, count] of byTopic) report(topic, error, count)
    }
  }

  #endRun(): void {
    if (!this.#error) return
    this.#counts ??= new Map()
    let byTopic = this.#counts.get(this.#error)
    if (!byTopic) this.#counts.set(this.#error, (byTopic = new Map<string, number>()))
    byTopic.set(this.#topic, (byTopic.get(this.#topic) ?? 0) + this.#count)
    this.#count = 0
  }
}
