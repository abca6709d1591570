/** A worker that ran for less, ms, counts as a failed start: its replacement is delayed, longer each time. */
const SHORT_LIFE_MS = 10_000
const REPLACE_BACKOFF_MS = 100
const REPLACE_BACKOFF_MAX_MS = 30_000

/** How long a dead worker stays without a replacement. */
export class ReplaceDelay {
  #shortLives = 0

  /** The delay, ms, after a worker has died that ran for so long. */
  after(lifeMs: number): number {
    this.#shortLives = lifeMs < SHORT_LIFE_MS ? this.#shortLives + 1 : 0
    if (this.#shortLives < 2) return 0
    return Math.min(REPLACE_BACKOFF_MAX_MS, REPLACE_BACKOFF_MS * 2 ** this.#shortLives)
  }
}
