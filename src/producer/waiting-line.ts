import type { CancelTimer } from '../base/clock.ts'
import { HeapNode, OrderedHeap } from './ordered-heap.ts'

/** The entry of one partition in a {@link WaitingLine}. It belongs to the partition, also while it is in no line. */
export class Waiter<Queue> {
  readonly queue: Queue
  /** The line that it is in, if any. */
  line: WaitingLine<Queue> | undefined
  /** Its rank in the line, by arrival. */
  number = 0
  /** Its node in `dueTimes`. */
  readonly due = new HeapNode<Waiter<Queue>>(this)
  /** Its node in `resting`, by the time from which it may join a request, or in `ready`, by its rank. */
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

/** The partitions of one leader that have waiting records and no batch in flight, and the state of its requests. */
export class WaitingLine<Queue> {
  readonly brokerId: number
  /** All partitions of the line, by the time at which they are due. */
  readonly dueTimes = new OrderedHeap<Waiter<Queue>>()
  /** Partitions that may not join a request yet. */
  readonly resting = new OrderedHeap<Waiter<Queue>>()
  /** Partitions that may join a request. */
  readonly ready = new OrderedHeap<Waiter<Queue>>()
  /** Number of partitions that have entered so far. */
  arrivals = 0
  /** Requests in flight. */
  inFlight = 0
  /** When the timer for the next request fires; Infinity without a timer. */
  dueMs = Infinity
  cancelTimer: CancelTimer | undefined

  /** @param brokerId - the node id of the broker. */
  constructor(brokerId: number) {
    this.brokerId = brokerId
  }
}
