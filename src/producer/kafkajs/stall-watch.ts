/**
 * A broker that hangs keeps its connections, and whoever waits for its answer may wait until the message
 * timeout, although the partition has a new leader long since. So requests that nothing was heard of for a
 * while make kprf ask who leads their partition, and are given up, connection and all, when it is another.
 */
import type { CancelTimer, Clock } from '../../clock.ts'
import type { MetadataSnapshot } from '../transport.ts'
import type { Carrier } from './carrier.ts'

/** Long for an answer, and short of the time in which Kafka notices that a broker hangs (9 s). */
const STALLED_AFTER_MS = 2_000
const CHECK_INTERVAL_MS = 1_000

/** A request on its way. */
export interface WatchedRequest {
  readonly topic: string
  readonly partition: number
  readonly carrier: Carrier
}

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
  readonly #requests = new Map<WatchedRequest, number>()
  #cancelTimer: CancelTimer | undefined

  constructor(dependencies: StallWatchDependencies) {
    this.#dependencies = dependencies
  }

  /** Watches a request until the function returned is called. */
  watch(request: WatchedRequest): () => void {
    this.#requests.set(request, this.#dependencies.clock.nowMs())
    if (!this.#cancelTimer) this.#schedule(STALLED_AFTER_MS)
    return () => {
      this.#requests.delete(request)
    }
  }

  /** Gives up what is stalled at a broker that leads its partition no more. */
  learn({ topics }: MetadataSnapshot): void {
    for (const { topic, partition, carrier } of this.#stalled()) {
      const leader = topics.find(({ name }) => name === topic)?.leaders[partition]
      if (leader !== undefined && carrier.isUnheardAtOtherThan(leader)) carrier.abandon()
    }
  }

  /** Stops watching. */
  close(): void {
    this.#requests.clear()
    this.#cancelTimer?.()
  }

  #schedule(delayMs: number): void {
    this.#cancelTimer = this.#dependencies.clock.schedule(delayMs, () => {
      this.#cancelTimer = undefined
      for (const topic of new Set(this.#stalled().map((request) => request.topic))) {
        this.#dependencies.onStalled(topic)
      }
      if (this.#requests.size > 0) this.#schedule(CHECK_INTERVAL_MS)
    })
  }

  #stalled(): readonly WatchedRequest[] {
    const sinceMs = this.#dependencies.clock.nowMs() - STALLED_AFTER_MS
    const stalled: WatchedRequest[] = []
    for (const [request, beganMs] of this.#requests) {
      if (beganMs > sinceMs) break
      stalled.push(request)
    }
    return stalled
  }
}
