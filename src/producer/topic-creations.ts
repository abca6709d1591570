/**
 * Whose turn it is to be created. A client that makes topic names up must not fill the cluster with topics,
 * so brokers are asked to create only so many a minute, in the order in which the topics came. After a quiet
 * minute as many may go at once.
 */
import type { TopicEntry } from './topic-entry.ts'

const MINUTE_MS = 60_000

/** See the head of this file. */
export class TopicCreations {
  readonly #waiting = new Set<TopicEntry>()
  /** Between one and the next when they go steadily; 0 where there is no limit. */
  readonly #intervalMs: number
  /** How far ahead of that pace they may be. */
  readonly #burstMs: number
  /** When the next one would be due at that pace. */
  #paceMs = -Infinity

  /** @param perMinute - 0 means no limit; may be a fraction, where several processes share a limit. */
  constructor(perMinute: number) {
    this.#intervalMs = perMinute === 0 ? 0 : MINUTE_MS / perMinute
    this.#burstMs = Math.max(0, MINUTE_MS - this.#intervalMs)
  }

  /** When the next topic has its turn; Infinity when none waits. */
  get nextAtMs(): number {
    return this.#waiting.size === 0 ? Infinity : this.#paceMs - this.#burstMs
  }

  /** Lets a topic wait for its turn; one that waits keeps its place. */
  enter(entry: TopicEntry): void {
    this.#waiting.add(entry)
  }

  /** Says whether a topic waits for its turn. */
  has(entry: TopicEntry): boolean {
    return this.#waiting.has(entry)
  }

  /** Takes a topic out that needs no turn any more. */
  leave(entry: TopicEntry): void {
    this.#waiting.delete(entry)
  }

  /**
   * Gives topics their turns, as many as have come.
   *
   * @param begin - takes the topic whose turn it is, or says false: then the turn is that of the next.
   */
  giveTurns(nowMs: number, begin: (entry: TopicEntry) => boolean): void {
    for (const entry of this.#waiting) {
      if (this.nextAtMs > nowMs) return
      this.#waiting.delete(entry)
      if (begin(entry)) this.#paceMs = Math.max(this.#paceMs, nowMs) + this.#intervalMs
    }
  }
}
