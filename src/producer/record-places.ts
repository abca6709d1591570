import { LazyHeap } from './lazy-heap.ts'
import { HeapNode } from './ordered-heap.ts'

/** A place where records wait in the order of their admission. */
interface Place {
  /** When the oldest record was admitted; `Infinity` when there is none. */
  readonly oldestAdmittedMs: number
  /** When the first record expires; `Infinity` when none does. */
  readonly firstDeadlineMs: number
}

/** The nodes of one place. */
export class PlaceNodes<Item> {
  readonly age: HeapNode<Item>
  readonly deadline: HeapNode<Item>

  constructor(item: Item) {
    this.age = new HeapNode(item)
    this.deadline = new HeapNode(item)
  }

  /** Removes the place. */
  remove(): void {
    this.age.remove()
    this.deadline.remove()
  }
}

/** Finds places with waiting records by age and by deadline, without looking at all places. */
export class RecordPlaces<Item extends Place> {
  readonly #byAge = new LazyHeap<Item>(({ oldestAdmittedMs }) => oldestAdmittedMs)
  readonly #byDeadline = new LazyHeap<Item>(({ firstDeadlineMs }) => firstDeadlineMs)

  /** Records that a place has a record with this admission time and deadline. */
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

  /** Calls `visitor` once for each place with expired records, earliest deadline first. */
  visitExpired(nowMs: number, visitor: (place: Item) => void): void {
    this.#byDeadline.visitUntil(nowMs, visitor)
  }
}
