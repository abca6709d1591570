import { describe, expect, expectTypeOf, it } from 'vitest'
import { camelCase } from '../../src/config/camel-case.ts'

describe('camelCase', () => {
  const renamed = camelCase({
    log_level: 'info',
    http: { max_body_bytes: 5 },
    rules: [{ topic_name: 'a_b' }],
    properties: { 'linger.ms': 1, 'batch.size': undefined },
  })

  it('renames the keys of mappings, and of those in them and in lists', () => {
    expect(renamed).toStrictEqual({
      logLevel: 'info',
      http: { maxBodyBytes: 5 },
      rules: [{ topicName: 'a_b' }],
      properties: { 'linger.ms': 1, 'batch.size': undefined },
    })
  })

  it('has the type of what it makes', () => {
    expectTypeOf(renamed).toEqualTypeOf<{
      readonly logLevel: string
      readonly http: { readonly maxBodyBytes: number }
      readonly rules: readonly { readonly topicName: string }[]
      readonly properties: { readonly 'linger.ms': number; readonly 'batch.size': undefined }
    }>()
  })
})
