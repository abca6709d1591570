import type { CancelTimer, Clock } from '../../base/clock.ts'
import type { MetadataSnapshot } from '../transport.ts'
import type { ProduceCall } from './produce-call.ts'

/**
 * A request counts as stalled after this time without an answer, ms. An answer rarely takes so long, and Kafka needs more
 * time (9 s) to notice a broker that hangs.
 */
const STALLED_AFTER_MS = 2_000
const CHECK_INTERVAL_MS = 1_000

/** Dependencies of a {@link StallWatch}. */
export interface StallWatchDependencies {
  readonly clock: Clock
  /** Called repeatedly with a topic while a request of it is stalled. */
  readonly onStalled: (topic: string) => void
}

/** The bytes received on the connection of a request, as of the last check. */
interface Watched {
  readonly beganMs: number
  bytesHeard: number
  /** When these bytes were noticed, ms. */
  heardMs: number
}

/**
 * Finds requests to brokers that hang. Such a broker keeps its connections open, and records may wait for its answer
 * until the message timeout, although their partition has had a new leader for long. So kprf asks for metadata of the
 * topics of stalled requests. It gives up a request, and its connection, if a partition of it has another leader and the
 * connection has been silent for 2 s. (Answers to other requests, or a part of an answer, may have come before.) One
 * timer serves all requests.
 */
export class StallWatch {
  readonly #dependencies: StallWatchDependencies
  /** Oldest first. */
  readonly #calls = new Map<ProduceCall, Watched>()
  #cancelTimer: CancelTimer | undefined

  constructor(dependencies: StallWatchDependencies) {
    this.#dependencies = dependencies
  }

  /** Watches a request until the returned function is called. */
  watch(call: ProduceCall): () => void {
    const nowMs = this.#dependencies.clock.nowMs()
    this.#calls.set(call, { beganMs: nowMs, bytesHeard: 0, heardMs: nowMs })
    if (!this.#cancelTimer) this.#schedule(STALLED_AFTER_MS)
    return () => {
      this.#calls.delete(call)
    }
  }

  /** Gives up requests at a silent broker that no longer leads one of their partitions. */
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

  /** Records the bytes received since the last check. */
  #listen(): void {
    const nowMs = this.#dependencies.clock.nowMs()
    for (const [call, watched] of this.#calls) {
      const { bytesHeard = 0 } = call
      if (bytesHeard === watched.bytesHeard) continue
      watched.bytesHeard = bytesHeard
      watched.heardMs = nowMs
    }
  }

  /** Whether a request was sent and nothing has arrived on its connection recently. */
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
