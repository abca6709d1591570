/** The node of an item. It is in at most one {@link OrderedHeap} at a time. */
export class HeapNode<Item> {
  readonly item: Item
  /** The heap that it is in, if any. */
  heap: OrderedHeap<Item> | undefined
  /** Its sort key; Infinity before it is first in a heap. */
  key = Infinity
  /** Orders nodes with the same key. */
  order = 0
  /** Its index in the heap. */
  index = 0

  constructor(item: Item) {
    this.item = item
  }

  /** Whether it is in a heap. */
  get isIn(): boolean {
    return this.heap !== undefined
  }

  /** Removes it from its heap, if any. */
  remove(): void {
    this.heap?.delete(this)
  }
}

/**
 * A binary heap: the node with the smallest key is found at once, and any node is moved or removed in logarithmic
 * time. For lists of thousands, so that no call looks at all of them. Nodes with the same key come out in the order
 * in which they were put in.
 *
 * Invariant: `#nodes[0]` is the first, no node is before its parent, and each node knows its index.
 */
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

  /** The smallest key; Infinity if the heap is empty. */
  get firstKey(): number {
    return this.#nodes[0]?.key ?? Infinity
  }

  /** The items of all nodes, in no order, as of now. */
  items(): readonly Item[] {
    return this.#nodes.map(({ item }) => item)
  }

  /** Adds a node, removing it from any other heap, or changes its key. It comes after nodes with the same key. */
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

  /** Removes a node, if it is in this heap. */
  delete(node: HeapNode<Item>): void {
    if (node.heap !== this) return
    node.heap = undefined
    const last = this.#nodes.pop()
    if (last && last !== node) {
      this.#place(last, node.index)
      this.#settle(last)
    }
  }

  /** Removes and returns the first node if its key is at most `limit`. */
  takeFirst(limit = Infinity): HeapNode<Item> | undefined {
    const { first } = this
    if (first === undefined || first.key > limit) return undefined
    this.delete(first)
    return first
  }

  /** Moves a node up or down to its position. */
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
