import { describe, expect, it } from 'vitest'
import { CATALOG } from '../../src/config/properties/catalog.ts'
import { secretsOf } from '../../src/config/secrets.ts'
import { SETTINGS } from '../../src/config/settings.ts'
import { loadWithBroker } from './sources.ts'

const PROPERTIES = Array.from(CATALOG).filter(([, property]) => property.sensitive === true)
const PEM = '-----BEGIN CERTIFICATE-----\npublic\n-----END CERTIFICATE-----\n'
const KEY = '-----BEGIN EC PRIVATE KEY-----\nfirst+line/==\nsecond\n-----END EC PRIVATE KEY-----'

/** What each setting needs beside it. */
const COMPANIONS: Readonly<Record<string, readonly string[]>> = {
  'kafka.password': ['--kafka.user=alice'],
  'kafka.sasl_oauthbearer_token': ['--kafka.sasl_mechanism=oauthbearer'],
  'kafka.ssl.key_password': ['--kafka.ssl.key_file=k', '--kafka.ssl.cert_file=c'],
  'http.tls.key_password': ['--http.tls.key_file=k', '--http.tls.cert_file=c'],
  'http.metrics_tls.key_password': [
    '--http.metrics_tls.key_file=k',
    '--http.metrics_tls.cert_file=c',
  ],
  'ssl.key.pem': ['--kafka.ssl.cert_file=c'],
  'ssl.certificate.pem': ['--kafka.ssl.key_file=k'],
  'ssl.keystore.password': ['--kafka.properties.ssl.keystore.location=k'],
  'sasl.oauthbearer.client.secret': [
    '--kafka.sasl_mechanism=oauthbearer',
    '--kafka.properties.sasl.oauthbearer.method=oidc',
    '--kafka.properties.sasl.oauthbearer.client.id=alice',
    '--kafka.properties.sasl.oauthbearer.token.endpoint.url=https://host/',
  ],
}

const secretsWith = (key: string, value: string, name = key): readonly string[] => {
  const companions = COMPANIONS[name] ?? []
  const isSasl = companions.some((flag) => /user|mechanism/.test(flag))
  const argv = [`--kafka.security_protocol=${isSasl ? 'sasl_ssl' : 'ssl'}`, ...companions]
  return secretsOf(loadWithBroker({ argv: [...argv, `--${key}=${value}`] }))
}

describe('secretsOf', () => {
  it.each(SETTINGS.filter(({ sensitive }) => sensitive === true).map(({ key }) => [key]))(
    'has %s',
    (key) => {
      expect(secretsWith(key, 'hunter2')).toContain('hunter2')
    },
  )

  it.each(
    PROPERTIES.filter(([, { verdict }]) => verdict === 'own').map(([name]) => [name] as const),
  )('has the property %s', (name) => {
    const value = name.endsWith('.pem') ? `${PEM}${KEY}` : 'hunter2'
    const companions = name === 'sasl.oauthbearer.extensions' ? 'a=hunter2' : value

    const secrets = secretsWith(`kafka.properties.${name}`, companions, name)

    expect(secrets).toEqual(
      expect.arrayContaining(name.endsWith('.pem') ? ['first+line/==', 'second'] : [companions]),
    )
    expect(secrets).not.toContain('public')
  })

  it('has a password as it is sent, together with its user', () => {
    expect(secretsWith('kafka.password', 'hunter2')).toEqual([
      'hunter2',
      'alice:hunter2',
      '\0alice\0hunter2',
    ])
  })

  it('has each value of SASL extensions that is long enough', () => {
    const key = 'kafka.properties.sasl.oauthbearer.extensions'

    expect(secretsWith(key, 'a=long-enough,b=short')).toEqual([
      'a=long-enough,b=short',
      'long-enough',
    ])
  })

  it('is empty where nothing is secret', () => {
    expect(secretsOf(loadWithBroker({}))).toEqual([])
  })
})
