/**
 * When each leader gets its next request, and which partitions share it. A leader's turn comes when the first
 * of the partitions that wait for it is due. Others that have lingered for more than half of their time then go
 * along: a request costs more than a batch, and linger is a bound, not a promise to wait. (The Java client takes
 * all of them along, which would leave a slow partition beside a fast one without any batches.)
 *
 * Between calls, a leader for which a partition waits has a timer for its next turn, or as many requests in
 * flight as it may have: the end of one is its next turn. A partition is in `dueTimes`, and either in `resting` or
 * in `ready`; thousands may wait, and no call looks at all of them. What is noted of a partition's times may be
 * earlier than they are, since records expire; never later.
 */
import type { CancelTimer, Clock } from '../base/clock.ts'
import type { PartitionQueue } from './accumulator.ts'
import { HeapNode, OrderedHeap } from './ordered-heap.ts'

/** Bytes of the batches in one request, but for the first (the Java client's max.request.size). */
const MAX_REQUEST_BYTES = 1_048_576
/**
 * Batches in one request. kafkajs compares each topic of a request with all others, and the answer is read in one
 * go: with so many both take some 10 ms.
 */
const MAX_REQUEST_BATCHES = 1_000

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

/** A partition that has records and none in flight. */
class Waiter {
  readonly queue: PartitionQueue
  readonly leader: Leader
  /** Counts those of a leader in the order in which they came. */
  readonly number: number
  /** Its place by when it is due. */
  readonly due = new HeapNode<Waiter>(this)
  /** Its place by when it may go along with others, and then by its number. */
  readonly turn = new HeapNode<Waiter>(this)

  constructor(queue: PartitionQueue, leader: Leader) {
    this.queue = queue
    this.leader = leader
    this.number = leader.waiters++
  }
}

interface Leader {
  readonly brokerId: number
  readonly dueTimes: OrderedHeap<Waiter>
  /** Partitions that may not go along yet. */
  readonly resting: OrderedHeap<Waiter>
  /** Those that may. */
  readonly ready: OrderedHeap<Waiter>
  /** How many have come so far. */
  waiters: number
  inFlight: number
  /** When the timer fires; Infinity while there is none. */
  dueMs: number
  cancelTimer: CancelTimer | undefined
}

/** See the head of this file. */
export class LeaderTurns {
  readonly #dependencies: LeaderTurnsDependencies
  readonly #leaders = new Map<number, Leader>()
  readonly #waiters = new Map<PartitionQueue, Waiter>()

  constructor(dependencies: LeaderTurnsDependencies) {
    this.#dependencies = dependencies
  }

  /** Lets a partition wait for the turn of its leader. To be called again when it is due earlier. */
  join(queue: PartitionQueue, brokerId: number): void {
    const leader = this.#leader(brokerId)
    let waiter = this.#waiters.get(queue)
    if (waiter?.leader !== leader) {
      this.leave(queue)
      waiter = new Waiter(queue, leader)
      this.#waiters.set(queue, waiter)
    }
    this.#note(waiter)
    this.#arm(leader, waiter.due.key)
  }

  /** Takes a partition out: it has nothing to send, or nobody to send it to. */
  leave(queue: PartitionQueue): void {
    const waiter = this.#waiters.get(queue)
    if (!waiter) return
    const { leader } = waiter
    this.#remove(waiter)
    if (leader.dueTimes.size > 0) return
    this.#disarm(leader)
    if (leader.inFlight === 0) this.#leaders.delete(leader.brokerId)
  }

  /** Says that batches linger for another time than before. */
  lingerChanged(): void {
    for (const waiter of this.#waiters.values()) this.#note(waiter)
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
    if (leader.dueTimes.size > 0) this.#arm(leader, this.#nextDueMs(leader))
    else if (leader.inFlight === 0) this.#leaders.delete(leader.brokerId)
  }

  /** The partitions that go now; none while no partition is due. */
  #take(leader: Leader): readonly PartitionQueue[] {
    const nowMs = this.#dependencies.clock.nowMs()
    if (this.#nextDueMs(leader) > nowMs) return []
    this.#wakeResting(leader, nowMs)
    const queues: PartitionQueue[] = []
    let sizeBytes = 0
    for (let node = leader.ready.first; node; node = leader.ready.first) {
      if (queues.length === MAX_REQUEST_BATCHES) break
      const { queue } = node.item
      if (!this.#mayGo(queue, nowMs)) {
        // Its oldest records have expired since.
        this.#note(node.item)
        continue
      }
      if (queues.length > 0 && sizeBytes + queue.nextBytes > MAX_REQUEST_BYTES) break
      sizeBytes += queue.nextBytes
      queues.push(queue)
      this.#remove(node.item)
    }
    return queues
  }

  #wakeResting({ resting, ready }: Leader, nowMs: number): void {
    const early: Waiter[] = []
    for (let node = resting.takeFirst(nowMs); node; node = resting.takeFirst(nowMs)) {
      if (this.#mayGo(node.item.queue, nowMs)) ready.set(node, node.item.number)
      else early.push(node.item)
    }
    for (const waiter of early) this.#note(waiter)
  }

  /** When the first partition is due. */
  #nextDueMs({ dueTimes }: Leader): number {
    const lingerMs = this.#dependencies.lingerMs()
    for (let node = dueTimes.first; node; node = dueTimes.first) {
      const dueMs = node.item.queue.readyAtMs(lingerMs)
      if (dueMs <= node.key) break
      dueTimes.set(node, dueMs)
    }
    return dueTimes.firstKey
  }

  /** Whether a partition is due, or may go along with one that is. */
  #mayGo(queue: PartitionQueue, nowMs: number): boolean {
    const lingerMs = this.#dependencies.lingerMs()
    const dueInMs = queue.readyAtMs(lingerMs) - nowMs
    return dueInMs <= 0 || (!queue.isHeld && dueInMs < lingerMs * SPARED_LINGER)
  }

  /** Notes when a partition is due and when it may go along, as things are now. */
  #note({ queue, leader, due, turn }: Waiter): void {
    const lingerMs = this.#dependencies.lingerMs()
    const dueMs = queue.readyAtMs(lingerMs)
    leader.dueTimes.set(due, dueMs)
    leader.resting.set(turn, queue.isHeld ? dueMs : dueMs - lingerMs * SPARED_LINGER)
  }

  #remove({ queue, due, turn }: Waiter): void {
    this.#waiters.delete(queue)
    due.remove()
    turn.remove()
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
        ...{ brokerId, waiters: 0, inFlight: 0, dueMs: Infinity, cancelTimer: undefined },
        dueTimes: new OrderedHeap(),
        resting: new OrderedHeap(),
        ready: new OrderedHeap(),
      }
      this.#leaders.set(brokerId, leader)
    }
    return leader
  }
}
