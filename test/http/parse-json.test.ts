import { describe, expect, it } from 'vitest'
import { JsonParser } from '../../src/http/parse-json.ts'
import { jsonLimits } from '../../src/http/push/json-limits.ts'

describe('JsonParser', () => {
  const parser = new JsonParser({ maxDepth: 2, maxParts: 8, maxShapes: 2 })

  it.each([
    ['', 'EMPTY_BODY', 'the request has no body'],
    ['[[[', 'JSON_TOO_DEEP', 'the body is nested deeper than 2 levels'],
    ['[1,2,3,4,5,6,7,8,9]', 'JSON_TOO_COMPLEX', 'more than 8 objects, arrays, colons and commas'],
    ['{"a":1,"b":{"c":3}}', 'JSON_TOO_COMPLEX', 'more than 2 different lists of names'],
    ['{"a":1', 'INVALID_JSON', 'line 1, column 7'],
  ])('refuses %j as %s', (body, code, message) => {
    const parse = (): unknown => parser.parse(Buffer.from(body))

    expect(parse).toThrow(expect.objectContaining({ code }))
    expect(parse).toThrow(message)
  })

  it('checks the amount to parse before anything else', () => {
    const body = Buffer.concat([Buffer.from([0xff]), Buffer.from('not JSON [[[')])

    expect(() => parser.parse(body)).toThrow(expect.objectContaining({ code: 'JSON_TOO_DEEP' }))
  })

  it('accepts records with all fields, and many with a header of their own, by default', () => {
    const records = Array.from({ length: 10_000 }, (_, n) => ({
      ...{ topic: 't', data: '', key: 'k', partition: 0, timestamp: 1, encoding: 'utf8' },
      headers: { a: '', b: '', c: '', d: '', [`own${n}`]: '' },
    }))
    const body = Buffer.from(JSON.stringify({ records, wait_for_send: true }))

    expect(new JsonParser(jsonLimits(10_000)).parse(body)).toHaveProperty('records')
  })
})
