/** An issuer of JSON Web Tokens. */
import { exportJWK, generateKeyPair, type CryptoKey, type JWK, SignJWT } from 'jose'

/** What its tokens say unless told otherwise. */
export const ISSUER = 'https://issuer.test/'
export const AUDIENCE = 'kprf'

/** Claims and headers of a token; `undefined` leaves one out. */
export interface TokenOptions {
  readonly claims?: Readonly<Record<string, unknown>>
  readonly header?: Readonly<Record<string, unknown>>
  /** Signs instead of the issuer's key. */
  readonly key?: CryptoKey | Uint8Array
}

/** One key pair, with which tokens are signed. */
export class SigningKey {
  readonly kid: string
  readonly alg: string
  readonly jwk: JWK
  readonly #key: CryptoKey

  private constructor(kid: string, alg: string, key: CryptoKey, jwk: JWK) {
    this.kid = kid
    this.alg = alg
    this.jwk = jwk
    this.#key = key
  }

  static async make(kid: string, alg = 'ES256'): Promise<SigningKey> {
    const { privateKey, publicKey } = await generateKeyPair(alg)
    const jwk = { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' }
    return new SigningKey(kid, alg, privateKey, jwk)
  }

  /** @param epochMs - the time: tokens are valid for five minutes from it. */
  token(epochMs: number, { claims, header, key }: TokenOptions = {}): Promise<string> {
    const now = Math.floor(epochMs / 1000)
    const all: Record<string, unknown> = {
      iss: ISSUER,
      aud: AUDIENCE,
      sub: 'shop',
      iat: now,
      exp: now + 300,
      ...claims,
    }
    const present = Object.fromEntries(
      Object.entries(all).filter(([, value]) => value !== undefined),
    )
    return new SignJWT(present)
      .setProtectedHeader({ alg: this.alg, kid: this.kid, ...header })
      .sign(key ?? this.#key)
  }
}

/** The text of a key set. */
export function keySetOf(...keys: readonly { readonly jwk: JWK }[]): string {
  return JSON.stringify({ keys: keys.map(({ jwk }) => jwk) })
}

/** A token without a signature. */
export function unsigned(header: object, claims: object): string {
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url')
  return `${encode(header)}.${encode(claims)}.`
}
