import { describe, expect, it } from 'vitest'
import { parseExtensions } from '../../../src/producer/security/extensions.ts'

describe('parseExtensions', () => {
  it('separates names and values', () => {
    expect(parseExtensions('k', 'traceId=a b,logicalCluster=lkc=1')).toEqual({
      traceId: 'a b',
      logicalCluster: 'lkc=1',
    })
  })

  it('returns no extensions for an empty text', () => {
    expect(parseExtensions('k', '')).toEqual({})
  })

  it.each([
    ['no value', 'a'],
    ['an empty value', 'a='],
    ['no name', '=1'],
    ['a name with a digit', 'a1=1'],
    ['the name of the token itself', 'auth=Bearer x'],
    ['the separator of the protocol', 'a=b\x01c'],
    ['a comma at the end', 'a=1,'],
  ])('refuses %s', (_, text) => {
    expect(() => parseExtensions('sasl.oauthbearer.extensions', text)).toThrow(
      /^sasl\.oauthbearer\.extensions: extension \d is not valid; write name=value/,
    )
  })
})
