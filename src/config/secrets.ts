import { findProperty } from './properties/catalog.ts'
import type { Config } from './types.ts'

/** The lines of private keys; what else stands in PEM is public. */
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----([^-]+)/g
/** Values inside of longer ones; shorter words than this are hardly secrets. */
const PART = /[^\s,=]{8,}/g

/**
 * What of a configuration is secret, for whoever must keep it out of what is printed or logged. : values, parts of them, and how passwords are sent together with their users.
 */
export function secretsOf({ kafka }: Config): readonly string[] {
  const { user, password, saslOauthbearerToken, ssl, properties } = kafka
  const clientSecret = properties['sasl.oauthbearer.client.secret']
  return [
    ...pairs(user, password),
    ...pairs(properties['sasl.oauthbearer.client.id'], clientSecret),
    saslOauthbearerToken,
    ssl.keyPassword,
    ...Object.entries(properties).flatMap(([name, value]) => secretsIn(name, value)),
  ].filter((secret) => secret !== '')
}

/** As HTTP's Basic and SASL's PLAIN write them, beside the secret itself. */
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
