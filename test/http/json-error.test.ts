import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeJsonError } from '../../src/http/json-error.ts'
import { runs } from '../support/random-runs.ts'

/** The messages of V8 that have a place, but for those that point into the middle of a token. */
const V8_PLACE = /: (?:Expected|Unexpected non-whitespace).*\(line (\d+) column (\d+)\)/

describe('describeJsonError', () => {
  it.each([
    ['', 'line 1, column 1: expected a value, but the body ends there'],
    [' \n', 'line 2, column 1: expected a value, but the body ends there'],
    [
      '{',
      "line 1, column 2: expected a property name in double quotes or '}', but the body ends there",
    ],
    ['{a:1}', "line 1, column 2: expected a property name in double quotes or '}'"],
    ["{'a':1}", "line 1, column 2: expected a property name in double quotes or '}'"],
    ['{"a":1,}', 'line 1, column 8: expected a property name in double quotes'],
    ['{"a" 1}', "line 1, column 6: expected ':' after the property name"],
    ['{"a":}', 'line 1, column 6: expected a value'],
    ['{"a":1 "b":2}', "line 1, column 8: expected ',' or '}' after the value"],
    ['{"a":1]', "line 1, column 7: expected ',' or '}' after the value"],
    ['[', "line 1, column 2: expected a value or ']', but the body ends there"],
    ['[1,]', 'line 1, column 4: expected a value'],
    ['[1 2]', "line 1, column 4: expected ',' or ']' after the value"],
    ['[]]', 'line 1, column 3: expected nothing after the value'],
    ['1 2', 'line 1, column 3: expected nothing after the value'],
    ['nul', 'line 1, column 1: expected a value'],
    ['True', 'line 1, column 1: expected a value'],
    ['undefined', 'line 1, column 1: expected a value'],
    ['-', 'line 1, column 2: expected a digit, but the body ends there'],
    ['[1.]', 'line 1, column 4: expected a digit'],
    ['[1e+]', 'line 1, column 5: expected a digit'],
    ['[01]', "line 1, column 3: expected ',' or ']' after the value"],
    ['"abc', 'line 1, column 5: expected the end of a string, but the body ends there'],
    [
      '["a\nb"]',
      'line 1, column 4: a control character in a string must be written as an escape such as \\n',
    ],
    [
      '"\\x"',
      'line 1, column 2: a backslash in a string must be followed by one of " \\ / b f n r t or uXXXX',
    ],
    [
      '"\\u12g4"',
      'line 1, column 2: a backslash in a string must be followed by one of " \\ / b f n r t or uXXXX',
    ],
    ['{\n  "a": 1,\n  "b": x\n}', 'line 3, column 8: expected a value'],
  ])('says of %j: %s', (text, description) => {
    expect(describeJsonError(text)).toBe(description)
  })

  it.each([
    ['{"data": "{"a": 1}"}', 13],
    ['["say "hi""]', 8],
    ['"a" b', 5],
  ])('tells of quotes inside a string when the error follows one: %j', (text, column) => {
    const description = describeJsonError(text)

    expect(description).toContain(`line 1, column ${column}: expected`)
    expect(description).toContain('a double quote inside a string needs a backslash before it')
  })

  it('does not exhaust the stack on any nesting', () => {
    expect(describeJsonError('['.repeat(1_000_000))).toContain('column 1000001')
  })

  it('finds an error exactly where JSON.parse does, in JSON with some characters changed', () => {
    const change = fc.tuple(
      fc.nat(),
      fc.constantFrom(...Array.from('{}[],:"\\ \n0-1.eE+tx\u0001'), ''),
      fc.nat(2),
    )
    const changes = fc.array(change, { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(fc.json(), changes, (json, list) => {
        const text = list.reduce(applyChange, json)
        const message = messageOf(text)
        if (message === undefined) return
        const description = describeJsonError(text)
        expect(description).toMatch(/^line \d+, column \d+: /)
        const place = V8_PLACE.exec(message)
        if (place !== null) {
          expect(description).toContain(`line ${place[1] ?? ''}, column ${place[2] ?? ''}: `)
        }
      }),
      { numRuns: runs(2_000) },
    )
  })
})

function applyChange(text: string, [at, insert, remove]: [number, string, number]): string {
  const offset = at % (text.length + 1)
  return text.slice(0, offset) + insert + text.slice(offset + remove)
}

function messageOf(text: string): string | undefined {
  try {
    JSON.parse(text)
    return undefined
  } catch (error) {
    return String(error)
  }
}
