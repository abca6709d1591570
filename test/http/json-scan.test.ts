import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type JsonLimits, JsonScanner } from '../../src/http/parse-json.ts'
import { runs } from '../support/random-runs.ts'

const NO_LIMITS: JsonLimits = { maxDepth: 1000, maxParts: 1e6, maxShapes: 1e4 }

function scan(text: string, limits: Partial<JsonLimits>): string | undefined {
  return new JsonScanner({ ...NO_LIMITS, ...limits }, SEED).scan(Buffer.from(text))
}

/** Two of some 50,000 names have the same hash by chance, and others with each seed. */
const SEED = 12_345

/** Values with strings that are hard to find the end of. */
const hardString = fc
  .array(fc.constantFrom('"', '\\', 'x'.repeat(45), 'y'.repeat(5000), '[{,:', '\u00e9', '\n'))
  .map((parts) => parts.join(''))
const { value: anyValue } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    hardString,
    fc.integer(),
    fc.constantFrom(null, true),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'ab', 'c"', 'd\\'), tie('value')),
  ),
}))

describe('JsonScanner', () => {
  it('counts what is outside of strings, whatever is in them', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const text = JSON.stringify(value)
        const [maxDepth, maxParts] = [depthOf(value), partsOf(value)]
        expect(scan(text, { maxDepth, maxParts })).toBeUndefined()
        if (maxDepth > 0) expect(scan(text, { maxDepth: maxDepth - 1 })).toBe('maxDepth')
        if (maxParts > 0) expect(scan(text, { maxParts: maxParts - 1 })).toBe('maxParts')
      }),
      { numRuns: runs(1_000) },
    )
  })

  it('counts each beginning of a list of names once', () => {
    const objects = fc.array(fc.dictionary(fc.constantFrom('a', 'b', 'ab', 'bc', 'c'), fc.nat()))
    fc.assert(
      fc.property(objects, (list) => {
        const maxShapes = shapesOf(list)
        const text = JSON.stringify(list).padEnd(5 * maxShapes)
        expect(scan(text, { maxShapes })).toBeUndefined()
        if (maxShapes > 0) expect(scan(text, { maxShapes: maxShapes - 1 })).toBe('maxShapes')
      }),
      { numRuns: runs(500), seed: SEED },
    )
  })

  it('counts a very long name as new each time', () => {
    const text = JSON.stringify([{ ['x'.repeat(300)]: 1 }, { ['x'.repeat(300)]: 2 }])

    expect(scan(text, { maxShapes: 1 })).toBe('maxShapes')
  })

  it('forgets the names of one body at the next', () => {
    const scanner = new JsonScanner({ ...NO_LIMITS, maxShapes: 1 })

    expect(scanner.scan(Buffer.from('{"a":1}'))).toBeUndefined()
    expect(scanner.scan(Buffer.from('{"b":1}'))).toBeUndefined()
  })

  it.each([
    { fact: 'nested too deeply', text: '['.repeat(1e6), reads: 5 },
    { fact: 'with too many elements', text: `[${'0,'.repeat(1e6)}0]`, reads: 21 },
    { fact: 'with too many names', text: `{${differentNames(1e5)}}`, reads: 25 },
  ])('gives up early at a body $fact', ({ text, reads }) => {
    const scanner = new JsonScanner({ maxDepth: 4, maxParts: 10, maxShapes: 3 })

    expect(scanner.scan(Buffer.from(text))).toBeDefined()
    expect(scanner.scannedBytes).toBeLessThanOrEqual(reads)
  })

  it.each(['', '"', '"\\', ']]]}', '"x"x"', '{"a":[1,{"b":"'])('ends at the end of %j', (text) => {
    const scanner = new JsonScanner(NO_LIMITS)

    expect(scanner.scan(Buffer.from(text))).toBeUndefined()
    expect(scanner.scannedBytes).toBe(text.length)
  })
})

function differentNames(count: number): string {
  return Array.from({ length: count }, (_, n) => `"${n}":0`).join()
}

function childrenOf(value: unknown): readonly unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value) : []
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...childrenOf(value).map(depthOf))
}

function partsOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const children = childrenOf(value)
  const colons = Array.isArray(value) ? 0 : children.length
  const commas = Math.max(0, children.length - 1)
  return children.reduce<number>((sum, child) => sum + partsOf(child), 1 + colons + commas)
}

/** Different beginnings, of one name or more, of the lists of names. */
function shapesOf(objects: readonly object[]): number {
  const shapes = objects.flatMap((object) => {
    const names = Object.keys(object)
    return names.map((_, n) => JSON.stringify(names.slice(0, n + 1)))
  })
  return new Set(shapes).size
}
