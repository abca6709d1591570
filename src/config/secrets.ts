import { findProperty } from './properties/catalog.ts'
import type { Config } from './types.ts'

/** The lines of private keys; everything else in PEM is public. */
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----([^-]+)/g
/** Words in longer values; shorter words are not treated as secrets. */
const PART = /[^\s,=]{8,}/g

/**
 * Collects the secrets of a configuration, to mask them in output and log: values, parts of them, and user and
 * password as they are sent together.
 */
export function secretsOf({ kafka, http }: Config): readonly string[] {
  const { user, password, saslOauthbearerToken, ssl, properties } = kafka
  const clientSecret = properties['sasl.oauthbearer.client.secret']
  return [
    ...pairs(user, password),
    ...pairs(properties['sasl.oauthbearer.client.id'], clientSecret),
    saslOauthbearerToken,
    ssl.keyPassword,
    http.tls.keyPassword,
    http.metricsTls.keyPassword,
    ...http.webhooks.flatMap(({ verify }) => [verify?.secret ?? '', ...(verify?.secrets ?? [])]),
    ...Object.entries(properties).flatMap(([name, value]) => secretsIn(name, value)),
  ].filter((secret) => secret !== '')
}

/** User and secret as HTTP Basic and SASL PLAIN join them. */
function pairs(user: string, secret: string): string[] {
  return secret === '' ? [] : [secret, `${user}:${secret}`, `\0${user}\0${secret}`]
}

function secretsIn(name: string, value: unknown): string[] {
  if (typeof value !== 'string' || findProperty(name)?.property.sensitive !== true) return []
  if (name.endsWith('.pem')) {
    return Array.from(value.matchAll(PRIVATE_KEY), ([, lines = '']) => lines.trim())
      .flatMap((lines) => lines.split(/\s+/))
      .filter((line) => line !== '')
  }
  return [value, ...(value.match(PART) ?? [])]
}
