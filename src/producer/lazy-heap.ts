import { OrderedHeap, type HeapNode } from './ordered-heap.ts'

/**
 * Finds the first item by a time that may change without notice. The time of an item is read again only when it
 * comes to the front. It may become later than recorded, never earlier.
 */
export class LazyHeap<Item> {
  readonly #heap = new OrderedHeap<Item>()
  readonly #timeMsOf: (item: Item) => number

  /** @param timeMsOf - returns the time of an item; `Infinity` if it has none. */
  constructor(timeMsOf: (item: Item) => number) {
    this.#timeMsOf = timeMsOf
  }

  /** Records that an item's time is at most this. */
  watch(node: HeapNode<Item>, timeMs: number): void {
    if (timeMs === Infinity || (node.isIn && node.key <= timeMs)) return
    this.#heap.set(node, timeMs)
  }

  /** The earliest time; `Infinity` if there is none. */
  get firstMs(): number {
    for (let node = this.#heap.first; node; node = this.#heap.first) {
      const timeMs = this.#timeMsOf(node.item)
      if (timeMs === node.key) break
      this.#put(node, timeMs)
    }
    return this.#heap.firstKey
  }

  /** Calls `visitor` once for each item whose time is at or before `nowMs`, earliest first. */
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
