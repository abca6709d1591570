import type { Random } from './partitioner.ts'

/** `reconnect.backoff.ms` and `reconnect.backoff.max.ms`. */
export interface ReconnectBackoffSettings {
  readonly reconnectBackoffMs: number
  readonly reconnectBackoffMaxMs: number
}

/**
 * Computes the wait before the next attempt to connect, as librdkafka does: it doubles, with a jitter of -25 % to
 * +50 %.
 */
export class ReconnectBackoff {
  readonly #settings: ReconnectBackoffSettings
  readonly #random: Random
  #failures = 0

  constructor(settings: ReconnectBackoffSettings, random: Random) {
    this.#settings = settings
    this.#random = random
  }

  /** Returns the wait after one more failure, ms. */
  nextMs(): number {
    const { reconnectBackoffMs, reconnectBackoffMaxMs } = this.#settings
    const backoffMs = reconnectBackoffMs * 2 ** this.#failures * (0.75 + 0.75 * this.#random())
    if (backoffMs < reconnectBackoffMaxMs) this.#failures += 1
    return Math.min(backoffMs, reconnectBackoffMaxMs)
  }

  /** Starts again from the shortest wait, after a success. */
  reset(): void {
    this.#failures = 0
  }
}
