import { describe, expect, it } from 'vitest'
import { elementTexts } from '../../../src/http/events/element-texts.ts'
import { SeededRandom, TEST_SEED } from '../../support/random.ts'

describe('the texts of the elements of an array', () => {
  it.each<[string, readonly string[]]>([
    ['[]', []],
    [' [ \n ] ', []],
    ['\ufeff[1]', ['1']],
    ['[ {"a" : 1e400} ,\t{}]', ['{"a" : 1e400}', '{}']],
    [
      String.raw`["a,]\"[", [1, [2]], {"b": "}"}]`,
      [String.raw`"a,]\"["`, '[1, [2]]', '{"b": "}"}'],
    ],
    ['["é😀\u00a0", null]', ['"é😀\u00a0"', 'null']],
  ])('of %s', (json, expected) => {
    expect(elementTexts(Buffer.from(json))).toEqual(expected)
  })

  it('are those that were joined', () => {
    const random = new SeededRandom(TEST_SEED)
    const space = (): string => random.pick(['', ' ', '\n', '\t\r '])
    const draw = (depth: number): string => {
      const values = () =>
        Array.from({ length: random.below(4) }, () => space() + draw(depth - 1) + space())
      switch (random.below(depth > 0 ? 5 : 3)) {
        case 0:
          return random.pick(['12345678901234567890', '-0.0', '1E5', 'null', 'true'])
        case 1:
        case 2:
          return JSON.stringify(random.pick(['', '"', '\\', '[', '],', '}é', 'a"b\\"c', '\u2028']))
        case 3:
          return `[${values().join(',')}]`
        default:
          return `{${values()
            .map((value, index) => `"${index}"${space()}:${value}`)
            .join(',')}}`
      }
    }
    for (let n = 0; n < 500; n += 1) {
      const texts = Array.from({ length: random.below(5) }, () => draw(3))
      const array = `${space()}[${texts.map((text) => space() + text + space()).join(',')}]${space()}`

      expect(elementTexts(Buffer.from(array)), `seed ${TEST_SEED}`).toEqual(texts)
    }
  })
})
