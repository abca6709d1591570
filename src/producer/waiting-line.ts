import type { CancelTimer } from '../base/clock.ts'
import { HeapNode, OrderedHeap } from './ordered-heap.ts'

/** The place of one partition in the {@link WaitingLine} of its leader. It has one for good, and is mostly in none. */
export class Waiter<Queue> {
  readonly queue: Queue
  /** The line that it is in, if any. */
  line: WaitingLine<Queue> | undefined
  /** Its rank by arrival in its line. */
  number = 0
  /** Its node by due time. */
  readonly due = new HeapNode<Waiter<Queue>>(this)
  /** Its node by the time from which it may join a request (`resting`), or by its rank (`ready`). */
  readonly turn = new HeapNode<Waiter<Queue>>(this)

  constructor(queue: Queue) {
    this.queue = queue
  }

  /** Enters a line, as the last. */
  enter(line: WaitingLine<Queue>): void {
    this.line = line
    this.number = line.arrivals++
  }

  /** Leaves its line, if any. */
  leave(): void {
    this.line = undefined
    this.due.remove()
    this.turn.remove()
  }
}

/** The partitions with waiting records and no batch in flight that one broker leads, and its next request. */
export class WaitingLine<Queue> {
  readonly brokerId: number
  readonly dueTimes = new OrderedHeap<Waiter<Queue>>()
  /** Partitions that may not join a request yet. */
  readonly resting = new OrderedHeap<Waiter<Queue>>()
  /** Partitions that may join a request. */
  readonly ready = new OrderedHeap<Waiter<Queue>>()
  /** Number of partitions that have entered so far. */
  arrivals = 0
  /** Requests in flight. */
  inFlight = 0
  /** When the timer fires; Infinity without a timer. */
  dueMs = Infinity
  cancelTimer: CancelTimer | undefined

  /** @param brokerId - the node id of the broker. */
  constructor(brokerId: number) {
    this.brokerId = brokerId
  }
}
