import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  type KeySet,
  KeySetError,
  parseKeySet,
  verifyJwt,
} from '../../../../src/http/access/jwt/verify-jwt.ts'
import {
  AUDIENCE,
  ISSUER,
  keySetOf,
  SigningKey,
  type TokenOptions,
  unsigned,
} from '../../../support/jwt-issuer.ts'
import { SeededRandom } from '../../../support/random.ts'

const NOW_MS = 1_700_000_000_000
const NOW = NOW_MS / 1000
const RULES = {
  ...{ issuer: ISSUER, audience: AUDIENCE, principalClaim: 'sub', clockSkewMs: 30_000 },
  algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'],
}

let key: SigningKey
let keys: KeySet

beforeAll(async () => {
  key = await SigningKey.make('one')
  keys = parseKeySet(keySetOf(key))
})

const verify = (token: string, rules = RULES, nowMs = NOW_MS) =>
  verifyJwt(token, keys, rules, nowMs)
const verifyOne = async (options: TokenOptions, rules = RULES) =>
  verify(await key.token(NOW_MS, options), rules)

/** What the signature is of, and its bytes: the last letter of base64 has bits that do not count. */
function bytesOf(token: string): string {
  const at = token.lastIndexOf('.')
  return token.slice(0, at) + Buffer.from(token.slice(at), 'base64url').toString('hex')
}

describe('a token', () => {
  it('is of the principal that it names, until it expires and the clocks may differ no more', async () => {
    expect(await verifyOne({})).toEqual({
      principal: { name: 'shop' },
      expiresAtMs: NOW_MS + 330_000,
    })
  })

  it.each(['RS256', 'PS256', 'ES256', 'EdDSA'])('may be signed with %s', async (alg) => {
    const other = await SigningKey.make('other', alg)
    const token = await other.token(NOW_MS)

    expect(await verifyJwt(token, parseKeySet(keySetOf(key, other)), RULES, NOW_MS)).toHaveProperty(
      'principal.name',
      'shop',
    )
  })

  it.each<[string, TokenOptions]>([
    ['for several audiences', { claims: { aud: ['another', AUDIENCE] } }],
    ['that expired within the skew', { claims: { exp: NOW - 29 } }],
    ['that begins within the skew', { claims: { nbf: NOW + 30 } }],
    ['without a key id, if one key fits', { header: { kid: undefined } }],
    ['with other headers', { header: { typ: 'at+jwt', jku: 'https://evil', x5u: 'https://evil' } }],
  ])('%s is accepted', async (_, options) => {
    expect(await verifyOne(options)).toHaveProperty('principal.name', 'shop')
  })

  it.each<[string, TokenOptions]>([
    ['expired', { claims: { exp: NOW - 30 } }],
    ['no_expiry', { claims: { exp: undefined } }],
    ['malformed', { claims: { exp: 'never' } }],
    ['not_yet_valid', { claims: { nbf: NOW + 31 } }],
    ['issuer', { claims: { iss: `${ISSUER}x` } }],
    ['issuer', { claims: { iss: undefined } }],
    ['issuer', { claims: { iss: [ISSUER] } }],
    ['audience', { claims: { aud: 'another' } }],
    ['audience', { claims: { aud: undefined } }],
    ['audience', { claims: { aud: [] } }],
    ['audience', { claims: { aud: { [AUDIENCE]: true } } }],
    ['unknown_key', { header: { kid: 'two' } }],
    ['algorithm', { header: { alg: 'HS256' }, key: new Uint8Array(32) }],
    ['critical_header', { header: { crit: ['b64'], b64: true } }],
    ['no_principal', { claims: { sub: undefined } }],
    ['no_principal', { claims: { sub: '' } }],
    ['no_principal', { claims: { sub: 5 } }],
    ['no_principal', { claims: { sub: 'shop*' } }],
    ['no_principal', { claims: { sub: 'shop\nwarn' } }],
    ['no_principal', { claims: { sub: 'x'.repeat(256) } }],
  ])('is refused: %s, %j', async (fault, options) => {
    expect(await verifyOne(options)).toEqual({ fault })
  })

  it('that is signed by another key under the same id is refused', async () => {
    const other = await SigningKey.make('one')

    expect(await verify(await other.token(NOW_MS))).toEqual({ fault: 'signature' })
  })

  it('that is signed with the public key as a secret is refused', async () => {
    const pem = createPublicKey({ key: { ...key.jwk }, format: 'jwk' }).export({
      type: 'spki',
      format: 'pem',
    })

    for (const secret of [pem, pem.trim(), JSON.stringify(key.jwk)]) {
      const options = { header: { alg: 'HS256' }, key: Buffer.from(secret) }
      expect(await verifyOne(options)).toEqual({ fault: 'algorithm' })
    }
  })

  it('without a signature is refused, however it says so', async () => {
    const claims = { iss: ISSUER, aud: AUDIENCE, sub: 'shop', exp: NOW + 300 }

    for (const alg of ['none', 'None', 'NONE', 'nOnE', '', undefined, null, 5]) {
      expect(await verify(unsigned({ alg, kid: 'one' }, claims))).toEqual({
        fault: typeof alg === 'string' && alg !== '' ? 'algorithm' : 'malformed',
      })
    }
    expect(await verify(unsigned({ alg: 'ES256', kid: 'one' }, claims))).toEqual({
      fault: 'signature',
    })
  })

  it('is refused if its algorithm is not among those that are accepted', async () => {
    expect(await verifyOne({}, { ...RULES, algorithms: ['RS256'] })).toEqual({ fault: 'algorithm' })
  })

  it('without a key id is refused if several keys fit', async () => {
    const two = parseKeySet(keySetOf(key, await SigningKey.make('two')))
    const token = await key.token(NOW_MS, { header: { kid: undefined } })

    expect(await verifyJwt(token, two, RULES, NOW_MS)).toEqual({ fault: 'unknown_key' })
  })

  it('names its principal by the configured claim, and by no other property of an object', async () => {
    const claims = { client_id: 'billing' }

    expect(await verifyOne({ claims }, { ...RULES, principalClaim: 'client_id' })).toHaveProperty(
      'principal.name',
      'billing',
    )
    expect(await verifyOne({ claims }, { ...RULES, principalClaim: 'toString' })).toEqual({
      fault: 'no_principal',
    })
  })

  it('is refused, whatever is damaged of it', async () => {
    const token = await key.token(NOW_MS)
    const random = new SeededRandom(1)
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.'

    for (let run = 0; run < 2000; run += 1) {
      const at = random.below(token.length)
      const letter = letters[random.below(letters.length)] ?? ''
      const length = random.below(3)
      const damaged = token.slice(0, at) + letter.repeat(length) + token.slice(at + 1)
      if (bytesOf(damaged) === bytesOf(token)) continue
      expect(await verify(damaged), damaged).toHaveProperty('fault')
    }
  })
})

describe('a key set', () => {
  const rsa = (modulusLength: number) =>
    generateKeyPairSync('rsa', { modulusLength }).publicKey.export({ format: 'jwk' })

  it('may have keys that kprf does not know', () => {
    const text = JSON.stringify({
      keys: [{ kty: 'new' }, { kty: 'oct', k: 'AAAA' }, {}, key.jwk, rsa(1024)],
    })

    expect(parseKeySet(text).size).toBe(1)
  })

  it.each([
    ['', 'it is not JSON'],
    ['[]', 'it is no JSON Web Key Set ({"keys": [...]})'],
    ['{"keys":{}}', 'it is no JSON Web Key Set ({"keys": [...]})'],
    ['{"keys":[null]}', 'it is no JSON Web Key Set ({"keys": [...]})'],
    ['{"keys":[]}', 'it has no public key of RSA (2048 bits or more), EC or Ed25519'],
    [
      JSON.stringify({ keys: [{ kty: 'oct', k: 'AAAA' }] }),
      'it has no public key of RSA (2048 bits or more), EC or Ed25519',
    ],
    [
      JSON.stringify({ keys: [rsa(1024)] }),
      'it has no public key of RSA (2048 bits or more), EC or Ed25519',
    ],
    [
      JSON.stringify({ keys: [{ kty: 'EC', d: 'x' }] }),
      'it has a private key, which belongs to the issuer alone',
    ],
  ])('%j is refused: %s', (text, message) => {
    expect(() => parseKeySet(text)).toThrow(new KeySetError(message))
  })
})
