import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { freeBytes, GrowingBytes } from '../../src/http/growing-bytes.ts'

const MiB = 1_048_576

describe('GrowingBytes', () => {
  it('joins pieces of all sizes', () => {
    const pieces = fc.array(fc.oneof(fc.uint8Array(), fc.constant(new Uint8Array(50_000).fill(7))))
    fc.assert(
      fc.property(pieces, (list) => {
        const bytes = new GrowingBytes(10 * MiB)
        for (const piece of list) bytes.append(piece)
        expect(bytes.take().equals(Buffer.concat(list))).toBe(true)
        expect(bytes.capacity).toBe(0)
      }),
    )
  })

  it('uses at most twice the memory of its bytes, in pieces of one byte', () => {
    const bytes = new GrowingBytes(MiB)
    const piece = Buffer.from('x')
    let worst = 0

    for (let length = 1; length <= 300_000; length += 1) {
      bytes.append(piece)
      if (length >= 256) worst = Math.max(worst, bytes.capacity / length)
    }

    expect(worst).toBeLessThanOrEqual(2)
  })

  it('never uses more memory than its limit', () => {
    const bytes = new GrowingBytes(100_000)

    bytes.append(Buffer.alloc(60_000))
    bytes.append(Buffer.alloc(1))

    expect(bytes.capacity).toBe(100_000)
  })

  it('copies a piece, so that it keeps no larger block alive', () => {
    const block = Buffer.alloc(65_536)
    const bytes = new GrowingBytes(MiB)

    bytes.append(block.subarray(0, 100))

    expect(bytes.take().buffer).not.toBe(block.buffer)
  })

  it.each([1000, 100_000])(
    'frees memory at once, also that of %i bytes that were taken',
    (length) => {
      const bytes = new GrowingBytes(MiB)
      bytes.append(Buffer.alloc(length))

      const taken = bytes.take()
      const { buffer } = taken
      freeBytes(taken)

      expect(buffer.detached).toBe(true)
    },
  )
})
