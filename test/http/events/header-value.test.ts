import { describe, expect, it } from 'vitest'
import { decodeHeaderValue } from '../../../src/http/events/header-value.ts'
import { SeededRandom, TEST_SEED } from '../../support/random.ts'

const onWire = (text: string): string => Buffer.from(text).toString('latin1')

/** As the HTTP protocol binding says, section 3.1.3.2. */
const encode = (text: string): string =>
  Array.from(text)
    .map((character) =>
      /[\x21\x23\x24\x26-\x7e]/.test(character) ? character : percentEncoded(character),
    )
    .join('')
const percentEncoded = (character: string): string =>
  [...Buffer.from(character)]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('')

describe('the value of a header with an attribute', () => {
  it.each([
    ['as it is', '/mycontext', '/mycontext'],
    ['the example of the binding', 'Euro%20%E2%82%AC%20%F0%9F%98%80', 'Euro € 😀'],
    ['digits in lower case', 'Euro%20%e2%82%ac', 'Euro €'],
    ['what needs no encoding', '%61%2Fb', 'a/b'],
    ['one round only', '%2541', '%41'],
    ['quotes', '"a b"', 'a b'],
    ['quotes with escapes', String.raw`"a \"b\" \\ c"`, String.raw`a "b" \ c`],
    ['quotes, then percent-encoding', '"%41 %22"', 'A "'],
    ['an encoded quote', '%22a%22', '"a"'],
    ['half of a pair of quotes', '"a', '"a'],
    ['a quote behind a backslash at the end', String.raw`"a\"`, String.raw`"a\"`],
    ['nothing', '', ''],
    ['a % that encodes nothing', '100% sure, %4, %zz', '100% sure, %4, %zz'],
    ['UTF-8 that is not encoded', onWire('Euro € 😀'), 'Euro € 😀'],
    ['Latin-1', 'caf\xe9', 'café'],
  ])('is decoded: %s', (_, value, expected) => {
    expect(decodeHeaderValue(value)).toBe(expected)
  })

  it.each([
    ['an overlong sequence', '%C0%A0'],
    ['half of a sequence', '%E2%82'],
    ['an encoded surrogate', '%ED%A0%80'],
    ['a byte that is none', 'a%FFb'],
  ])('has no meaning if what is encoded is no UTF-8: %s', (_, value) => {
    expect(decodeHeaderValue(value)).toBeUndefined()
  })

  it('is what was encoded, whatever that was', () => {
    const random = new SeededRandom(TEST_SEED)
    const characters = [
      'a',
      '"',
      '%',
      ' ',
      '\\',
      '€',
      '😀',
      'é',
      '4',
      '1',
      '~',
      '\u00a0',
      '\u{10ffff}',
    ]
    for (let n = 0; n < 2_000; n += 1) {
      const text = Array.from({ length: random.below(12) }, () => random.pick(characters)).join('')

      expect(decodeHeaderValue(encode(text)), `seed ${TEST_SEED}`).toBe(text)
    }
  })
})
