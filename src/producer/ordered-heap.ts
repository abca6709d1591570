/**
 * A binary heap: what is first by number, found at once, and anything moved or taken out in logarithmic time.
 * For everything of which thousands may wait, so that no call has to look at all of them.
 *
 * Between calls `#nodes[0]` is the first, no node is before its parent, and each node knows its index.
 */

/** The place of something in an {@link OrderedHeap}, one at most. */
export class HeapNode<Item> {
  readonly item: Item
  /** Where it is; `undefined` while it is nowhere. */
  heap: OrderedHeap<Item> | undefined
  /** What it is ordered by; Infinity until it is first put somewhere. */
  key = Infinity
  /** Tells nodes of the same key apart. */
  order = 0
  /** Where it is in the heap. */
  index = 0

  constructor(item: Item) {
    this.item = item
  }

  /** Whether it is in a heap. */
  get isIn(): boolean {
    return this.heap !== undefined
  }

  /** Takes it out of the heap that it is in. */
  remove(): void {
    this.heap?.delete(this)
  }
}

/** See the head of this file. Nodes of the same key come out in the order in which they were put in. */
export class OrderedHeap<Item> {
  readonly #nodes: HeapNode<Item>[] = []
  #order = 0

  /** Number of nodes. */
  get size(): number {
    return this.#nodes.length
  }

  /** The node with the smallest key. */
  get first(): HeapNode<Item> | undefined {
    return this.#nodes[0]
  }

  /** The smallest key; Infinity when there is none. */
  get firstKey(): number {
    return this.#nodes[0]?.key ?? Infinity
  }

  /** Puts a node in, from wherever it is, or moves it to another key: behind those that have the same. */
  set(node: HeapNode<Item>, key: number): void {
    if (node.heap === this && node.key === key) return
    if (node.heap !== this) {
      node.remove()
      node.heap = this
      node.index = this.#nodes.length
      this.#nodes.push(node)
    }
    node.key = key
    node.order = this.#order++
    this.#settle(node)
  }

  /** Takes a node out, if it is in. */
  delete(node: HeapNode<Item>): void {
    if (node.heap !== this) return
    node.heap = undefined
    const last = this.#nodes.pop()
    if (last && last !== node) {
      this.#place(last, node.index)
      this.#settle(last)
    }
  }

  /** Takes the first node out, if its key is not beyond a limit. */
  takeFirst(limit = Infinity): HeapNode<Item> | undefined {
    const { first } = this
    if (first === undefined || first.key > limit) return undefined
    this.delete(first)
    return first
  }

  /** Moves a node up or down to where it belongs. */
  #settle(node: HeapNode<Item>): void {
    this.#rise(node)
    this.#sink(node)
  }

  #rise(node: HeapNode<Item>): void {
    while (node.index > 0) {
      const parentIndex = (node.index - 1) >> 1
      const parent = this.#nodes[parentIndex]
      if (parent === undefined || !isBefore(node, parent)) return
      this.#place(parent, node.index)
      this.#place(node, parentIndex)
    }
  }

  #sink(node: HeapNode<Item>): void {
    for (;;) {
      const left = this.#nodes[2 * node.index + 1]
      if (left === undefined) return
      const right = this.#nodes[2 * node.index + 2]
      const child = right !== undefined && isBefore(right, left) ? right : left
      if (!isBefore(child, node)) return
      const childIndex = child.index
      this.#place(child, node.index)
      this.#place(node, childIndex)
    }
  }

  #place(node: HeapNode<Item>, index: number): void {
    this.#nodes[index] = node
    node.index = index
  }
}

function isBefore<Item>(one: HeapNode<Item>, other: HeapNode<Item>): boolean {
  return one.key < other.key || (one.key === other.key && one.order < other.order)
}
