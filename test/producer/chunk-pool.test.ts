import { describe, expect, test } from 'vitest'
import { CHUNK_BYTES, CHUNK_OVERHEAD_BYTES, ChunkPool } from '../../src/producer/chunk-pool.ts'

const [SMALL, MEDIUM, LARGE, LARGEST] = CHUNK_BYTES

describe('ChunkPool', () => {
  test.each([
    [0, SMALL],
    [SMALL, SMALL],
    [SMALL + 1, MEDIUM],
    [MEDIUM + 1, LARGE],
    [LARGE, LARGE],
    [LARGE + 1, LARGEST],
    [LARGEST, LARGEST],
  ])('lends for %i bytes a chunk of %i', (minBytes, expected) => {
    expect(new ChunkPool().lend(minBytes)).toHaveLength(expected)
  })

  test('lends exactly the wanted size above the largest chunk, and does not keep it', () => {
    const pool = new ChunkPool()

    const chunk = pool.lend(LARGEST + 1)
    pool.giveBack(chunk)

    expect(chunk).toHaveLength(LARGEST + 1)
    expect(pool.freeBytes).toBe(0)
  })

  test('lends again what was given back', () => {
    const pool = new ChunkPool()
    const chunk = pool.lend(MEDIUM)
    pool.giveBack(chunk)
    const freeBytes = pool.freeBytes

    const again = pool.lend(SMALL + 1)

    expect(again).toBe(chunk)
    expect(freeBytes).toBe(MEDIUM)
    expect(pool.freeBytes).toBe(0)
  })

  test('lends no chunk to two at a time', () => {
    const pool = new ChunkPool()
    pool.giveBack(pool.lend(SMALL))

    const lent = [pool.lend(SMALL), pool.lend(SMALL), pool.lend(SMALL)]

    expect(new Set(lent).size).toBe(3)
  })

  test('keeps no more than its limit', () => {
    const pool = new ChunkPool(2 * SMALL)
    const lent = Array.from({ length: 5 }, () => pool.lend(SMALL))

    for (const chunk of lent) pool.giveBack(chunk)

    expect(pool.freeBytes).toBe(2 * SMALL)
  })

  test('counts what is lent, each chunk with the objects around it', () => {
    const pool = new ChunkPool()
    const [small, own] = [pool.lend(1), pool.lend(LARGEST + 1)]
    const lentBytes = pool.lentBytes

    pool.giveBack(small)
    pool.giveBack(own)

    expect(lentBytes).toBe(SMALL + LARGEST + 1 + 2 * CHUNK_OVERHEAD_BYTES)
    expect(pool.lentBytes).toBe(0)
  })

  test('reports each chunk that was given back, after it is no longer counted', () => {
    const pool = new ChunkPool()
    const told: number[] = []
    pool.onGivenBack(() => told.push(pool.lentBytes))

    pool.giveBack(pool.lend(1))

    expect(told).toEqual([0])
  })

  test('lends memory that no other buffer shares', () => {
    const lent = new ChunkPool().lend(10)

    expect(lent.buffer.byteLength).toBe(lent.length)
  })
})
