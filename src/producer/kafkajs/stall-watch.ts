/**
 * A broker that hangs keeps its connections, and whoever waits for its answer may wait until the message
 * timeout, although the partition has a new leader long since. So requests that nothing was heard of for a
 * while make kprf ask who leads their partition, and are given up, connection and all, when it is another.
 */
import type { CancelTimer, Clock } from '../../clock.ts'
import type { MetadataSnapshot } from '../transport.ts'
import type { ProduceCall } from './produce-call.ts'

/** Long for an answer, and short of the time in which Kafka notices that a broker hangs (9 s). */
const STALLED_AFTER_MS = 2_000
const CHECK_INTERVAL_MS = 1_000

/** What a {@link StallWatch} works with. */
export interface StallWatchDependencies {
  readonly clock: Clock
  /** Called with a topic again and again while a request of it is stalled. */
  readonly onStalled: (topic: string) => void
}

/** See the head of this file. One timer serves all requests. */
export class StallWatch {
  readonly #dependencies: StallWatchDependencies
  /** When each began, oldest first. */
  readonly #calls = new Map<ProduceCall, number>()
  #cancelTimer: CancelTimer | undefined

  constructor(dependencies: StallWatchDependencies) {
    this.#dependencies = dependencies
  }

  /** Watches a request until the function returned is called. */
  watch(call: ProduceCall): () => void {
    this.#calls.set(call, this.#dependencies.clock.nowMs())
    if (!this.#cancelTimer) this.#schedule(STALLED_AFTER_MS)
    return () => {
      this.#calls.delete(call)
    }
  }

  /** Gives up what is stalled at a silent broker that leads one of its partitions no more. */
  learn({ topics }: MetadataSnapshot): void {
    const stalled = this.#stalled()
    if (stalled.length === 0) return
    const leadersByTopic = new Map(topics.map(({ name, leaders }) => [name, leaders]))
    for (const call of stalled) {
      const hasMoved = call.batches.some(({ topic, partition }) => {
        const leader = leadersByTopic.get(topic)?.[partition]
        return leader !== undefined && leader !== call.leader
      })
      if (hasMoved && call.isUnheard) call.abandon()
    }
  }

  /** Stops watching. */
  close(): void {
    this.#calls.clear()
    this.#cancelTimer?.()
  }

  #schedule(delayMs: number): void {
    this.#cancelTimer = this.#dependencies.clock.schedule(delayMs, () => {
      this.#cancelTimer = undefined
      const batches = this.#stalled().flatMap((call) => call.batches)
      for (const topic of new Set(batches.map((batch) => batch.topic))) {
        this.#dependencies.onStalled(topic)
      }
      if (this.#calls.size > 0) this.#schedule(CHECK_INTERVAL_MS)
    })
  }

  #stalled(): readonly ProduceCall[] {
    const sinceMs = this.#dependencies.clock.nowMs() - STALLED_AFTER_MS
    const stalled: ProduceCall[] = []
    for (const [call, beganMs] of this.#calls) {
      if (beganMs > sinceMs) break
      stalled.push(call)
    }
    return stalled
  }
}
