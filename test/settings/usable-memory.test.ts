import { describe, expect, it } from 'vitest'
import { usableMemoryBytes } from '../../src/settings/usable-memory.ts'

describe('usableMemoryBytes', () => {
  it.each([
    { fact: 'the heap', bounds: [1000, 800, 300], processes: 1, bytes: 300 },
    { fact: 'the container', bounds: [1000, 200, 300], processes: 1, bytes: 200 },
    { fact: 'the machine', bounds: [100, 0, 300], processes: 1, bytes: 100 },
    {
      fact: 'the machine, where its bound is none',
      bounds: [100, 2 ** 63, 300],
      processes: 1,
      bytes: 100,
    },
    { fact: 'its part of the machine', bounds: [1000, 0, 300], processes: 4, bytes: 250 },
  ])('is what $fact allows', ({ bounds, processes, bytes }) => {
    const [physicalBytes = 0, constrainedBytes = 0, heapLimitBytes = 0] = bounds

    expect(usableMemoryBytes(processes, { physicalBytes, constrainedBytes, heapLimitBytes })).toBe(
      bytes,
    )
  })

  it('knows the bounds of this process', () => {
    expect(usableMemoryBytes()).toBeGreaterThan(16 * 1_048_576)
  })
})
