import type { TopicEntry } from './topic-entry.ts'

const MINUTE_MS = 60_000

/**
 * Limits how many topics brokers are asked to create per minute, so that a client with made-up topic names cannot
 * fill the cluster. Topics are created in the order of their arrival. After a quiet minute, a minute's number may
 * be created at once.
 */
export class TopicCreations {
  readonly #waiting = new Set<TopicEntry>()
  /** The interval at a steady rate, ms; 0 means no limit. */
  readonly #intervalMs: number
  /** How far creations may be ahead of the steady rate, ms. */
  readonly #burstMs: number
  /** When the next creation is due at the steady rate. */
  #paceMs = -Infinity

  /** @param perMinute - 0 means no limit; a fraction is the share of one process. */
  constructor(perMinute: number) {
    this.#intervalMs = perMinute === 0 ? 0 : MINUTE_MS / perMinute
    this.#burstMs = Math.max(0, MINUTE_MS - this.#intervalMs)
  }

  /** When the next topic may be created; Infinity if none waits. */
  get nextAtMs(): number {
    return this.#waiting.size === 0 ? Infinity : this.#paceMs - this.#burstMs
  }

  /** Adds a topic to the line; one that is already in it keeps its place. */
  enter(entry: TopicEntry): void {
    this.#waiting.add(entry)
  }

  /** Whether a topic waits in line. */
  has(entry: TopicEntry): boolean {
    return this.#waiting.has(entry)
  }

  /** Removes a topic from the line. */
  leave(entry: TopicEntry): void {
    this.#waiting.delete(entry)
  }

  /**
   * Starts as many creations as are due.
   *
   * @param begin - starts the creation of a topic; returns false if it is not needed, and then the next topic has
   * its turn.
   */
  giveTurns(nowMs: number, begin: (entry: TopicEntry) => boolean): void {
    for (const entry of this.#waiting) {
      if (this.nextAtMs > nowMs) return
      this.#waiting.delete(entry)
      if (begin(entry)) this.#paceMs = Math.max(this.#paceMs, nowMs) + this.#intervalMs
    }
  }
}
