import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ProxyError } from '../../../src/base/errors.ts'
import { parseKey } from '../../../src/http/idempotency/parse-key.ts'

const parse = (value: string): string => parseKey(value, ['Host', 'h', 'Idempotency-Key', value])

/** The refusal of a value. */
function refusalOf(value: string, rawHeaders = ['Idempotency-Key', value]): ProxyError {
  try {
    parseKey(value, rawHeaders)
  } catch (error) {
    if (error instanceof ProxyError) return error
  }
  throw new Error('it was taken')
}

describe('the key of an Idempotency-Key header', () => {
  it.each([
    ['abc', 'abc'],
    ['"abc"', 'abc'],
    ['"a b"', 'a b'],
    [String.raw`"a\"b\\c"`, String.raw`a"b\c`],
    [String.raw`a"b\c`, String.raw`a"b\c`],
    ['8e03978e-40d5-43e8-bc93-6894a57f9324', '8e03978e-40d5-43e8-bc93-6894a57f9324'],
    ['!~', '!~'],
    ['k'.repeat(255), 'k'.repeat(255)],
    [`"${'\\"'.repeat(255)}"`, '"'.repeat(255)],
  ])('%s is %s', (value, key) => {
    expect(parse(value)).toBe(key)
  })

  it('is the same with and without quotes', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[!#-[\]-~]{1,255}$/), (key) => {
        expect(parse(`"${key}"`)).toBe(parse(key))
      }),
    )
  })
})

describe('an Idempotency-Key header', () => {
  it.each([
    '',
    '""',
    '"',
    '"a',
    'a b',
    'a\tb',
    '"a" "b"',
    '"a", "b"',
    '"a";p=1',
    '"a"b"',
    String.raw`"a\b"`,
    String.raw`"a\"`,
    'k'.repeat(256),
    `"${'k'.repeat(256)}"`,
    'é',
    '"é"',
    'a\u007fb',
    '"a\u0000"',
    '"a\u001b[31m"',
  ])('is refused if it is %j', (value) => {
    expect(refusalOf(value).code).toBe('INVALID_IDEMPOTENCY_KEY')
  })

  it('is refused if it was sent twice, whatever its spelling', () => {
    const raw = ['Idempotency-Key', 'a', 'Host', 'h', 'IDEMPOTENCY-KEY', 'a']

    expect(refusalOf('a, a', raw).message).toContain('a request must have one Idempotency-Key')
  })

  it('is taken or refused, whatever it is, and never repeated in the refusal', () => {
    const some = fc.stringMatching(/^[\u0000-\u00ff]{1,300}$/)
    fc.assert(
      fc.property(some, (value) => {
        try {
          expect(parse(value)).toMatch(/^[ -~]{1,255}$/)
        } catch (error) {
          if (!(error instanceof ProxyError)) throw error
          expect(error.message).toMatch(/^[ -~]+$/)
          if (value.length > 12) expect(error.message).not.toContain(value)
        }
      }),
    )
  })
})
