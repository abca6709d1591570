import { describe, expect, it } from 'vitest'
import {
  parseToken,
  staticToken,
  TokenError,
  unsecuredTokens,
} from '../../../src/producer/security/bearer-token.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { unsignedToken } from '../../support/unsigned-token.ts'

const nowMs = 1_700_000_000_000
const inAMinute = 1_700_000_060

describe('parseToken', () => {
  it('finds the expiry of the token', () => {
    const value = unsignedToken({ sub: 'alice', exp: inAMinute })

    expect(parseToken(value, 'sub', nowMs)).toEqual({ value, expiresAtMs: nowMs + 60_000 })
  })

  it('finds the principal in another claim', () => {
    const value = unsignedToken({ azp: 'kprf', exp: inAMinute })

    expect(parseToken(value, 'azp', nowMs)).toMatchObject({ value })
  })

  it.each([
    ['two parts', 'a.b', 'it does not have three parts'],
    ['claims that are not JSON', 'a.bm9uc2Vuc2U.c', 'its claims are not JSON'],
    [
      'claims that are not an object',
      `a.${Buffer.from('null').toString('base64url')}.c`,
      'not JSON',
    ],
    ['no subject', unsignedToken({ exp: inAMinute }), 'no claim "sub"'],
    ['an empty subject', unsignedToken({ sub: '', exp: inAMinute }), 'no claim "sub"'],
    ['a subject that is not text', unsignedToken({ sub: 1, exp: inAMinute }), 'no claim "sub"'],
    ['no expiry', unsignedToken({ sub: 'alice' }), 'no claim "exp"'],
    [
      'an expiry that is not a number',
      unsignedToken({ sub: 'alice', exp: 'soon' }),
      'no claim "exp"',
    ],
    [
      'an expiry in the past',
      unsignedToken({ sub: 'alice', exp: nowMs / 1_000 }),
      'expired at 2023',
    ],
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

describe('unsecuredTokens', () => {
  it('are new each time, and have the configured claims', async () => {
    const clock = new FakeClock()
    const settings = {
      method: 'unsecured',
      claims: { azp: 'alice', scope: ['a'] },
      lifeSeconds: 60,
    } as const
    const source = unsecuredTokens(() => settings, clock)
    source.close()

    await clock.advance(5_000)
    const token = await source.token()

    const [head = '', body = '', signature] = token.split('.')
    const parse = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString())
    expect([parse(head), parse(body), signature]).toEqual([
      { alg: 'none' },
      { azp: 'alice', scope: ['a'], iat: 1_700_000_005, exp: 1_700_000_065 },
      '',
    ])
  })
})

describe('staticToken', () => {
  it('is that of the settings by then', async () => {
    let token = 't'
    const source = staticToken(() => ({ method: 'static', token }))
    source.close()
    const before = await source.token()

    token = 'renewed'

    expect([before, await source.token()]).toEqual(['t', 'renewed'])
  })
})
