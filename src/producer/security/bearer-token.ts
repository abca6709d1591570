/** Tokens for SASL OAUTHBEARER: what is known of one, where they come from, why there is none. */

import type { Clock } from '../../base/clock.ts'
import type { UnsecuredTokenSettings } from './settings.ts'

/** A token that brokers are shown. */
export interface BearerToken {
  readonly value: string
  /** When it ends, in milliseconds since the Unix epoch. */
  readonly expiresAtMs: number
}

/** Where tokens come from. */
export interface TokenSource {
  /**
   * Resolves to a token that has not ended.
   *
   * @throws TokenError when there is none to be had now.
   */
  token(): Promise<string>
  /** Asks for no more tokens. */
  close(): void
}

/** There is no token; the message says why, without any secret. */
export class TokenError extends Error {
  constructor(problem: string) {
    super(`SASL OAUTHBEARER has no token: ${problem}`)
    this.name = 'TokenError'
  }
}

/** Always the same one. */
export function staticToken(value: string): TokenSource {
  return { token: () => Promise.resolve(value), close: () => undefined }
}

/** A new one each time, which says of itself what it is told to. */
export function unsecuredTokens(
  { claims, lifeSeconds }: UnsecuredTokenSettings,
  clock: Clock,
): TokenSource {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  return {
    token: () => {
      const iat = Math.floor(clock.epochMs() / 1_000)
      const body = { ...claims, iat, exp: iat + lifeSeconds }
      return Promise.resolve(`${part({ alg: 'none' })}.${part(body)}.`)
    },
    close: () => undefined,
  }
}

/**
 * Reads what a JSON Web Token says of itself. The signature is for the broker to check.
 *
 * @param subClaimName - the claim that has the principal.
 * @throws TokenError when it is none, says neither whom it is for nor when it ends, or has ended.
 */
export function parseToken(value: string, subClaimName: string, epochMs: number): BearerToken {
  const parts = value.split('.')
  if (parts.length !== 3) throw new TokenError('the token is not a JWT: it has not three parts')
  const claims = claimsIn(parts[1] ?? '')
  const { exp, [subClaimName]: subject } = claims
  if (typeof subject !== 'string' || subject === '') {
    throw new TokenError(`the token has no claim "${subClaimName}" that holds a name`)
  }
  if (typeof exp !== 'number')
    throw new TokenError('the token has no claim "exp" that holds a time')
  const expiresAtMs = exp * 1_000
  if (expiresAtMs <= epochMs) {
    throw new TokenError(`the token ended at ${new Date(expiresAtMs).toISOString()}`)
  }
  return { value, expiresAtMs }
}

function claimsIn(part: string): Readonly<Record<string, unknown>> {
  try {
    const claims: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    if (typeof claims === 'object' && claims !== null) return { ...claims }
  } catch {
    // The same as claims that are no object.
  }
  throw new TokenError('the token is not a JWT: its claims are not JSON')
}
