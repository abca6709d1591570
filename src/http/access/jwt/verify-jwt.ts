/** Verifies JSON Web Tokens (RFC 7519), each on its own. The only file that knows jose. */
import { createPublicKey } from 'node:crypto'
import type { JSONWebKeySet, JWK, JWTPayload, LocalJWKSet } from 'jose'
import { library } from '../../../base/library.ts'
import { isPrincipalName, type Principal } from '../../../base/principal.ts'

/** What a token must say. */
export interface JwtRules {
  /** Its `iss`. */
  readonly issuer: string
  /** Its `aud`, or one of them. */
  readonly audience: string
  /** Its `alg` is one of these; asymmetric ones only. */
  readonly algorithms: readonly string[]
  /** The claim that has the name of the principal. */
  readonly principalClaim: string
  /** How far the issuer's clock may be ahead or behind, ms. */
  readonly clockSkewMs: number
}

/** What can be wrong with a token. docs/SECURITY.md explains each. */
export type JwtFault =
  | 'malformed'
  | 'algorithm'
  | 'critical_header'
  | 'unknown_key'
  | 'signature'
  | 'issuer'
  | 'audience'
  | 'no_expiry'
  | 'expired'
  | 'not_yet_valid'
  | 'no_principal'

/** A token that is valid until it expires. */
export interface ValidJwt {
  readonly principal: Principal
  /** Since the Unix epoch, the clock skew included. */
  readonly expiresAtMs: number
}

/** Whose a token is, or what is wrong with it. */
export type JwtVerdict = ValidJwt | { readonly fault: JwtFault }

/** The public keys of an issuer. */
export interface KeySet {
  /** Number of usable keys, at least one. */
  readonly size: number
  readonly find: LocalJWKSet
}

/** A text is no key set that can be used. The message repeats nothing of it. */
export class KeySetError extends Error {}

/** Weaker keys are refused by jose. */
const MIN_RSA_BITS = 2048

/**
 * Reads a JSON Web Key Set (RFC 7517). Keys of kinds that kprf does not know, and those that cannot be used to verify a
 * signature, are left out.
 *
 * @throws KeySetError if no key is left, or a private one is among them.
 */
export function parseKeySet(text: string): KeySet {
  const value = parseJson(text)
  if (!isKeySet(value)) throw new KeySetError('it is no JSON Web Key Set ({"keys": [...]})')
  if (value.keys.some((key) => 'd' in key)) {
    throw new KeySetError('it has a private key, which belongs to the issuer alone')
  }
  const keys = value.keys.filter(isUsable)
  if (keys.length === 0) {
    throw new KeySetError('it has no public key of RSA (2048 bits or more), EC or Ed25519')
  }
  return { size: keys.length, find: library('jose').createLocalJWKSet({ keys }) }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new KeySetError('it is not JSON')
  }
}

function isKeySet(value: unknown): value is JSONWebKeySet {
  return (
    isObject(value) && 'keys' in value && Array.isArray(value.keys) && value.keys.every(isObject)
  )
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isUsable(key: JWK): boolean {
  try {
    const { asymmetricKeyDetails } = createPublicKey({ key: { ...key }, format: 'jwk' })
    return (asymmetricKeyDetails?.modulusLength ?? MIN_RSA_BITS) >= MIN_RSA_BITS
  } catch {
    return false
  }
}

/** Verifies a token: first its signature, then what it says. Never rejects. */
export async function verifyJwt(
  token: string,
  keys: KeySet,
  rules: JwtRules,
  epochMs: number,
): Promise<JwtVerdict> {
  const { issuer, audience, algorithms, clockSkewMs } = rules
  const { decodeProtectedHeader, jwtVerify } = library('jose')
  try {
    if ('crit' in decodeProtectedHeader(token)) return { fault: 'critical_header' }
    const { payload } = await jwtVerify(token, keys.find, {
      ...{ issuer, audience, algorithms: [...algorithms] },
      requiredClaims: ['exp'],
      currentDate: new Date(epochMs),
      clockTolerance: clockSkewMs / 1000,
    })
    return validOf(payload, rules)
  } catch (error) {
    return { fault: faultOf(error) }
  }
}

function validOf(payload: JWTPayload, { principalClaim, clockSkewMs }: JwtRules): JwtVerdict {
  const name = Object.hasOwn(payload, principalClaim) ? payload[principalClaim] : undefined
  if (typeof name !== 'string' || !isPrincipalName(name)) return { fault: 'no_principal' }
  const { exp } = payload
  if (exp === undefined) return { fault: 'no_expiry' }
  return { principal: { name }, expiresAtMs: exp * 1000 + clockSkewMs }
}

const FAULTS_OF_CLAIMS: Readonly<Record<string, JwtFault>> = {
  iss: 'issuer',
  aud: 'audience',
  exp: 'no_expiry',
  nbf: 'not_yet_valid',
}

function faultOf(error: unknown): JwtFault {
  const { errors } = library('jose')
  if (error instanceof errors.JWTExpired) return 'expired'
  if (error instanceof errors.JWTClaimValidationFailed) {
    return error.reason === 'invalid' ? 'malformed' : (FAULTS_OF_CLAIMS[error.claim] ?? 'malformed')
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'signature'
  if (error instanceof errors.JOSEAlgNotAllowed) return 'algorithm'
  const isUnknown =
    error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys
  return isUnknown ? 'unknown_key' : 'malformed'
}
