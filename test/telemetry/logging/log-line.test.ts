import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatLine } from '../../../src/telemetry/logging/log-line.ts'
import { maskerOf } from '../../../src/base/quotable.ts'

const format = (fields: unknown): string =>
  formatLine({ ts: '2026-01-02T03:04:05.678Z', level: 'info', msg: 'hello', fields })

const parse = (fields: unknown): Record<string, unknown> =>
  JSON.parse(format(fields)) as Record<string, unknown>

describe('formatLine', () => {
  test('writes one JSON object with ts, level and msg first', () => {
    expect(format({ topic: 'orders', records: 3 })).toBe(
      '{"ts":"2026-01-02T03:04:05.678Z","level":"info","msg":"hello","service":"kprf","topic":"orders","records":3}\n',
    )
  })

  test('keeps line ends inside the line', () => {
    const line = formatLine({ ts: '', level: 'info', msg: 'a\r\nb', fields: { reason: 'c\r\nd' } })

    expect(line).toBe(
      '{"ts":"","level":"info","msg":"a\\r\\nb","service":"kprf","reason":"c\\r\\nd"}\n',
    )
  })

  test('lets no field replace ts, level, msg or service', () => {
    expect(parse({ ts: 1, level: 2, msg: 3, service: 4 })).toEqual({
      ts: '2026-01-02T03:04:05.678Z',
      level: 'info',
      msg: 'hello',
      service: 'kprf',
    })
  })

  test.each([
    'password',
    'keyPassword',
    'key_password',
    'passphrase',
    'Authorization',
    'proxy-authorization',
    'Set-Cookie',
    'sasl',
    'access_token',
    'clientSecret',
    'credentials',
  ])('redacts the field %s at any depth', (name) => {
    const line = format({ [name]: 'canary', inner: [{ [name]: { deeper: 'canary' } }] })

    expect(line).not.toContain('canary')
    expect(line.match(/\[redacted\]/g)).toHaveLength(2)
  })

  test('masks secrets in every text, before it is cut off', () => {
    const mask = maskerOf(['canary'])
    const error = new Error('canary', { cause: new Error('because of canary') })
    const cut = `${'x'.repeat(8189)}canary`

    const line = formatLine(
      {
        ts: '',
        level: 'info',
        msg: 'a canary',
        fields: { error, list: [{ text: 'canary' }], cut },
      },
      mask,
    )

    expect(line).not.toContain('can')
    expect(line).toContain('"msg":"a ********"')
  })

  test('says how many bytes there were instead of writing them', () => {
    const fields = parse({ buffer: Buffer.from('canary'), array: new Uint16Array(4) })

    expect(fields).toMatchObject({ buffer: '[6 bytes]', array: '[8 bytes]' })
  })

  test('writes of an error its name, message, code, stack and cause, and nothing else', () => {
    const cause = Object.assign(new Error('no route'), { code: 'EHOSTUNREACH' })
    const error = Object.assign(new TypeError('not sent', { cause }), { records: ['canary'] })

    const line = parse({ error })

    expect(line['error']).toEqual({
      name: 'TypeError',
      message: 'not sent',
      stack: error.stack,
      cause: { name: 'Error', message: 'no route', code: 'EHOSTUNREACH', stack: cause.stack },
    })
  })

  test('writes a bigint as a string, a date in ISO 8601, and no undefined fields', () => {
    const fields = { offset: 2n ** 63n, at: new Date(0), nothing: undefined, none: null }

    const line = parse(fields)

    expect(line).toMatchObject({ offset: '9223372036854775808', at: '1970-01-01T00:00:00.000Z' })
    expect(line).toHaveProperty('none', null)
    expect(line).not.toHaveProperty('nothing')
  })

  test('cuts long strings and says so', () => {
    const line = parse({ text: 'x'.repeat(10_000) })

    expect(line['text']).toBe(`${'x'.repeat(8192)}... (1808 more characters)`)
  })

  test('ends circular values', () => {
    const circular: Record<string, unknown> = {}
    circular['self'] = circular

    expect(format(circular)).toContain('"[too deep]"')
  })

  test('survives a field that cannot be read', () => {
    const fields = {
      get broken(): string {
        throw new Error('no')
      },
    }

    expect(parse(fields)).toMatchObject({ msg: 'hello', fields: '[unreadable]' })
  })

  test('makes exactly one line of JSON of anything', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withTypedArray: true,
      withSparseArray: true,
      withNullPrototype: true,
      withMap: true,
      withSet: true,
    })

    fc.assert(
      fc.property(anything, fc.string(), (fields, msg) => {
        const line = formatLine({ ts: 't', level: 'warn', msg, fields })

        expect(line.indexOf('\n')).toBe(line.length - 1)
        expect(JSON.parse(line)).toMatchObject({ ts: 't', level: 'warn', msg })
      }),
    )
  })
})
