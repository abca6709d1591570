import { describe, expect, it } from 'vitest'
import { parseToken, staticToken, TokenError } from '../../../src/producer/security/bearer-token.ts'
import { unsignedToken } from '../../support/unsigned-token.ts'

const nowMs = 1_700_000_000_000
const inAMinute = 1_700_000_060

describe('parseToken', () => {
  it('finds out when the token ends', () => {
    const value = unsignedToken({ sub: 'alice', exp: inAMinute })

    expect(parseToken(value, 'sub', nowMs)).toEqual({ value, expiresAtMs: nowMs + 60_000 })
  })

  it('finds the principal in another claim', () => {
    const value = unsignedToken({ azp: 'kprf', exp: inAMinute })

    expect(parseToken(value, 'azp', nowMs)).toMatchObject({ value })
  })

  it.each([
    ['two parts', 'a.b', 'it has not three parts'],
    ['claims that are no JSON', 'a.bm9uc2Vuc2U.c', 'its claims are not JSON'],
    ['claims that are no object', `a.${Buffer.from('null').toString('base64url')}.c`, 'not JSON'],
    ['no subject', unsignedToken({ exp: inAMinute }), 'no claim "sub"'],
    ['an empty subject', unsignedToken({ sub: '', exp: inAMinute }), 'no claim "sub"'],
    ['a subject that is no text', unsignedToken({ sub: 1, exp: inAMinute }), 'no claim "sub"'],
    ['no end', unsignedToken({ sub: 'alice' }), 'no claim "exp"'],
    ['an end that is no number', unsignedToken({ sub: 'alice', exp: 'soon' }), 'no claim "exp"'],
    ['an end that is over', unsignedToken({ sub: 'alice', exp: nowMs / 1_000 }), 'ended at 2023'],
  ])('refuses a token with %s, and does not quote it', (_, token, complaint) => {
    let message = ''
    try {
      parseToken(token, 'sub', nowMs)
    } catch (error) {
      expect(error).toBeInstanceOf(TokenError)
      message = String(error)
    }

    expect(message).toContain(complaint)
    expect(message).not.toContain(token)
  })
})

describe('staticToken', () => {
  it('is always the same', async () => {
    const source = staticToken('t')
    source.close()

    expect(await source.token()).toBe('t')
  })
})
