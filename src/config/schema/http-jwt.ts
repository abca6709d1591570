/** `http.auth.jwt.*`: JSON Web Tokens of an issuer of your own. */
import { integer, nonEmptyText, secureUrl, someOf, text } from '../kinds.ts'
import { setting } from '../setting.ts'

/** Those of which the verifier needs no secret. */
const ALGORITHMS = [
  ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const),
  ...(['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'] as const),
] as const

export const HTTP_JWT = {
  jwks_file: setting({
    doc: 'File with the public keys of the issuer, a JSON Web Key Set. It is read again when it changes. Empty: JSON Web Tokens are accepted only if `jwks_url` is set.',
    kind: text(),
    default: '',
  }),
  jwks_url: setting({
    doc: 'Address of the public keys of the issuer, as its `jwks_uri` says. It is fetched at the start, every 10 minutes, and at most every 30 s when a token names a key that is not known. While it cannot be fetched, known keys stay in use. It is HTTPS; plain HTTP is for the same machine only. Authorities of your own: `NODE_EXTRA_CA_CERTS`.',
    kind: secureUrl(),
    default: '',
  }),
  issuer: setting({
    doc: 'The `iss` of tokens, exactly.',
    kind: text(),
    default: '',
  }),
  audience: setting({
    doc: 'The `aud` of tokens, or one of them, exactly. Tokens for others are refused.',
    kind: text(),
    default: '',
  }),
  algorithms: setting({
    doc: 'Algorithms with which tokens may be signed. Those with a shared secret (`HS256`) and `none` cannot be allowed.',
    kind: someOf(ALGORITHMS),
    default: ['RS256', 'PS256', 'ES256', 'EdDSA'],
  }),
  principal_claim: setting({
    doc: 'The claim of a token with the name of its client, for `http.acl` and the log. Its value is a text of 1 to 255 characters without `*`.',
    kind: nonEmptyText(),
    default: 'sub',
  }),
  clock_skew_ms: setting({
    doc: 'How far the clocks of issuer and kprf may differ: a token is valid that much earlier and longer.',
    kind: integer(0, 600_000),
    default: 30_000,
    unit: 'ms',
  }),
}
