/**
 * When each leader gets its next request, and which partitions share it. A leader's turn comes when the first
 * of the partitions that wait for it is due. Others that have lingered for more than half of their time then go
 * along: a request costs more than a batch, and linger is a bound, not a promise to wait. (The Java client takes
 * all of them along, which would leave a slow partition beside a fast one without any batches.)
 *
 * Between calls, a leader for which a partition waits has a timer for its next turn, or as many requests in
 * flight as it may have: the end of one is its next turn.
 */
import type { CancelTimer, Clock } from '../clock.ts'
import type { PartitionQueue } from './accumulator.ts'

/** Bytes of the batches in one request, but for the first (the Java client's max.request.size). */
const MAX_REQUEST_BYTES = 1_048_576

/** How much of its linger a batch may be spared when a request goes to its leader anyway. */
const SPARED_LINGER = 0.5

/** What {@link LeaderTurns} work with. */
export interface LeaderTurnsDependencies {
  readonly clock: Clock
  /** `max.in.flight`: requests in flight to one broker. */
  readonly maxInFlight: number
  /** How long the first record of a batch waits for others. */
  readonly lingerMs: () => number
  /** Sends the next batch of each partition to a broker. Resolves when the request is over; never rejects. */
  readonly send: (brokerId: number, queues: readonly PartitionQueue[]) => Promise<void>
}

interface Leader {
  readonly brokerId: number
  /** Partitions that have records and none in flight, in the order in which they came. */
  readonly waiting: Set<PartitionQueue>
  inFlight: number
  /** When the timer fires; Infinity while there is none. */
  dueMs: number
  cancelTimer: CancelTimer | undefined
}

/** See the head of this file. */
export class LeaderTurns {
  readonly #dependencies: LeaderTurnsDependencies
  readonly #leaders = new Map<number, Leader>()
  readonly #leaderOf = new Map<PartitionQueue, Leader>()

  constructor(dependencies: LeaderTurnsDependencies) {
    this.#dependencies = dependencies
  }

  /** Lets a partition wait for the turn of its leader. */
  join(queue: PartitionQueue, brokerId: number): void {
    const leader = this.#leader(brokerId)
    if (this.#leaderOf.get(queue) !== leader) {
      this.leave(queue)
      leader.waiting.add(queue)
      this.#leaderOf.set(queue, leader)
    }
    this.#arm(leader, queue.readyAtMs(this.#dependencies.lingerMs()))
  }

  /** Takes a partition out: it has nothing to send, or nobody to send it to. */
  leave(queue: PartitionQueue): void {
    const leader = this.#leaderOf.get(queue)
    if (!leader) return
    this.#leaderOf.delete(queue)
    leader.waiting.delete(queue)
    if (leader.waiting.size > 0) return
    this.#disarm(leader)
    if (leader.inFlight === 0) this.#leaders.delete(leader.brokerId)
  }

  /** Gives a leader its turn if a partition that waits for it is due. */
  run(brokerId: number): void {
    const leader = this.#leaders.get(brokerId)
    if (leader) this.#run(leader)
  }

  #run(leader: Leader): void {
    this.#disarm(leader)
    while (leader.inFlight < this.#dependencies.maxInFlight) {
      const queues = this.#take(leader)
      if (queues.length === 0) break
      leader.inFlight += 1
      void this.#dependencies.send(leader.brokerId, queues).then(() => {
        leader.inFlight -= 1
        this.#run(leader)
      })
    }
    if (leader.inFlight === this.#dependencies.maxInFlight) return
    if (leader.waiting.size > 0) this.#arm(leader, this.#nextDueMs(leader))
    else if (leader.inFlight === 0) this.#leaders.delete(leader.brokerId)
  }

  /** The partitions that go now; none while no partition is due. */
  #take(leader: Leader): readonly PartitionQueue[] {
    const nowMs = this.#dependencies.clock.nowMs()
    if (this.#nextDueMs(leader) > nowMs) return []
    const lingerMs = this.#dependencies.lingerMs()
    const queues: PartitionQueue[] = []
    let sizeBytes = 0
    for (const queue of leader.waiting) {
      const dueInMs = queue.readyAtMs(lingerMs) - nowMs
      const mayGoEarly = !queue.isHeld && dueInMs < lingerMs * SPARED_LINGER
      if (dueInMs > 0 && !mayGoEarly) continue
      if (queues.length > 0 && sizeBytes + queue.nextBytes > MAX_REQUEST_BYTES) break
      sizeBytes += queue.nextBytes
      queues.push(queue)
    }
    for (const queue of queues) {
      leader.waiting.delete(queue)
      this.#leaderOf.delete(queue)
    }
    return queues
  }

  #nextDueMs(leader: Leader): number {
    const lingerMs = this.#dependencies.lingerMs()
    let dueMs = Infinity
    for (const queue of leader.waiting) dueMs = Math.min(dueMs, queue.readyAtMs(lingerMs))
    return dueMs
  }

  #arm(leader: Leader, dueMs: number): void {
    if (dueMs >= leader.dueMs || leader.inFlight === this.#dependencies.maxInFlight) return
    this.#disarm(leader)
    const { clock } = this.#dependencies
    leader.dueMs = dueMs
    leader.cancelTimer = clock.schedule(dueMs - clock.nowMs(), () => {
      this.#run(leader)
    })
  }

  #disarm(leader: Leader): void {
    leader.cancelTimer?.()
    leader.cancelTimer = undefined
    leader.dueMs = Infinity
  }

  #leader(brokerId: number): Leader {
    let leader = this.#leaders.get(brokerId)
    if (!leader) {
      leader = {
        ...{ brokerId, waiting: new Set(), inFlight: 0 },
        ...{ dueMs: Infinity, cancelTimer: undefined },
      }
      this.#leaders.set(brokerId, leader)
    }
    return leader
  }
}
