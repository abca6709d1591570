/** Lines of a body do not depend on the pieces in which it arrives. */
import { describe, expect, it } from 'vitest'
import { LineSplitter } from '../../../src/http/ndjson/line-splitter.ts'
import { PartBuffer } from '../../../src/http/stream/part-buffer.ts'
import { SeededRandom, TEST_SEED } from '../../support/random.ts'

interface Split {
  /** The text of each line, with its number; `too long` for a line above the limit. */
  readonly lines: readonly string[]
  /** The most bytes that were kept at once. */
  readonly mostKept: number
  readonly keptAtEnd: number
}

function split(pieces: readonly Buffer[], maxLineBytes = 1_000): Split {
  const lines: string[] = []
  let kept = 0
  let mostKept = 0
  const splitter = new LineSplitter(maxLineBytes, {
    part: (line, number) => lines.push(`${number}: ${line?.toString('latin1') ?? 'too long'}`),
    keep: (bytes) => {
      kept += bytes
      mostKept = Math.max(mostKept, kept)
    },
    keepNothing: () => {
      kept = 0
    },
  })
  for (const piece of pieces) splitter.write(piece)
  splitter.end()
  return { lines, mostKept, keptAtEnd: kept }
}

const linesOf = (text: string, maxLineBytes?: number): readonly string[] =>
  split([Buffer.from(text)], maxLineBytes).lines

describe('lines', () => {
  it.each([
    ['', []],
    ['a', ['1: a']],
    ['a\n', ['1: a']],
    ['a\r\nb\r\n', ['1: a', '2: b']],
    ['a\n\nb', ['1: a', '2: ', '3: b']],
    ['\n\n', ['1: ', '2: ']],
    ['a\rb\n', ['1: a\rb']],
    ['a\r', ['1: a']],
    ['\ufeff{}\n', ['1: {}']],
  ])('of %j', (text, lines) => {
    expect(linesOf(text)).toEqual(lines)
  })

  it('have a limit each, whatever the others have', () => {
    expect(linesOf('1234\n12345\n1234', 4)).toEqual(['1: 1234', '2: too long', '3: 1234'])
  })

  it('are the same however the body is cut', () => {
    const random = new SeededRandom(TEST_SEED)
    for (let round = 0; round < 300; round += 1) {
      const bytes = Buffer.from(
        Array.from({ length: random.below(200) }, () => random.pick([10, 10, 13, 65, 66, 255])),
      )
      const pieces: Buffer[] = []
      for (let at = 0; at < bytes.length;) {
        const end = at + 1 + random.below(random.pick([2, 20, 100]))
        pieces.push(bytes.subarray(at, end))
        at = end
      }

      const cut = split(pieces, 12)

      expect(cut.lines, `seed ${TEST_SEED}`).toEqual(split([bytes], 12).lines)
      expect(cut.mostKept, `seed ${TEST_SEED}`).toBeLessThanOrEqual(12)
      expect(cut.keptAtEnd).toBe(0)
    }
  })

  it('above the limit are not kept', () => {
    const piece = Buffer.alloc(100, 'a')

    expect(split([piece, piece, piece, Buffer.from('\nb')], 150)).toEqual({
      ...{ lines: ['1: too long', '2: b'], mostKept: 100, keptAtEnd: 0 },
    })
  })

  it('take at most twice their bytes, in whatever pieces they come', () => {
    const buffer = new PartBuffer(1_000_000, {
      keep: () => undefined,
      keepNothing: () => undefined,
    })
    const byte = Buffer.from('x')
    for (let count = 0; count < 200_000; count += 1) buffer.append(byte)

    expect(buffer.capacity).toBeLessThan(400_000)
    expect(buffer.end(byte)?.equals(Buffer.alloc(200_001, 'x'))).toBe(true)
    expect(buffer.capacity).toBe(0)
  })
})
