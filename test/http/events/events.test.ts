/** What makes an event, in both ways in which it can be written, and what does not. */
import { describe, expect, it } from 'vitest'
import { ProxyError } from '../../../src/base/errors.ts'
import { parseBinaryEvent } from '../../../src/http/events/binary-event.ts'
import { contentModeOf } from '../../../src/http/events/content-mode.ts'
import { keyOfJsonEvent, parseStructuredEvent } from '../../../src/http/events/json-event.ts'
import { Problem } from '../../../src/http/push/problem.ts'

const REQUIRED = { specversion: '1.0', id: '1', source: '/s', type: 't' }

type Attributes = Readonly<Record<string, unknown>>

/** Attributes as headers of a request, names and values alternating. */
const headersOf = (attributes: Attributes): string[] =>
  Object.entries(attributes).flatMap(([name, value]) => [`ce-${name}`, String(value)])

function without(name: keyof typeof REQUIRED): Attributes {
  return Object.fromEntries(Object.entries(REQUIRED).filter(([one]) => one !== name))
}

/** The same event, written in both ways. */
const parseBoth = (attributes: Attributes) =>
  [parseBinaryEvent(headersOf(attributes)), keyOfJsonEvent(attributes)] as const

describe('an event', () => {
  it.each<[string, Attributes, string | null]>([
    ['with what it needs', {}, null],
    ['with a key', { partitionkey: 'k' }, 'k'],
    [
      'with everything that the specification has',
      { subject: 's', dataschema: 'http://a/b' },
      null,
    ],
    ['with extensions', { traceparent: '00-1', a: '', 1: 'x' }, null],
    ['with a leap second', { time: '2016-12-31T23:59:60Z' }, null],
    ['with a leap day', { time: '2024-02-29t00:00:00.123456789z' }, null],
    ['with the time of a zone', { time: '1985-04-12T23:20:50.52-08:00' }, null],
    ['with other characters', { subject: 'Euro € 😀' }, null],
  ])('is taken: %s', (_, attributes, key) => {
    const encoded = Object.fromEntries(
      Object.entries(attributes).map(([name, value]) => [name, encodeURI(String(value))]),
    )

    expect(parseBinaryEvent(headersOf({ ...REQUIRED, ...encoded }))).toMatchObject({ key })
    expect(keyOfJsonEvent({ ...REQUIRED, ...attributes })).toBe(key)
  })

  it.each(['specversion', 'id', 'source', 'type'] as const)('needs its %s', (name) => {
    const [binary, json] = parseBoth(without(name))

    expect(binary).toEqual(
      new Problem('INVALID_RECORD', `ce-${name} is missing, which every event needs`),
    )
    expect(json).toEqual(
      new Problem('INVALID_RECORD', `${name} is missing, which every event needs`),
    )
  })

  it.each<[string, Attributes, string]>([
    ['version 0.3', { specversion: '0.3' }, 'specversion must be 1.0: events of other'],
    ['version 1.0.2', { specversion: '1.0.2' }, 'specversion must be 1.0'],
    ['an empty id', { id: '' }, 'id must not be empty'],
    ['an empty key', { partitionkey: '' }, 'partitionkey must not be empty'],
    ['an empty subject', { subject: '' }, 'subject must not be empty'],
    ['a date', { time: '2026-01-31' }, 'time must be a time as in RFC 3339'],
    ['a time without a zone', { time: '2026-01-31T12:00:00' }, 'time must be a time'],
    ['a day that is none', { time: '2026-02-30T12:00:00Z' }, 'time must be a time'],
    ['a month that is none', { time: '2026-13-01T12:00:00Z' }, 'time must be a time'],
    ['an hour that is none', { time: '2026-01-31T24:00:00Z' }, 'time must be a time'],
  ])('is refused: %s', (_, attributes, message) => {
    const [binary, json] = parseBoth({ ...REQUIRED, ...attributes })

    expect(binary).toMatchObject({ code: 'INVALID_RECORD' })
    expect(binary).toHaveProperty('message', expect.stringContaining(`ce-${message}`))
    expect(json).toMatchObject({ code: 'INVALID_RECORD' })
    expect(json).toHaveProperty('message', expect.stringMatching(new RegExp(`^${message}`)))
  })

  it.each(['trace_parent', 'a-b', 'a.b', 'data'])('has no attribute with the name %s', (name) => {
    const problem = {
      code: 'INVALID_RECORD',
      message: expect.stringContaining(`"${name}"; `) as string,
    }

    expect(parseBinaryEvent(headersOf({ ...REQUIRED, [name]: 'x' }))).toMatchObject(problem)
    if (name !== 'data') expect(keyOfJsonEvent({ ...REQUIRED, [name]: 'x' })).toMatchObject(problem)
  })

  it.each(['\u0000', '\n', '\u007f', '\u0085', '\ufffe', '\u{1ffff}'])(
    'has no attribute with the character %j',
    (character) => {
      const encoded = encodeURIComponent(`a${character}`)
      const problem = {
        code: 'INVALID_RECORD',
        message: expect.stringContaining('has a character') as string,
      }

      expect(parseBinaryEvent(headersOf({ ...REQUIRED, subject: encoded }))).toMatchObject(problem)
      expect(keyOfJsonEvent({ ...REQUIRED, x: `a${character}` })).toMatchObject(problem)
    },
  )
})

describe('in binary mode', () => {
  it('attributes become headers of the record, decoded, in their order', () => {
    const rawHeaders = [
      ...['Host', 'h', 'CE-Id', '1', 'ce-source', '/s%20%E2%82%AC', 'Content-Type', 'a/b\xff'],
      ...['Ce-Type', 't', 'Accept', '*/*', 'ce-specversion', '1.0', 'ce-partitionkey', '%22k'],
    ]

    expect(parseBinaryEvent(rawHeaders)).toEqual({
      key: '"k',
      headers: [
        { key: 'ce_id', value: '1' },
        { key: 'ce_source', value: '/s €' },
        { key: 'content-type', value: Buffer.from('a/b\xff', 'latin1') },
        { key: 'ce_type', value: 't' },
        { key: 'ce_specversion', value: '1.0' },
        { key: 'ce_partitionkey', value: '"k' },
      ],
    })
  })

  it.each([
    [
      'an attribute twice',
      ['ce-id', '2'],
      'DUPLICATE_NAME',
      'the request has ce-id more than once',
    ],
    [
      'an extension twice',
      ['ce-x', '2', 'CE-X', '2'],
      'DUPLICATE_NAME',
      'the request has the attribute with the name "x" more than once',
    ],
    [
      'the type of the data as an attribute',
      ['ce-datacontenttype', 'a/b'],
      'INVALID_RECORD',
      'ce-datacontenttype is not taken: in binary mode the type of the data is Content-Type',
    ],
    [
      'bytes that are no UTF-8',
      ['ce-subject', '%FF'],
      'INVALID_TEXT',
      'ce-subject has a % that does not encode UTF-8: write a literal % as %25',
    ],
    [
      'an attribute without a name',
      ['ce-', 'x'],
      'INVALID_RECORD',
      'an attribute cannot have the name ""; the characters of a name are a-z and 0-9, and data is none',
    ],
  ])('%s is refused', (_, more, code, message) => {
    expect(parseBinaryEvent([...headersOf(REQUIRED), ...more])).toMatchObject({ code, message })
  })
})

describe('in JSON', () => {
  it.each<[string, Attributes]>([
    ['extensions of every type', { a: true, b: 2147483647, c: -2147483648, d: 'x' }],
    ['attributes that are null', { time: null, subject: null, partitionkey: null, x: null }],
    ['data of any type', { data: [{ A_B: 1 }] }],
    ['data in base64', { data_base64: 'AP8=' }],
    ['data in base64 beside null', { data_base64: 'AP8=', data: null }],
    ['data beside null in base64', { data_base64: null, data: 1 }],
  ])('an event may have %s', (_, attributes) => {
    expect(keyOfJsonEvent({ ...REQUIRED, ...attributes })).toBeNull()
  })

  it.each<[string, unknown, string, string]>([
    ['no object', [], 'INVALID_RECORD', 'an event must be a JSON object'],
    ['null', null, 'INVALID_RECORD', 'an event must be a JSON object'],
    ['an id that is no string', { ...REQUIRED, id: 1 }, 'INVALID_RECORD', 'id must be a string'],
    [
      'a required attribute of null',
      { ...REQUIRED, type: null },
      'INVALID_RECORD',
      'type is missing, which every event needs',
    ],
    [
      'a key that is no string',
      { ...REQUIRED, partitionkey: 7 },
      'INVALID_RECORD',
      'partitionkey must be a string',
    ],
    ...[1.5, 2 ** 31, -(2 ** 31) - 1, [], {}].map((value): [string, unknown, string, string] => [
      `the extension ${JSON.stringify(value)}`,
      { ...REQUIRED, x: value },
      'INVALID_RECORD',
      'the attribute with the name "x" must be a string, an integer of 32 bits, true or false',
    ]),
    [
      'data twice',
      { ...REQUIRED, data: 1, data_base64: '' },
      'INVALID_RECORD',
      'an event must have data or data_base64, not both',
    ],
    [
      'data_base64 of another type',
      { ...REQUIRED, data_base64: 1 },
      'INVALID_RECORD',
      'data_base64 must be a string',
    ],
    [
      'half of a surrogate pair',
      { ...REQUIRED, subject: '\ud800' },
      'INVALID_RECORD',
      'subject has a character that no attribute may have: a control character, half of a surrogate pair or a noncharacter',
    ],
    [
      'no base64',
      { ...REQUIRED, data_base64: 'A' },
      'INVALID_BASE64',
      'data_base64 must be padded base64 (RFC 4648, section 4)',
    ],
  ])('%s is refused', (_, event, code, message) => {
    expect(keyOfJsonEvent(event)).toMatchObject({ code, message })
  })

  it('the type of the request becomes that of the record, as it was sent', () => {
    const type = 'application/CloudEvents+json; charset=UTF-8'

    expect(parseStructuredEvent({ ...REQUIRED, partitionkey: 'k' }, type)).toEqual({
      key: 'k',
      headers: [{ key: 'content-type', value: Buffer.from(type) }],
    })
  })
})

describe('the content mode', () => {
  const modeOf = (...rawHeaders: string[]) => {
    const at = rawHeaders.findIndex((name) => name.toLowerCase() === 'content-type')
    const headers = at === -1 ? {} : { 'content-type': rawHeaders[at + 1] }
    return contentModeOf({ rawHeaders, headers })
  }

  it.each([
    ['binary', ['ce-id', '1']],
    ['binary', ['CE-Type', 't', 'Content-Type', 'application/json']],
    ['structured', ['content-type', 'application/cloudevents+json']],
    ['structured', ['Content-Type', 'Application/CloudEvents+JSON; charset=utf-8', 'ce-id', '1']],
    ['batch', ['Content-Type', 'application/cloudevents-batch+json']],
  ])('is %s: %j', (mode, rawHeaders) => {
    expect(modeOf(...rawHeaders)).toBe(mode)
  })

  it.each([
    ['UNSUPPORTED_MEDIA_TYPE', 'the request has no event', []],
    ['UNSUPPORTED_MEDIA_TYPE', 'the request has no event', ['Content-Type', 'application/json']],
    ['UNSUPPORTED_MEDIA_TYPE', 'the request has no event', ['Content-Type', 'nonsense']],
    ['UNSUPPORTED_MEDIA_TYPE', 'must be JSON', ['Content-Type', 'application/cloudevents+avro']],
    ['UNSUPPORTED_MEDIA_TYPE', 'must be JSON', ['Content-Type', 'application/cloudevents']],
    [
      'UNSUPPORTED_MEDIA_TYPE',
      'must be JSON',
      ['Content-Type', 'application/cloudevents-batch+xml', 'ce-id', '1'],
    ],
    [
      'DUPLICATE_NAME',
      'more than one Content-Type',
      ['Content-Type', 'a/b', 'content-type', 'a/b', 'ce-id', '1'],
    ],
  ])('is refused with %s, because %s: %j', (code, message, rawHeaders) => {
    const refused = expect(() => modeOf(...rawHeaders))

    refused.toThrow(ProxyError)
    refused.toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) as string }),
    )
  })
})
