/**
 * Brokers that could not be reached, each left alone for `reconnect.backoff.ms`, doubling up to
 * `reconnect.backoff.max.ms`: whatever wants a connection meanwhile fails at once, as the last attempt did.
 */
import type { Clock } from '../../clock.ts'
import type { Random } from '../partitioner.ts'
import { ReconnectBackoff, type ReconnectBackoffSettings } from '../reconnect-backoff.ts'

/** What a {@link ReconnectGate} works with. */
export interface ReconnectGateDependencies {
  readonly clock: Clock
  readonly random: Random
}

interface Closed {
  readonly backoff: ReconnectBackoff
  error: unknown
  untilMs: number
}

/** See the head of this file. */
export class ReconnectGate {
  readonly #settings: ReconnectBackoffSettings
  readonly #dependencies: ReconnectGateDependencies
  readonly #byBroker = new Map<string, Closed>()

  constructor(settings: ReconnectBackoffSettings, dependencies: ReconnectGateDependencies) {
    this.#settings = settings
    this.#dependencies = dependencies
  }

  /** @throws what the last attempt failed for, while the broker's backoff lasts. */
  assertOpen(broker: string): void {
    const closed = this.#byBroker.get(broker)
    if (closed && this.#dependencies.clock.nowMs() < closed.untilMs) throw closed.error
  }

  /** Takes note of an attempt that failed. */
  failed(broker: string, error: unknown): void {
    const { clock, random } = this.#dependencies
    const backoff =
      this.#byBroker.get(broker)?.backoff ?? new ReconnectBackoff(this.#settings, random)
    this.#byBroker.set(broker, { backoff, error, untilMs: clock.nowMs() + backoff.nextMs() })
  }

  /** Takes note of an attempt that succeeded. */
  succeeded(broker: string): void {
    this.#byBroker.delete(broker)
  }
}
