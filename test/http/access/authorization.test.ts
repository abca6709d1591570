import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { authorizationOf, readAuthorization } from '../../../src/http/access/authorization.ts'

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`

describe('readAuthorization', () => {
  it.each([
    ['Bearer abc', 'abc'],
    ['bearer abc', 'abc'],
    ['BEARER   abc', 'abc'],
    ['Bearer a-b._~+/==', 'a-b._~+/=='],
    [basic('user:abc'), 'abc'],
    [basic(':abc'), 'abc'],
    [basic('user:a:b'), 'a:b'],
    [basic('user:pässwörd'), 'pässwörd'],
    [basic('user:'), ''],
    [basic('user:abc').replace('Basic', 'basic'), 'abc'],
  ])('reads the token of %j', (value, token) => {
    expect(readAuthorization(authorizationOf(['Host', 'h', 'Authorization', value]))).toEqual({
      kind: 'token',
      token,
    })
  })

  it.each([[[]], [['Host', 'h']], [['Proxy-Authorization', 'Bearer a']], [['X', 'Authorization']]])(
    'finds none in %j',
    (headers) => {
      expect(readAuthorization(authorizationOf(headers))).toEqual({ kind: 'none' })
    },
  )

  const neither = 'the Authorization header is neither Bearer TOKEN nor Basic'

  it.each([
    ['', neither],
    ['abc', neither],
    ['Bearer', neither],
    ['Bearer a b', neither],
    ['Bearer a,b', neither],
    ['Bearer =a', neither],
    ['Bearer "a"', neither],
    ['Token abc', neither],
    ['Negotiate abc', neither],
    ['Basic ?', neither],
    [basic('nopassword'), 'the Basic credentials have no password'],
  ])('says why it cannot read %j', (value, message) => {
    expect(readAuthorization(authorizationOf(['authorization', value]))).toEqual({
      kind: 'unreadable',
      message,
    })
  })

  it('refuses two headers, even if both are the same', () => {
    const headers = ['Authorization', 'Bearer a', 'AUTHORIZATION', 'Bearer a']

    expect(readAuthorization(authorizationOf(headers))).toEqual({
      kind: 'unreadable',
      message: 'more than one Authorization header',
    })
  })

  it('repeats nothing of a header that it cannot read', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 12 }), (value) => {
        const given = readAuthorization(authorizationOf(['Authorization', value]))
        if (given.kind === 'unreadable') expect(given.message).not.toContain(value)
      }),
    )
  })
})
