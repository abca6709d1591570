import { describe, expect, it } from 'vitest'
import { JsonParser } from '../../../src/http/parse-json.ts'
import { jsonLimits } from '../../../src/http/push/json-limits.ts'
import { JsonContent, pointerParts } from '../../../src/http/webhooks/json-content.ts'

const textAt = (json: string | Buffer, pointer: string): string | undefined =>
  new JsonContent(Buffer.from(json), new JsonParser(jsonLimits(1))).textAt(pointerParts(pointer))

/** RFC 6901, 5. */
const DOCUMENT =
  '{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\\\j":5,"k\\"l":6," ":7,"m~n":8}'

describe('a JSON Pointer', () => {
  it.each([
    ['/foo/0', 'bar'],
    ['/foo/1', 'baz'],
    ['/', '0'],
    ['/a~1b', '1'],
    ['/c%d', '2'],
    ['/e^f', '3'],
    ['/g|h', '4'],
    ['/i\\j', '5'],
    ['/k"l', '6'],
    ['/ ', '7'],
    ['/m~0n', '8'],
  ])('%s finds what RFC 6901 says', (pointer, text) => {
    expect(textAt(DOCUMENT, pointer)).toBe(text)
  })

  it.each([
    ...['/foo', '/foo/2', '/foo/-', '/foo/00', '/foo/length', '/bar', '/foo/0/0', '/foo/0/length'],
    ...['/constructor', '/toString', '/__proto__', '/constructor/name'],
  ])('%s finds nothing', (pointer) => {
    expect(textAt(DOCUMENT, pointer)).toBeUndefined()
  })
})

describe('a value', () => {
  it.each([
    ['"text"', 'text'],
    ['""', ''],
    ['true', 'true'],
    ['false', 'false'],
    ['42', '42'],
    ['9007199254740993', '9007199254740993'],
    ['-0', '-0'],
    ['1.50', '1.50'],
    ['1e400', '1e400'],
  ])('%s is the text that the sender wrote', (json, text) => {
    expect(textAt(`\ufeff{"id": [${json}]}`, '/id/0')).toBe(text)
  })

  it.each(['null', '{}', '[]', '{"a":1}'])('%s is none', (json) => {
    expect(textAt(`{"id":${json}}`, '/id')).toBeUndefined()
  })

  it.each([
    ['nothing', ''],
    ['a form', 'id=1'],
    ['half of an object', '{"id":"a"'],
    ['two of a name', '{"id":"a","id":"b"}'],
    ['more depth than a push may have', `{"id":"a","b":${'['.repeat(100)}${']'.repeat(100)}}`],
    ['bytes that are no text', Buffer.from([0x7b, 0xff])],
  ])('is none in %s', (_, body) => {
    expect(textAt(body, '/id')).toBeUndefined()
  })
})
