import type { Clock } from '../../base/clock.ts'
import type { Random } from '../partitioner.ts'
import { ReconnectBackoff, type ReconnectBackoffSettings } from '../reconnect-backoff.ts'

/** What a {@link BrokerBackoff} works with. */
export interface BrokerBackoffDependencies {
  readonly clock: Clock
  readonly random: Random
}

interface Closed {
  readonly backoff: ReconnectBackoff
  readonly error: unknown
  readonly untilMs: number
}

/**
 * Brokers that could not be reached, each left alone for `reconnect.backoff.ms`, doubling up to
 * `reconnect.backoff.max.ms`: whatever wants a connection meanwhile fails at once, as the last attempt did.
 */
export class BrokerBackoff {
  readonly #settings: ReconnectBackoffSettings
  readonly #dependencies: BrokerBackoffDependencies
  readonly #byBroker = new Map<string, Closed>()

  constructor(settings: ReconnectBackoffSettings, dependencies: BrokerBackoffDependencies) {
    this.#settings = settings
    this.#dependencies = dependencies
  }

  /** @throws what the last attempt failed for, while the broker's backoff lasts. */
  assertOpen(broker: string): void {
    if (this.isClosed(broker)) throw this.#byBroker.get(broker)?.error
  }

  /** Whether the broker's backoff lasts. */
  isClosed(broker: string): boolean {
    const untilMs = this.#byBroker.get(broker)?.untilMs ?? -Infinity
    return this.#dependencies.clock.nowMs() < untilMs
  }

  /** Takes note of an attempt that failed. @returns milliseconds until the next may be made. */
  failed(broker: string, error: unknown): number {
    const { clock, random } = this.#dependencies
    const backoff =
      this.#byBroker.get(broker)?.backoff ?? new ReconnectBackoff(this.#settings, random)
    const backoffMs = backoff.nextMs()
    this.#byBroker.set(broker, { backoff, error, untilMs: clock.nowMs() + backoffMs })
    return backoffMs
  }

  /** Takes note of an attempt that succeeded. */
  succeeded(broker: string): void {
    this.#byBroker.delete(broker)
  }
}
