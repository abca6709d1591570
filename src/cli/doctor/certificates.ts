/** Checks when the certificates of kprf itself expire, and what the file of tokens holds. */
import type { Config } from '../../config/types.ts'
import type { TlsOptions } from 'node:tls'
import { dateProblem, expiryMs } from '../../producer/security/validity.ts'
import { SOON_MS } from './address.ts'
import { type Finding, Findings, shownDate } from './finding.ts'

/** Certificates that the configuration names. */
export interface NamedCertificates {
  /** The key of the configuration. */
  readonly key: string
  readonly pem: TlsOptions['ca']
}

/** Judges the dates of certificates. */
export function checkCertificates(
  named: readonly NamedCertificates[],
  nowMs: number,
): readonly Finding[] {
  return named.flatMap(({ key, pem }) => {
    const of = new Findings('certificate', key)
    const problem = dateProblem(pem, nowMs)
    const renew = 'put a renewed certificate there: kprf reads it again without a restart'
    if (problem !== undefined) return [of.problem(problem, renew)]
    const endMs = expiryMs(pem)
    if (endMs === undefined) return []
    const until = `valid until ${shownDate(endMs)}`
    return [endMs - nowMs < SOON_MS ? of.warning(until, renew) : of.ok(until)]
  })
}

/** The file of tokens, which was read with the configuration. */
export function checkTokens({ http, tokensOfFile }: Config): readonly Finding[] {
  const { tokensFile } = http.auth
  if (tokensFile === '') return []
  const of = new Findings('tokens', 'http.auth.tokens_file')
  return [
    tokensOfFile.length === 0
      ? of.warning('the file has no token: no client can push with one', 'kprf token new makes one')
      : of.ok(`the file can be read; it has ${tokensOfFile.length} tokens`),
  ]
}
