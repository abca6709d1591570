import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { JsonTexts } from '../../../src/http/push/json-texts.ts'

function textsOf(body: string, records: number): (string | undefined)[] {
  const texts = new JsonTexts(Buffer.from(body))
  return Array.from({ length: records }, (_, index) => texts.of(index))
}

describe('the text of the field json', () => {
  it.each([
    '{"b": 1,\t"a" : [1.0, 2E+3]}',
    '12345678901234567890',
    '"\\u00e9é"',
    'null',
    '[ ]',
    '""',
  ])('is as the client wrote it: %s', (text) => {
    expect(textsOf(`{"records":[{"topic":"t","json":${text}}]}`, 1)).toEqual([text])
  })

  it('has no white space around it', () => {
    const body =
      '{ "records" : [ { "json" : \r\n {"a": 1} \t , "topic" : "t" } , { "json":\n1\n} ] }'
    expect(textsOf(body, 2)).toEqual(['{"a": 1}', '1'])
  })

  it('is that of its record, whatever other records and fields have', () => {
    const body = `{"x": {"records": [{"json": 1}], "json": 2}, "json": 3,
      "records": [{"topic": "json", "data": "\\"json\\": 4"}, {"headers": {"json": "5"}, "json": {"json": [{"json": 6}], "records": [7]}},
        {"x": [{"json": 8}], "data": "}],{"}, {"json": 9}],
      "y": [[{"json": 10}], {"json": 11}]}`
    expect(textsOf(body, 5)).toEqual([
      undefined,
      '{"json": [{"json": 6}], "records": [7]}',
      undefined,
      '9',
      undefined,
    ])
  })

  it('is found under names that are written with escapes', () => {
    const body = '{"\\u0072ecords":[{"j\\u0073on":[1]}]}'
    expect(textsOf(body, 1)).toEqual(['[1]'])
  })

  it('is the same text for any JSON', () => {
    const records = fc.array(
      fc.record(
        { json: fc.json(), before: fc.json(), after: fc.json() },
        { requiredKeys: ['json'] },
      ),
    )
    fc.assert(
      fc.property(records, fc.constantFrom('', ' ', '\n\t'), (records, space) => {
        const elements = records.map(({ json, before, after }) => {
          const fields = [`"json"${space}:${space}${json}${space}`]
          if (before !== undefined) fields.unshift(`"before":${before}`)
          if (after !== undefined) fields.push(`"after":${after}`)
          return `{${fields.join(',')}}`
        })
        const body = `{"other":[${elements.join()}],"records":[${elements.join(`${space},`)}]}`
        expect(textsOf(body, records.length)).toEqual(records.map(({ json }) => json.trim()))
      }),
    )
  })
})
