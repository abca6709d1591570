import type { Clock } from '../../base/clock.ts'
import type { Random } from '../partitioner.ts'
import { ReconnectBackoff, type ReconnectBackoffSettings } from '../reconnect-backoff.ts'

/** Dependencies of a {@link BrokerBackoff}. */
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
 * The backoff of unreachable brokers: kprf does not connect to such a broker for `reconnect.backoff.ms`, doubling
 * up to `reconnect.backoff.max.ms`. Meanwhile each request for a connection fails at once with the error of the
 * last attempt.
 */
export class BrokerBackoff {
  readonly #settings: ReconnectBackoffSettings
  readonly #dependencies: BrokerBackoffDependencies
  readonly #byBroker = new Map<string, Closed>()

  constructor(settings: ReconnectBackoffSettings, dependencies: BrokerBackoffDependencies) {
    this.#settings = settings
    this.#dependencies = dependencies
  }

  /** @throws the error of the last attempt while the broker's backoff lasts. */
  assertOpen(broker: string): void {
    if (this.isClosed(broker)) throw this.#byBroker.get(broker)?.error
  }

  /** Whether the broker is in its backoff. */
  isClosed(broker: string): boolean {
    const untilMs = this.#byBroker.get(broker)?.untilMs ?? -Infinity
    return this.#dependencies.clock.nowMs() < untilMs
  }

  /** Records a failed attempt. @returns milliseconds until the next attempt is allowed. */
  failed(broker: string, error: unknown): number {
    const { clock, random } = this.#dependencies
    const backoff =
      this.#byBroker.get(broker)?.backoff ?? new ReconnectBackoff(this.#settings, random)
    const backoffMs = backoff.nextMs()
    this.#byBroker.set(broker, { backoff, error, untilMs: clock.nowMs() + backoffMs })
    return backoffMs
  }

  /** Records a successful attempt. */
  succeeded(broker: string): void {
    this.#byBroker.delete(broker)
  }
}
