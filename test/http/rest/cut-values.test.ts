/** Keys and values are found wherever they are, and what is around them stays. */
import { describe, expect, it } from 'vitest'
import { cutValues } from '../../../src/http/rest/cut-values.ts'
import { SeededRandom, TEST_SEED } from '../../support/random.ts'

interface Cut {
  readonly rest: unknown
  readonly texts: readonly (readonly [key: string | undefined, value: string | undefined])[]
}

function cut(body: string, records: number): Cut {
  const found = cutValues(Buffer.from(body))
  return {
    rest: JSON.parse(found.rest.toString()),
    texts: Array.from({ length: records }, (_, index) => [
      ...([found.textOf(index, 'key'), found.textOf(index, 'value')] as const),
    ]),
  }
}

describe('keys and values', () => {
  it.each([
    ['{"records":[{"value":1}]}', [[undefined, '1']]],
    ['{"records":[{"value" : {"value":[1, 2]} , "key":"a"}]}', [['"a"', '{"value":[1, 2]}']]],
    ['{"records":[{},{"value":"}],"},{"key":[]}]}', [[undefined, undefined], [undefined, '"}],"'], ['[]', undefined]]], // prettier-ignore
    ['{"key":1,"records":[{"a":{"value":2},"value":3}],"value":4}', [[undefined, '3']]],
    ['{"records":[{"\\u0076alue":12345678901234567890}]}', [[undefined, '12345678901234567890']]],
    ['{"records":[{"valu\\"":1,"value":{"a":1,"a":2}}]}', [[undefined, '{"a":1,"a":2}']]],
    ['{"records":[ {\n"value":\t"x"\r\n} ]}', [[undefined, '"x"']]],
  ])('of %s', (body, texts) => {
    expect(cut(body, texts.length).texts).toEqual(texts)
  })

  it('leave the other fields as they are', () => {
    const body =
      '{"records":[{"key":{"a":1},"value":"x","partition":3,"headers":[{"key":"a"}]}],"a":"b"}'

    expect(cut(body, 1).rest).toEqual({
      records: [{ key: 0, value: 0, partition: 3, headers: [{ key: 'a' }] }],
      a: 'b',
    })
  })

  it('of any records are the texts that were written', () => {
    const random = new SeededRandom(TEST_SEED)
    const draw = (depth: number): string => {
      const kind = random.below(depth > 3 ? 4 : 6)
      if (kind === 0) return String(random.below(1000)) + '0'.repeat(random.below(30))
      if (kind === 1) return JSON.stringify('é"\\,:{}[]value'.slice(random.below(12)))
      if (kind < 4) return random.pick(['null', 'true', '-0.0', '1e400'])
      const parts = Array.from({ length: random.below(4) }, () => draw(depth + 1))
      if (kind === 4) return `[${parts.join(random.pick([',', ' , ']))}]`
      return `{${parts.map((part) => `"${random.pick(['key', 'value', 'records', 'a'])}": ${part}`).join()}}`
    }
    for (let round = 0; round < 200; round += 1) {
      const texts = Array.from({ length: random.below(5) }, () => [draw(0), draw(0)] as const)
      const records = texts.map(
        ([key, value]) => `{"value":${value},"key" : ${key} ,"timestamp":1}`,
      )

      expect(cut(`{"records":[${records.join(' ,')}]}`, texts.length), `seed ${TEST_SEED}`).toEqual(
        {
          rest: { records: texts.map(() => ({ value: 0, key: 0, timestamp: 1 })) },
          texts,
        },
      )
    }
  })
})
