/** Concatenated JSON objects are found whatever the pieces in which they arrive. */
import { describe, expect, it } from 'vitest'
import { ObjectSplitter } from '../../../../src/http/rest/v3/object-splitter.ts'
import { SeededRandom, TEST_SEED } from '../../../support/random.ts'

interface Split {
  readonly objects: readonly string[]
  readonly error: string | undefined
  readonly kept: number
}

function split(pieces: readonly Buffer[], maxBytes = 1_000): Split {
  const objects: string[] = []
  let kept = 0
  const splitter = new ObjectSplitter(maxBytes, {
    part: (part) => objects.push(part?.toString() ?? 'too long'),
    keep: (bytes) => {
      kept += bytes
    },
    keepNothing: () => {
      kept = 0
    },
  })
  try {
    for (const piece of pieces) splitter.write(piece)
    splitter.end()
  } catch (error) {
    return { objects, error: String(error), kept }
  }
  return { objects, error: undefined, kept }
}

const splitText = (text: string, maxBytes?: number): Split => split([Buffer.from(text)], maxBytes)

describe('objects', () => {
  it.each([
    ['', []],
    ['{}', ['{}']],
    ['\ufeff{}', ['{}']],
    ['{}{}', ['{}', '{}']],
    [' {"a":1}\r\n\n{"b":[{}]} \t', ['{"a":1}', '{"b":[{}]}']],
    ['{"a":"}{\\"}"}{"b":"\\\\"}', ['{"a":"}{\\"}"}', '{"b":"\\\\"}']],
    // They are no JSON, which will be said of each.
    ['{]{"a":1}', ['{]', '{"a":1}']],
    ['{a}{,}', ['{a}', '{,}']],
  ])('of %j', (text, objects) => {
    expect(splitText(text)).toEqual({ objects, error: undefined, kept: 0 })
  })

  it.each([
    ['[{}]', [], 'each record must be a JSON object'],
    ['{},{}', ['{}'], 'each record must be a JSON object'],
    ['{}1', ['{}'], 'each record must be a JSON object'],
    ['{}}', ['{}'], 'each record must be a JSON object'],
    ['{}{"a":', ['{}'], 'the body ends in the middle of a record'],
    ['{"a":"', [], 'the body ends in the middle of a record'],
  ])('before what is none: %j', (text, objects, message) => {
    expect(splitText(text)).toMatchObject({
      ...{ objects, error: expect.stringContaining(message) as string },
    })
  })

  it('have a limit each, whatever the others have', () => {
    expect(splitText('{"a":1}{"a":12}{"a":2}', 7).objects).toEqual([
      ...['{"a":1}', 'too long', '{"a":2}'],
    ])
  })

  it('are the same however the body is cut', () => {
    const random = new SeededRandom(TEST_SEED)
    const draw = (depth: number): unknown => {
      const kind = random.below(depth > 3 ? 2 : 4)
      if (kind === 0) return random.below(100)
      if (kind === 1) return random.pick(['', '"', '\\', '}{', 'é😀', '[]"\\\\'])
      const values = Array.from({ length: random.below(4) }, () => draw(depth + 1))
      return kind === 2 ? values : Object.fromEntries(values.map((value, n) => [`"${n}`, value]))
    }
    for (let round = 0; round < 200; round += 1) {
      const objects = Array.from({ length: random.below(6) }, () => JSON.stringify({ a: draw(0) }))
      const bytes = Buffer.from(objects.join(random.pick(['', '\r\n', ' '])))
      const pieces: Buffer[] = []
      for (let at = 0; at < bytes.length;) {
        const end = at + 1 + random.below(random.pick([1, 3, 50]))
        pieces.push(bytes.subarray(at, end))
        at = end
      }

      expect(split(pieces), `seed ${TEST_SEED}`).toEqual({ objects, error: undefined, kept: 0 })
    }
  })
})
