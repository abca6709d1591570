import { setOf, together, type Rule, type Settled } from './rule.ts'

/** Rules between the keys of `http.auth.jwt`, so that no token is accepted that was made for another service. */
export const JWT_RULES: readonly Rule[] = [
  {
    keys: ['http.auth.jwt.jwks_file', 'http.auth.jwt.jwks_url'],
    rule: '`http.auth.jwt.jwks_file` and `http.auth.jwt.jwks_url` are mutually exclusive.',
    violation: (values) => together(keySetsOf(values)),
  },
  {
    keys: [
      ...['http.auth.jwt.jwks_file', 'http.auth.jwt.jwks_url'],
      ...['http.auth.jwt.issuer', 'http.auth.jwt.audience'],
    ],
    rule: 'JSON Web Tokens need `http.auth.jwt.issuer`, `http.auth.jwt.audience`, and one of `http.auth.jwt.jwks_file` and `http.auth.jwt.jwks_url`.',
    violation: incompleteJwt,
  },
]

function keySetsOf({ http }: Settled): Readonly<Record<string, string>> {
  const { jwks_file: file, jwks_url: url } = http.auth.jwt
  return { 'http.auth.jwt.jwks_file': file, 'http.auth.jwt.jwks_url': url }
}

function incompleteJwt(values: Settled): string | undefined {
  const { issuer, audience } = values.http.auth.jwt
  const claims = { 'http.auth.jwt.issuer': issuer, 'http.auth.jwt.audience': audience }
  const [keySet] = setOf(keySetsOf(values))
  const [claim, ...others] = setOf(claims)
  if (keySet === undefined) {
    return (
      claim && `${claim} is set, but neither http.auth.jwt.jwks_file nor http.auth.jwt.jwks_url`
    )
  }
  if (others.length > 0) return undefined
  const missing = Object.entries(claims).find(([, value]) => value === '')
  return (
    missing &&
    `${keySet} is set, but ${missing[0]} is empty: tokens for other services would be accepted`
  )
}
