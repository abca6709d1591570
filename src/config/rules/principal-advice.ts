import { ANONYMOUS, webhookPrincipal } from '../../base/principal.ts'
import { wildcardMatcher } from '../../base/wildcard.ts'
import type { Rule, Settled } from './rule.ts'

/** The lists that name principals. */
const LISTS = ['acl', 'quotas'] as const

/** A warning for a name in a list that no client can have. */
export const PRINCIPAL_ADVICE: readonly Rule[] = LISTS.map((list) => ({
  keys: [
    ...[`http.${list}`, 'http.webhooks'],
    ...['http.auth.tokens', 'http.auth.tokens_file', 'http.auth.jwt.issuer'],
    'http.auth.client_certificates.principal_from',
  ],
  rule: `A principal of \`http.${list}\` should be that of a client: a name in \`http.auth.tokens\`, \`webhook:\` and the path of a verified webhook, or \`${ANONYMOUS.name}\`, if nothing else says who clients are.`,
  violation: (values) => unknownPrincipal(values, list),
}))

function unknownPrincipal({ http }: Settled, list: (typeof LISTS)[number]): string | undefined {
  const { webhooks, auth } = http
  const { tokens, tokens_file: file, jwt, client_certificates: certificates } = auth
  // These say what the principals are only when clients come, or when the file is read.
  if (file !== '' || jwt.issuer !== '' || certificates.principal_from !== 'none') return undefined
  const signers = webhooks.filter(({ verify }) => verify !== undefined)
  const names = new Set([
    ...[ANONYMOUS.name, ...tokens.map(({ principal }) => principal)],
    ...signers.map(({ path }) => webhookPrincipal(path).name),
  ])
  const patterns = new Set(http[list].flatMap(({ principals }) => principals))
  // Thousands of rules that each name one of thousands of clients must not hold up the start.
  const unknown = [...patterns].find(
    (pattern) => !names.has(pattern) && !Array.from(names).some(wildcardMatcher([pattern])),
  )
  return unknown === undefined
    ? undefined
    : `http.${list} names the principal ${JSON.stringify(unknown)}, which no client can be: http.auth.tokens does not have it`
}
