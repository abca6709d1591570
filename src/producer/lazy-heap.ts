import { OrderedHeap, type HeapNode } from './ordered-heap.ts'

/**
 * Finds what comes first by a time that moves by itself: an item is asked for its time again only when it has come to
 * the front. It may be later than its place says, never earlier.
 */
export class LazyHeap<Item> {
  readonly #heap = new OrderedHeap<Item>()
  readonly #timeMsOf: (item: Item) => number

  /** @param timeMsOf - the time of an item; `Infinity` when it has none. */
  constructor(timeMsOf: (item: Item) => number) {
    this.#timeMsOf = timeMsOf
  }

  /** Has an item come up at this time at the latest. */
  watch(node: HeapNode<Item>, timeMs: number): void {
    if (timeMs === Infinity || (node.isIn && node.key <= timeMs)) return
    this.#heap.set(node, timeMs)
  }

  /** The first time of all; `Infinity` when there is none. */
  get firstMs(): number {
    for (let node = this.#heap.first; node; node = this.#heap.first) {
      const timeMs = this.#timeMsOf(node.item)
      if (timeMs === node.key) break
      this.#put(node, timeMs)
    }
    return this.#heap.firstKey
  }

  /** Hands out the items whose time is at or before `nowMs`, first things first, each of them once. */
  visitUntil(nowMs: number, visitor: (item: Item) => void): void {
    const visited: HeapNode<Item>[] = []
    for (let { firstMs } = this; firstMs <= nowMs; firstMs = this.firstMs) {
      const node = this.#heap.takeFirst()
      if (node === undefined) break
      visited.push(node)
      visitor(node.item)
    }
    for (const node of visited) this.#put(node, this.#timeMsOf(node.item))
  }

  #put(node: HeapNode<Item>, timeMs: number): void {
    if (timeMs === Infinity) this.#heap.delete(node)
    else this.#heap.set(node, timeMs)
  }
}
