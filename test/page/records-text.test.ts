/** How the page shows bytes: the browser's own module, which needs no browser. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { prettyJson, readable, visible } from '../../src/page/browser/records-text.js'

const textOf = (json: string): string | undefined =>
  prettyJson(json)
    ?.map(({ text }) => text)
    .join('')

const seen = (shown: string, more: object = {}) => {
  const bytes = Buffer.byteLength(shown)
  return { shown, isText: true, bytes, shownBytes: bytes, ...more }
}

describe('JSON', () => {
  it('is what JSON.stringify makes of it, where JavaScript has its numbers', () => {
    fc.assert(
      fc.property(fc.oneof(fc.object({ maxDepth: 4 }), fc.array(fc.jsonValue())), (value) => {
        const json = JSON.stringify(value)
        expect(textOf(json)).toBe(visible(JSON.stringify(JSON.parse(json), undefined, 2)))
      }),
    )
  })

  it('keeps its numbers and its strings as they are written', () => {
    expect(textOf(' {"a":12345678901234567890,"b":1.50e+3,"c":"\\u0041"} ')).toBe(
      '{\n  "a": 12345678901234567890,\n  "b": 1.50e+3,\n  "c": "\\u0041"\n}',
    )
  })

  it.each(['', 'a', '"a"', '1', 'null', '{', '{"a":1,}', "{'a':1}", '[1] 2'])(
    'in objects and arrays only: %j is none',
    (text) => {
      expect(prettyJson(text)).toBeUndefined()
    },
  )

  it('that is nested deeply stays as it is, since its lines would be longer than itself', () => {
    const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)

    expect(textOf(deep(40))).toContain('\n')
    expect(prettyJson(deep(42))).toBeUndefined()
  })

  it('has the kind of each part, for colours', () => {
    expect(prettyJson('{"a":["b",-1,true]}')?.filter(({ kind }) => kind !== 'plain')).toEqual([
      { text: '"a"', kind: 'name' },
      { text: '"b"', kind: 'string' },
      { text: '-1', kind: 'number' },
      { text: 'true', kind: 'word' },
    ])
  })

  it('has no colours where it is long, so that a page of it stays small', () => {
    const long = JSON.stringify(Array.from({ length: 5_000 }, () => 1))

    expect(prettyJson(long)).toHaveLength(1)
  })
})

describe('bytes', () => {
  it.each([
    ['nothing', null, '', 'none'],
    ['an empty text', seen(''), '', 'empty'],
    ['text', seen('a\tb\nc'), 'a\tb\nc', ''],
    ['text that is cut', seen('ab', { bytes: 2_000 }), 'ab', 'the first 2 of 2,000 bytes'],
    ['JSON that is cut', seen('{"a"', { bytes: 5 }), '{"a"', 'the first 4 of 5 bytes'],
    [
      'other bytes',
      seen('/w==', { isText: false, bytes: 1, shownBytes: 1 }),
      '/w==',
      'not UTF-8 text: 1 byte, in base64',
    ],
    [
      'other bytes that are cut',
      seen('/w==', { isText: false, bytes: 9, shownBytes: 1 }),
      '/w==',
      'not UTF-8 text: the first 1 of 9 bytes, in base64',
    ],
  ])('are shown with what must be known of them: %s', (_, bytes, text, note) => {
    const { tokens, note: said } = readable(bytes, 'none')

    expect([tokens.map((token) => token.text).join(''), said]).toEqual([text, note])
  })

  it('that cannot be seen, or that change what is beside them, have their names', () => {
    expect(visible('\0\u001b\u007f\u0085\u200b\u202e\u2066\ufeff')).toBe(
      '⟨U+0000⟩⟨U+001B⟩⟨U+007F⟩⟨U+0085⟩⟨U+200B⟩⟨U+202E⟩⟨U+2066⟩⟨U+FEFF⟩',
    )
    expect(visible('\t\n \u05d0 \u{1f600}')).toBe('\t\n \u05d0 \u{1f600}')
  })
})
