import type { Rule, Settled } from './rule.ts'

const FROM = 'http.auth.client_certificates.principal_from'
const AUTH = 'http.tls.client_auth'

/** What the names of clients in certificates need. */
export const CLIENT_CERTIFICATE_RULES: readonly Rule[] = [
  {
    keys: [FROM, AUTH],
    rule: `\`${FROM}\` other than \`none\` needs \`${AUTH}\` \`request\` or \`require\`.`,
    violation: namesWithoutCertificates,
  },
]

function namesWithoutCertificates({ http }: Settled): string | undefined {
  const { principal_from: from } = http.auth.client_certificates
  if (from === 'none' || http.tls.client_auth !== 'none') return undefined
  return `${FROM} is ${from}, but ${AUTH} is none: no client is asked for a certificate; use request or require`
}
