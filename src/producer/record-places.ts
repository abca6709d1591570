/** Where records wait, found by time: no call has to look at all places. */
import { LazyHeap } from './lazy-heap.ts'
import { HeapNode } from './ordered-heap.ts'

/** Where records wait in the order in which they were admitted. */
interface Place {
  /** When the oldest record was admitted; `Infinity` when there is none. */
  readonly oldestAdmittedMs: number
  /** When the first record expires; `Infinity` when none does. */
  readonly firstDeadlineMs: number
}

/** A place among the others. */
export class PlaceNodes<Item> {
  readonly age: HeapNode<Item>
  readonly deadline: HeapNode<Item>

  constructor(item: Item) {
    this.age = new HeapNode(item)
    this.deadline = new HeapNode(item)
  }

  /** Takes the place away from the others. */
  remove(): void {
    this.age.remove()
    this.deadline.remove()
  }
}

/** See the head of this file. */
export class RecordPlaces<Item extends Place> {
  readonly #byAge = new LazyHeap<Item>(({ oldestAdmittedMs }) => oldestAdmittedMs)
  readonly #byDeadline = new LazyHeap<Item>(({ firstDeadlineMs }) => firstDeadlineMs)

  /** Notes that a place has a record that was admitted at one time and expires at another. */
  watch({ age, deadline }: PlaceNodes<Item>, admittedMs: number, deadlineMs: number): void {
    this.#byAge.watch(age, admittedMs)
    this.#byDeadline.watch(deadline, deadlineMs)
  }

  /** When the oldest record was admitted; `Infinity` when there is none. */
  get oldestAdmittedMs(): number {
    return this.#byAge.firstMs
  }

  /** When the first record expires; `Infinity` when none does. */
  get firstDeadlineMs(): number {
    return this.#byDeadline.firstMs
  }

  /** Hands out the places with records that have expired, the first to expire first, each of them once. */
  visitExpired(nowMs: number, visitor: (place: Item) => void): void {
    this.#byDeadline.visitUntil(nowMs, visitor)
  }
}
