/** Tokens for SASL OAUTHBEARER: parsing, sources and errors. */

import type { Clock } from '../../base/clock.ts'
import type { StaticTokenSettings, UnsecuredTokenSettings } from './settings.ts'

/** A token to send to brokers. */
export interface BearerToken {
  readonly value: string
  /** Expiry, in milliseconds since the Unix epoch. */
  readonly expiresAtMs: number
}

/** A source of tokens. */
export interface TokenSource {
  /** Resolves to a token that has not expired. @throws TokenError if none is available. */
  token(): Promise<string>
  /** Stops requesting tokens. */
  close(): void
}

/** No token is available; the message says why, without secrets. */
export class TokenError extends Error {
  constructor(problem: string) {
    super(`SASL OAUTHBEARER has no token: ${problem}`)
    this.name = 'TokenError'
  }
}

/** A source that returns the newest token of the settings. */
export function staticToken(current: () => StaticTokenSettings): TokenSource {
  return { token: () => Promise.resolve(current().token), close: () => undefined }
}

/** A source that makes a new unsigned token with the claims of the newest settings each time. */
export function unsecuredTokens(current: () => UnsecuredTokenSettings, clock: Clock): TokenSource {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return {
    token: () => {
      const { claims, lifeSeconds } = current()
      const iat = Math.floor(clock.epochMs() / 1_000)
      const body = { ...claims, iat, exp: iat + lifeSeconds }
      return Promise.resolve(`${part({ alg: 'none' })}.${part(body)}.`)
    },
    close: () => undefined,
  }
}

/**
 * Parses a JSON Web Token, without its signature, which the broker checks.
 *
 * @param subClaimName - the claim with the principal.
 * @throws TokenError if it is not a token, has no principal or expiry, or has expired.
 */
export function parseToken(value: string, subClaimName: string, epochMs: number): BearerToken {
  const parts = value.split('.')
  if (parts.length !== 3)
    throw new TokenError('the token is not a JWT: it does not have three parts')
  const claims = claimsIn(parts[1] ?? '')
  const { exp, [subClaimName]: subject } = claims
  if (typeof subject !== 'string' || subject === '') {
    throw new TokenError(`the token has no claim "${subClaimName}" that holds a name`)
  }
  if (typeof exp !== 'number')
    throw new TokenError('the token has no claim "exp" that holds a time')
  const expiresAtMs = exp * 1_000
  if (expiresAtMs <= epochMs) {
    throw new TokenError(`the token expired at ${new Date(expiresAtMs).toISOString()}`)
  }
  return { value, expiresAtMs }
}

function claimsIn(part: string): Readonly<Record<string, unknown>> {
  try {
    const claims: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    if (typeof claims === 'object' && claims !== null) return { ...claims }
  } catch {
    // Treated like claims that are not an object.
  }
  throw new TokenError('the token is not a JWT: its claims are not JSON')
}
