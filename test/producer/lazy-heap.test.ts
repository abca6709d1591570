import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LazyHeap } from '../../src/producer/lazy-heap.ts'
import { HeapNode } from '../../src/producer/ordered-heap.ts'

/** An item whose time changes without notice. */
class Item {
  readonly name: string
  readonly node = new HeapNode<Item>(this)
  timeMs = Infinity

  constructor(name: string) {
    this.name = name
  }
}

function heapOf(): LazyHeap<Item> {
  return new LazyHeap<Item>(({ timeMs }) => timeMs)
}

/** An item that is watched from this time on. */
function watched(heap: LazyHeap<Item>, name: string, timeMs: number): Item {
  const item = new Item(name)
  item.timeMs = timeMs
  heap.watch(item.node, timeMs)
  return item
}

function visit(heap: LazyHeap<Item>, nowMs: number): string[] {
  const names: string[] = []
  heap.visitUntil(nowMs, ({ name }) => names.push(name))
  return names
}

describe('LazyHeap', () => {
  it('has no first time while it is empty', () => {
    expect(heapOf().firstMs).toBe(Infinity)
  })

  it('finds the first time, though it has moved since it was watched', () => {
    const heap = heapOf()
    const moved = watched(heap, 'moved', 1)
    watched(heap, 'second', 5)

    moved.timeMs = 9

    expect(heap.firstMs).toBe(5)
    expect(visit(heap, 4)).toEqual([])
    expect(visit(heap, 9)).toEqual(['second', 'moved'])
  })

  it('does not watch an item without a time, until it has one', () => {
    const heap = heapOf()
    const item = watched(heap, 'item', Infinity)
    const isWatched = item.node.isIn

    item.timeMs = 3
    heap.watch(item.node, 3)

    expect([isWatched, item.node.isIn, heap.firstMs]).toEqual([false, true, 3])
  })

  it('removes an item that no longer has a time', () => {
    const heap = heapOf()
    const item = watched(heap, 'item', 3)

    item.timeMs = Infinity

    expect([heap.firstMs, item.node.isIn]).toEqual([Infinity, false])
  })

  it('keeps the earlier of two times that it was told', () => {
    const heap = heapOf()
    const item = watched(heap, 'item', 3)

    heap.watch(item.node, 7)

    expect(heap.firstMs).toBe(3)
  })

  it('visits an item once, though its time is still over afterwards, and again the next time', () => {
    const heap = heapOf()
    watched(heap, 'item', 3)

    expect([visit(heap, 3), visit(heap, 3)]).toEqual([['item'], ['item']])
  })

  it('visits exactly the items whose time has come, in their order', () => {
    const anyTime = fc.oneof(fc.nat(20), fc.constant(Infinity))
    const anyStep = fc.record({ which: fc.nat(4), delayMs: anyTime, nowMs: fc.nat(20) })

    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 40 }), (steps) => {
        const heap = heapOf()
        const items = ['a', 'b', 'c', 'd', 'e'].map((name) => new Item(name))
        for (const { which, delayMs, nowMs } of steps) {
          const item = items[which]
          if (!item) continue
          // Earlier times are reported to the heap, later ones are not.
          const isEarlier = delayMs < item.timeMs
          item.timeMs = delayMs
          if (isEarlier) heap.watch(item.node, delayMs)

          const due = items.filter(({ timeMs }) => timeMs <= nowMs)
          const visited: Item[] = []
          heap.visitUntil(nowMs, (one) => visited.push(one))
          expect(new Set(visited)).toEqual(new Set(due))
          expect(visited).toHaveLength(due.length)
          const timesMs = visited.map(({ timeMs }) => timeMs)
          expect(timesMs).toEqual(timesMs.toSorted((one, other) => one - other))
          expect(heap.firstMs).toBe(Math.min(...items.map(({ timeMs }) => timeMs)))
        }
      }),
    )
  })
})
