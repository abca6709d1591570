import { describe, expect, it } from 'vitest'
import {
  bearerSettings,
  type BearerProperties,
} from '../../../src/producer/security/bearer-settings.ts'
import { createAuthority } from '../../support/certificates.ts'

const authority = createAuthority()

const NOTHING: BearerProperties = {
  ...{ method: 'default', config: '', tokenEndpointUrl: '', clientId: '', clientSecret: '' },
  ...{ scope: '', extensions: '', subClaimName: 'sub', caLocation: '', caPem: '' },
}

const oidc: BearerProperties = {
  ...NOTHING,
  method: 'oidc',
  tokenEndpointUrl: 'https://issuer.example/token',
  clientId: 'kprf',
  clientSecret: 'canary-secret',
}

const unsecured = (config: string): BearerProperties => ({
  ...NOTHING,
  config,
})

describe('bearerSettings', () => {
  it('are those of a token endpoint', () => {
    const properties = {
      ...oidc,
      scope: 'produce',
      extensions: 'traceId=1',
      caPem: authority.cert,
    }

    expect(bearerSettings(properties)).toEqual({
      mechanism: 'oauthbearer',
      extensions: { traceId: '1' },
      source: {
        method: 'oidc',
        tokenEndpointUrl: 'https://issuer.example/token',
        clientId: 'kprf',
        clientSecret: 'canary-secret',
        scope: 'produce',
        subClaimName: 'sub',
        ca: [authority.cert.trim()],
      },
    })
  })

  it('leave the authorities of the endpoint to Node by default', () => {
    expect(bearerSettings(oidc)).toMatchObject({ source: { ca: undefined }, extensions: {} })
  })

  it('are those of tokens without a signature', () => {
    const config =
      'principalClaimName=azp principal=admin scopeClaimName=roles scope=role1,role2 lifeSeconds=600 extension_traceId=123'

    expect(bearerSettings(unsecured(config))).toEqual({
      mechanism: 'oauthbearer',
      extensions: { traceId: '123' },
      source: {
        method: 'unsecured',
        claims: { azp: 'admin', roles: ['role1', 'role2'] },
        lifeSeconds: 600,
      },
    })
  })

  it('need no more than a principal for tokens without a signature', () => {
    expect(bearerSettings(unsecured('principal=admin')).source).toEqual({
      method: 'unsecured',
      claims: { sub: 'admin' },
      lifeSeconds: 3_600,
    })
  })
})

describe('a mistake in the properties of OAUTHBEARER', () => {
  it.each<[string, BearerProperties, RegExp]>([
    [
      'an endpoint in the clear',
      { ...oidc, tokenEndpointUrl: 'http://issuer.example/' },
      /^sasl\.oauthbearer\.token\.endpoint\.url: is not https/,
    ],
    ['extensions', { ...oidc, extensions: 'a' }, /^sasl\.oauthbearer\.extensions: /],
    ['authorities', { ...oidc, caPem: 'x' }, /^https\.ca\.pem: it holds no certificate/],
    [
      'a file of authorities',
      { ...oidc, caLocation: '/nowhere' },
      /^https\.ca\.location: cannot read "\/nowhere"/,
    ],
    ['no principal', unsecured('scope=a'), /^sasl\.oauthbearer\.config: "principal" is missing/],
    ['an unknown word', unsecured('user=a'), /word 1 is not one of principalClaimName/],
    ['a word without a value', unsecured('principal='), /"principal" must have one value/],
    ['a word twice', unsecured('principal=a principal=b'), /"principal" must have one value/],
    ['no life', unsecured('principal=a lifeSeconds=0'), /"lifeSeconds" must be a number/],
    ['an extension', unsecured('principal=a extension_auth=x'), /extension 1 is not valid/],
  ])('is one line that names it: %s', (_, properties, complaint) => {
    expect(() => bearerSettings(properties)).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.stringMatching(complaint),
      }),
    )
    expect(() => bearerSettings(properties)).not.toThrow(/canary|\n/)
  })
})
