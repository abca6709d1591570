import type { CancelTimer, Clock } from '../../base/clock.ts'
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

/** What was heard on the connection of a request, as far as it was looked at. */
interface Watched {
  readonly beganMs: number
  bytesHeard: number
  /** When these bytes were noticed. */
  heardMs: number
}

/**
 * A broker that hangs keeps its connections, and whoever waits for its answer may wait until the message
 * timeout, although the partition has a new leader long since. So requests without an answer make kprf ask
 * who leads their partition after a while, and are given up, connection and all, when it is another and nothing
 * was heard on the connection for as long. The broker may have answered other requests, or half of this one, before. One timer serves all requests.
 */
export class StallWatch {
  readonly #dependencies: StallWatchDependencies
  /** Oldest first. */
  readonly #calls = new Map<ProduceCall, Watched>()
  #cancelTimer: CancelTimer | undefined

  constructor(dependencies: StallWatchDependencies) {
    this.#dependencies = dependencies
  }

  /** Watches a request until the function returned is called. */
  watch(call: ProduceCall): () => void {
    const nowMs = this.#dependencies.clock.nowMs()
    this.#calls.set(call, { beganMs: nowMs, bytesHeard: 0, heardMs: nowMs })
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
      if (hasMoved && this.#isSilent(call)) call.abandon()
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
      this.#listen()
      const batches = this.#stalled().flatMap((call) => call.batches)
      for (const topic of new Set(batches.map((batch) => batch.topic))) {
        this.#dependencies.onStalled(topic)
      }
      if (this.#calls.size > 0) this.#schedule(CHECK_INTERVAL_MS)
    })
  }

  /** Notes what was heard since the last look. */
  #listen(): void {
    const nowMs = this.#dependencies.clock.nowMs()
    for (const [call, watched] of this.#calls) {
      const { bytesHeard = 0 } = call
      if (bytesHeard === watched.bytesHeard) continue
      watched.bytesHeard = bytesHeard
      watched.heardMs = nowMs
    }
  }

  /** Whether a request was sent and nothing came on its connection lately: no answer, of others or of itself. */
  #isSilent(call: ProduceCall): boolean {
    const watched = this.#calls.get(call)
    if (!watched || call.bytesHeard !== watched.bytesHeard) return false
    return this.#dependencies.clock.nowMs() - watched.heardMs >= STALLED_AFTER_MS
  }

  #stalled(): readonly ProduceCall[] {
    const sinceMs = this.#dependencies.clock.nowMs() - STALLED_AFTER_MS
    const stalled: ProduceCall[] = []
    for (const [call, { beganMs }] of this.#calls) {
      if (beganMs > sinceMs) break
      stalled.push(call)
    }
    return stalled
  }
}
