import { describe, expect, it } from 'vitest'
import { HeapNode, OrderedHeap } from '../../src/producer/ordered-heap.ts'
import { countWork } from '../support/count-work.ts'
import { SeededRandom } from '../support/random.ts'

/** Takes everything out, first things first. */
function drain<Item>(heap: OrderedHeap<Item>): Item[] {
  const items: Item[] = []
  for (let node = heap.takeFirst(); node; node = heap.takeFirst()) items.push(node.item)
  return items
}

function heapOf(...keys: readonly number[]): {
  heap: OrderedHeap<number>
  nodes: HeapNode<number>[]
} {
  const heap = new OrderedHeap<number>()
  const nodes = keys.map((key) => new HeapNode(key))
  for (const node of nodes) heap.set(node, node.item)
  return { heap, nodes }
}

describe('OrderedHeap', () => {
  it('hands out what has the smallest key first', () => {
    const { heap } = heapOf(5, 3, 9, 1, 7)

    expect(heap.firstKey).toBe(1)
    expect(drain(heap)).toEqual([1, 3, 5, 7, 9])
  })

  it('has no first while it is empty', () => {
    const heap = new OrderedHeap<string>()

    expect(heap.first).toBeUndefined()
    expect(heap.firstKey).toBe(Infinity)
    expect(heap.takeFirst()).toBeUndefined()
  })

  it('hands out equal keys in the order in which they were put in', () => {
    const heap = new OrderedHeap<string>()

    for (const name of ['a', 'b', 'c', 'd', 'e']) heap.set(new HeapNode(name), 1)

    expect(drain(heap)).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  it('puts a node that is moved behind those that have its new key', () => {
    const heap = new OrderedHeap<string>()
    const moved = new HeapNode('moved')
    heap.set(moved, 0)
    heap.set(new HeapNode('other'), 1)

    heap.set(moved, 1)

    expect(drain(heap)).toEqual(['other', 'moved'])
  })

  it('leaves a node where it is that is moved to the key it has', () => {
    const heap = new OrderedHeap<string>()
    const same = new HeapNode('same')
    heap.set(same, 1)
    heap.set(new HeapNode('other'), 1)

    heap.set(same, 1)

    expect(drain(heap)).toEqual(['same', 'other'])
  })

  it('hands out nothing beyond a limit', () => {
    const { heap } = heapOf(2)

    expect(heap.takeFirst(1.9)).toBeUndefined()
    expect(heap.takeFirst(2)?.item).toBe(2)
  })

  it('takes a node over from another heap', () => {
    const one = new OrderedHeap<string>()
    const other = new OrderedHeap<string>()
    const node = new HeapNode('a')
    one.set(node, 1)

    other.set(node, 1)

    expect(one.size).toBe(0)
    expect(drain(other)).toEqual(['a'])
  })

  it('does not take out what is in another heap', () => {
    const { heap } = heapOf(1, 2)
    const { nodes } = heapOf(1)

    for (const node of nodes) heap.delete(node)

    expect(drain(heap)).toEqual([1, 2])
    expect(nodes[0]?.isIn).toBe(true)
  })

  it('keeps its order whatever is put in, moved and taken out', () => {
    const random = new SeededRandom(7).next
    const heap = new OrderedHeap<number>()
    const nodes = Array.from({ length: 50 }, (_, index) => new HeapNode(index))
    const keys = new Map<HeapNode<number>, number>()

    for (let step = 0; step < 5_000; step += 1) {
      const node = nodes[Math.floor(random() * nodes.length)] ?? new HeapNode(0)
      if (random() < 0.3) {
        node.remove()
        keys.delete(node)
      } else {
        const key = Math.floor(random() * 20)
        heap.set(node, key)
        keys.set(node, key)
      }
      expect(heap.size).toBe(keys.size)
      expect(heap.firstKey).toBe(Math.min(Infinity, ...keys.values()))
    }

    const taken = drain(heap).map((index) => keys.get(nodes[index] ?? new HeapNode(0)))
    expect(taken).toEqual([...keys.values()].toSorted((a, b) => a - b))
  })

  it('works four times as much for one of 100,000 as for one of 10, not 10,000 times', async () => {
    const work = async (count: number): Promise<number> => {
      const { heap, nodes } = heapOf(...Array.from({ length: count }, (_, index) => -index))
      return await countWork('/ordered-heap.ts', () => {
        nodes.at(-1)?.remove()
        heap.set(nodes[0] ?? new HeapNode(0), -Infinity)
        heap.takeFirst()
      })
    }

    expect(await work(100_000)).toBeLessThan(6 * (await work(10)))
  })
})
