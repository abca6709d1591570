/** SASL OAUTHBEARER (RFC 7628) with unsecured tokens (RFC 7515 appendix A.5), as Kafka's for tests. */
import type { SaslConversation, SaslStep } from './mechanism.ts'
import { FAILED } from './mechanism.ts'

/** GS2 header, then key-value pairs between bytes of value 1, one of which holds the token. */
const CLIENT_FIRST = /^[ny],(?:a=[^,]*)?,\x01(?:[a-z]+=[^\x01]*\x01)*?auth=Bearer ([^\x01]+)\x01/i

const REFUSAL = Buffer.from('{"status":"invalid_token"}')

/** Starts an OAUTHBEARER authentication. */
export function oauthBearerConversation(epochMs: () => number): SaslConversation {
  let isRefused = false
  return {
    next(token): SaslStep {
      // The client acknowledges the refusal before it counts.
      if (isRefused) return FAILED
      const [, jwt] = CLIENT_FIRST.exec(token.toString('utf8')) ?? []
      const principal = principalOf(jwt ?? '', epochMs() / 1_000)
      if (principal !== undefined) {
        return { kind: 'authenticated', token: Buffer.alloc(0), principal }
      }
      isRefused = true
      return { kind: 'continue', token: REFUSAL }
    },
  }
}

/** The subject of a token that is unsigned, complete and has not expired. */
function principalOf(jwt: string, nowSeconds: number): string | undefined {
  const [head, body, signature, ...rest] = jwt.split('.')
  if (signature !== '' || rest.length > 0) return undefined
  const { alg } = parse(head)
  const { sub, exp } = parse(body)
  const isValid = alg === 'none' && typeof exp === 'number' && exp > nowSeconds
  return isValid && typeof sub === 'string' && sub !== '' ? sub : undefined
}

function parse(part: string | undefined): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part ?? '', 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}
