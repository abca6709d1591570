/**
 * Schemas and parsers agree: a body that a schema allows is taken, and one that it forbids is refused. Fields of bodies
 * are drawn from values that are right and values that are nearly right.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keyOfJsonEvent } from '../../../src/http/events/json-event.ts'
import { LineParser } from '../../../src/http/ndjson/parse-line.ts'
import type { DocumentRules } from '../../../src/http/openapi/rules.ts'
import { JsonParser } from '../../../src/http/parse-json.ts'
import { jsonLimits } from '../../../src/http/push/json-limits.ts'
import { Misspellings } from '../../../src/http/push/misspellings.ts'
import { parsePush } from '../../../src/http/push/parse-push.ts'
import { Problem } from '../../../src/http/push/problem.ts'
import { parseRestBody } from '../../../src/http/rest/parse-v2.ts'
import { type EmbeddedFormat, typeOfFormat } from '../../../src/http/rest/v2-media-type.ts'
import { DEFAULT_SETTINGS } from '../../support/http-edge.ts'
import { runs } from '../../support/random-runs.ts'
import { documentOf, validatorsOf } from './support/described.ts'

const SEED = Number(process.env['TEST_SEED'] ?? 1)

/** Whether something is right: by a schema, or by a parser. */
type Verdict = (body: unknown) => boolean

/** A value, most often one that is right. */
const mostly = (good: readonly unknown[], bad: readonly unknown[]): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 15, arbitrary: fc.constantFrom(...good) },
    { weight: 1, arbitrary: fc.constantFrom(...bad) },
  )

const ANY = [null, true, 0, -1, 1.5, '', 'a', [], {}, ['a'], { a: 'b' }]
const TEXTS = ['', 'a', 'é€😀', 'AP8Q', 'AP8=', '\u0000']
const BASE64 = ['', 'AP8Q', 'AP8=', 'AA==']
const NO_BASE64 = ['AP8', 'AP9=', 'AB==', 'A', 'AP8Q\n', 'AP-_']
const ENCODING = mostly([null, 'utf8', 'UTF-8', 'base64', 'base64'], ['utf16', 'BASE64', '', 0])
const TIMESTAMP = mostly(
  [null, 946_684_800_000, 1_700_000_000_000, 253_402_300_799_999],
  [946_684_799_999, 253_402_300_800_000, 1.5, '1700000000000', true],
)
const PARTITION = mostly([null, 0, 2_147_483_647, -1, 1], [-2, 2_147_483_648, 0.5, '0', []])
const TOPIC = mostly(
  ['a', 'a.b_c-D9', 'a'.repeat(249)],
  ['', '.', '..', 'a b', 'é', null, 1, 'a\n'],
)
const BYTES = mostly([...TEXTS, ...BASE64], [...NO_BASE64, ...ANY])

const header = fc.record(
  {
    key: mostly(['a', 'é'], ['', null, 1]),
    value: BYTES,
    encoding: ENCODING,
    extra: fc.constant(1),
  },
  { requiredKeys: [] },
)
const goodHeader = fc.record({ key: fc.constant('a'), value: fc.constantFrom('', 'AP8Q', null) })
const HEADER_LIST = fc.array(fc.oneof({ weight: 6, arbitrary: goodHeader }, header), {
  maxLength: 3,
})
const HEADERS = fc.oneof(
  { weight: 4, arbitrary: fc.dictionary(fc.constantFrom('a', 'b', 'é'), fc.constantFrom('', 'a')) },
  { weight: 4, arbitrary: HEADER_LIST },
  mostly([null], [{ '': 'a' }, { a: null }, { a: 1 }, 'a', 1]),
  mostly([many(100)], [many(101)]),
)

/** So many headers. */
function many(count: number): unknown {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`h${index}`, '']))
}

/** An object with these fields, each of which is there or not, and sometimes with one that nobody knows. */
function fields(
  model: Readonly<Record<string, fc.Arbitrary<unknown>>>,
  requiredKeys: readonly string[],
): fc.Arbitrary<object> {
  const options = { requiredKeys: [...requiredKeys] }
  const known: Record<string, fc.Arbitrary<unknown>> = { ...model }
  const all: Record<string, fc.Arbitrary<unknown>> = { ...model, unknown: fc.constant(1) }
  return fc.oneof(
    { weight: 9, arbitrary: fc.record(known, options) },
    { weight: 1, arbitrary: fc.record(all, options) },
  )
}

const RECORD = {
  ...{
    key: BYTES,
    partition: PARTITION,
    headers: HEADERS,
    timestamp: TIMESTAMP,
    encoding: ENCODING,
  },
}
const record = fc.oneof(
  { weight: 5, arbitrary: fields({ ...RECORD, topic: TOPIC, data: BYTES }, ['topic', 'data']) },
  {
    weight: 5,
    arbitrary: fields({ ...RECORD, topic: TOPIC, json: fc.constantFrom(...ANY) }, [
      'topic',
      'json',
    ]),
  },
  { weight: 1, arbitrary: fields({ ...RECORD, topic: TOPIC, data: BYTES, json: BYTES }, []) },
  { weight: 1, arbitrary: fc.constantFrom(...ANY) },
)
const SWITCH = mostly([true, false, null], ['true', 0, []])
const push = fc.oneof(
  {
    weight: 12,
    arbitrary: fields(
      {
        records: fc.array(record, { maxLength: 2 }),
        wait_for_send: SWITCH,
        return_offsets: SWITCH,
      },
      ['records'],
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(...ANY, { records: 1 }, { records: {} }) },
)

const restRecord = (value: fc.Arbitrary<unknown>) =>
  fields(
    {
      key: value,
      value,
      partition: PARTITION,
      timestamp: TIMESTAMP,
      headers: fc.oneof(HEADER_LIST, mostly([null], [{ a: 'b' }, 1])),
    },
    ['value'],
  )
const restPush = (value: fc.Arbitrary<unknown>) =>
  fields(
    {
      records: fc.oneof(
        { weight: 9, arbitrary: fc.array(restRecord(value), { minLength: 1, maxLength: 2 }) },
        fc.constantFrom<unknown>([], {}, 1),
      ),
      key_schema: fc.constantFrom(...ANY),
    },
    ['records'],
  )
const REST_VALUES: Readonly<Record<EmbeddedFormat, fc.Arbitrary<unknown>>> = {
  json: fc.constantFrom(...ANY),
  binary: mostly([null, ...BASE64], [...NO_BASE64, 1, {}]),
  text: mostly([null, ...TEXTS], [1, {}, true]),
}

const ATTRIBUTE = mostly(['a', 'é€😀', '2'], ['', '\u0000', '\u007f', '\ufffe', 1, null, []])
const EVENT = { specversion: '1.0', id: '1', source: '/s', type: 't' }

const event = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom<unknown>(...ANY, { ...EVENT, Upper: 'a' }) },
  { weight: 20, arbitrary: namedEvent() },
)

function namedEvent(): fc.Arbitrary<object> {
  return fields(
    {
      ...{
        specversion: mostly(['1.0'], ['0.3', 1, null]),
        id: ATTRIBUTE,
        source: ATTRIBUTE,
        type: ATTRIBUTE,
      },
      time: mostly(
        ['2026-01-31T12:00:00Z', '2026-01-31t12:00:00.5+01:00', null],
        ['2026-01-31', '2026-13-31T12:00:00Z', '2026-01-31T24:00:00Z', ''],
      ),
      ...{ subject: ATTRIBUTE, partitionkey: ATTRIBUTE, datacontenttype: ATTRIBUTE },
      ext1: mostly(
        [true, 2_147_483_647, -2_147_483_648, '', 'a', null],
        [1.5, 2_147_483_648, {}, '\u0001'],
      ),
      ...{
        data: fc.constantFrom(...ANY),
        data_base64: mostly([null, ...BASE64], [...NO_BASE64, 1]),
      },
    },
    ['specversion', 'id', 'source', 'type'],
  )
}

const parser = new JsonParser(jsonLimits(100))
const parse = (body: unknown) => {
  const bytes = Buffer.from(JSON.stringify(body))
  return { bytes, json: parser.parse(bytes) }
}
const restHead = { topic: 'a', partition: undefined, isAsync: false }

/** What is drawn, what the document says of it, and what the parser does. */
function casesWith(
  rules: Partial<DocumentRules>,
): readonly [string, fc.Arbitrary<unknown>, Verdict, Verdict][] {
  const settings = { ...DEFAULT_SETTINGS, ...rules }
  const document = documentOf(rules)
  const validatorOf = validatorsOf(document)
  const schema = (name: string): Verdict => validatorOf({ $ref: `#/components/schemas/${name}` })
  const misspellings = new Misspellings()
  const lines = new LineParser(
    { topic: 'a', form: 'envelope', waitForSend: true },
    { rules: settings, jsonParser: parser, misspellings },
  )
  const restBody = (path: string, format: EmbeddedFormat): Verdict =>
    validatorOf(
      document.paths[path]?.post?.requestBody?.content[typeOfFormat(format)]?.schema ?? {},
    )
  const isRest =
    (format: EmbeddedFormat, partition?: number): Verdict =>
    (body) => {
      const options = { rules: settings, jsonParser: parser, misspellings }
      const { bytes } = parse(body)
      return parseRestBody(bytes, format, { ...restHead, partition }, options).kind === 'valid'
    }
  return [
    ['a push', push, schema('Push'), (body) => parsePush(parse(body), settings).kind === 'valid'],
    [
      'a line',
      fields({ ...RECORD, topic: mostly(['a'], ['', 1]), data: BYTES }, ['data']),
      schema('Line'),
      (body) => !(lines.parse(Buffer.from(JSON.stringify(body))) instanceof Problem),
    ],
    [
      'an event',
      event,
      schema('CloudEvent'),
      (body) => !(keyOfJsonEvent(parse(body).json) instanceof Problem),
    ],
    ...(['json', 'binary', 'text'] as const).flatMap(
      (format): [string, fc.Arbitrary<unknown>, Verdict, Verdict][] => [
        [
          `records of the API v2 in ${format}`,
          restPush(REST_VALUES[format]),
          restBody('/topics/{topic}', format),
          isRest(format),
        ],
        [
          `records of a partition in ${format}`,
          restPush(REST_VALUES[format]),
          restBody('/topics/{topic}/partitions/{partition}', format),
          isRest(format, 0),
        ],
      ],
    ),
  ]
}

describe.each<[string, Partial<DocumentRules>]>([
  ['by default', {}],
  ['where unknown fields are refused', { unknownFields: 'reject' }],
  ['where old timestamps are taken', { allowOldTimestamps: true }],
])('%s', (_, rules) => {
  it.each(casesWith(rules))(
    '%s is taken if the schema allows it, and refused if not',
    (_name, bodies, isAllowed, isTaken) => {
      const seen = { allowed: 0, forbidden: 0 }

      fc.assert(
        fc.property(bodies, (body) => {
          const verdict = isAllowed(body)
          seen[verdict ? 'allowed' : 'forbidden'] += 1
          expect(isTaken(body)).toBe(verdict)
        }),
        { seed: SEED, numRuns: runs(1_000) },
      )

      // Neither is rare.
      expect(Math.min(seen.allowed, seen.forbidden)).toBeGreaterThan(20)
    },
  )
})

/** What is refused although the schema allows it, because JSON Schema cannot say it. */
const EXCEPTIONS: readonly [why: string, body: unknown][] = [
  ['half of a surrogate pair', { records: [{ topic: 'a', data: '\ud800' }] }],
  [
    'too many topics',
    { records: Array.from({ length: 51 }, (_, n) => ({ topic: `t${n}`, data: '' })) },
  ],
]

describe('what JSON Schema cannot say', () => {
  const isAllowed = validatorsOf(documentOf())({ $ref: '#/components/schemas/Push' })
  const isEvent = validatorsOf(documentOf())({ $ref: '#/components/schemas/CloudEvent' })

  it.each(EXCEPTIONS)('%s', (_, body) => {
    expect([isAllowed(body), parsePush(parse(body), DEFAULT_SETTINGS).kind]).not.toEqual([
      true,
      'valid',
    ])
    expect(isAllowed(body)).toBe(true)
  })

  it.each([
    ['a noncharacter of another plane', { ...EVENT, subject: '\u{1fffe}' }],
    ['half of a surrogate pair in an event', { ...EVENT, subject: '\ud800' }],
  ])('%s', (_, body) => {
    expect([isEvent(body), keyOfJsonEvent(body) instanceof Problem]).toEqual([true, true])
  })

  it.each([
    ['a name that is there twice', '{"records":[],"records":[]}'],
    ['nesting of more than 64 levels', `{"records":[],"x":${'['.repeat(65)}${']'.repeat(65)}}`],
  ])('%s', (_, text) => {
    expect(isAllowed(JSON.parse(text))).toBe(true)
    expect(() => parser.parse(Buffer.from(text))).toThrow()
  })
})
