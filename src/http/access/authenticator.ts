import type { IncomingMessage } from 'node:http'
import { ANONYMOUS, type Principal } from '../../base/principal.ts'
import type { MaybePromise } from '../../producer/types.ts'
import type { Entry } from '../edge/route.ts'
import type { Refusal } from '../error-body.ts'
import { authorizationOf, readAuthorization } from './authorization.ts'
import type { ClientCertificates } from './client-certificate.ts'
import { isJwt } from './jwt/is-jwt.ts'
import type { JwtAnswer, JwtRefusal, JwtVerifier } from './jwt/jwt-verifier.ts'
import { LastCredentials } from './last-credentials.ts'
import type { TokenTable } from './token-table.ts'

/** Why a request was refused for its credentials. docs/METRICS.md explains each. */
export type DeniedReason =
  | 'no_credentials'
  | 'unreadable_credentials'
  | 'unknown_token'
  | 'certificate_untrusted'
  | 'certificate_unnamed'
  | `jwt_${JwtRefusal}`

/** Settings of an {@link Authenticator}. */
export interface AuthenticatorOptions {
  readonly tokens: TokenTable
  /** @defaultValue the certificates of clients do not say who they are */
  readonly certificates?: Pick<ClientCertificates, 'of'> | undefined
  /** @defaultValue JSON Web Tokens are tokens like others */
  readonly jwts?: Pick<JwtVerifier, 'verify'> | undefined
  /** Whether requests without credentials are served. Wrong credentials are refused in any case. */
  readonly allowsAnonymous: boolean
  /** Hears of each refused request. */
  readonly onDenied: (reason: DeniedReason) => void
}

/** What became of a request, of which nobody has heard yet. */
type Decision =
  { readonly principal: Principal } | { readonly reason: DeniedReason; readonly refusal: Refusal }

const ADMITTED = { principal: ANONYMOUS }

const NO_CREDENTIALS: Refusal = {
  code: 'UNAUTHENTICATED',
  message: 'the request has no credentials: send Authorization: Bearer TOKEN',
}
const UNKNOWN_TOKEN: Refusal = { code: 'UNAUTHENTICATED', message: 'the token is not known' }
const UNTRUSTED_CERTIFICATE: Refusal = {
  code: 'UNAUTHENTICATED',
  message: 'the certificate of the client is not trusted',
}
const UNNAMED_CERTIFICATE: Refusal = {
  code: 'UNAUTHENTICATED',
  message: 'the certificate of the client does not name it, or gives it several names',
}

/** What a request says about who sent it. Without a socket, its connection has no certificate. */
type Sent = Pick<IncomingMessage, 'rawHeaders'> & Partial<Pick<IncomingMessage, 'socket'>>

const JWT_REFUSALS: Readonly<Record<JwtRefusal, Refusal>> = {
  malformed: unauthenticated('the token is malformed'),
  algorithm: unauthenticated('the token is not signed with an algorithm that kprf accepts'),
  critical_header: unauthenticated('the token has critical headers, which kprf does not know'),
  unknown_key: unauthenticated('the token is signed with a key that is not known'),
  signature: unauthenticated('the signature of the token is wrong'),
  issuer: unauthenticated('the token is from another issuer'),
  audience: unauthenticated('the token is for another audience'),
  no_expiry: unauthenticated('the token has no expiry (exp)'),
  expired: unauthenticated('the token has expired'),
  not_yet_valid: unauthenticated('the token is not valid yet (nbf)'),
  no_principal: unauthenticated('the token does not name its client'),
  keys_unavailable: {
    code: 'JWT_KEYS_UNAVAILABLE',
    message: 'the keys that verify JSON Web Tokens cannot be fetched; try again',
  },
}

function unauthenticated(message: string): Refusal {
  return { code: 'UNAUTHENTICATED', message }
}

/** Finds out who sent a request. */
export class Authenticator {
  #options: AuthenticatorOptions
  readonly #remembered = new LastCredentials()

  constructor(options: AuthenticatorOptions) {
    this.#options = options
  }

  /** Identifies later requests by these tokens. */
  use(settings: Pick<AuthenticatorOptions, 'tokens' | 'allowsAnonymous'>): void {
    this.#options = { ...this.#options, ...settings }
  }

  /**
   * The identity of the client, or the refusal of its request. It is a promise only for a JSON Web Token that has to
   * be verified first. An `Authorization` header takes precedence over the certificate of the connection, which may be
   * that of a proxy that many clients share. Never rejects.
   */
  identify(request: Sent): MaybePromise<Entry> {
    const decision = this.#decide(request)
    return decision instanceof Promise
      ? decision.then((later) => this.#tell(later))
      : this.#tell(decision)
  }

  /**
   * The identity of a client that {@link identify} would admit at once; `undefined` for all others, which are not
   * reported as denied.
   */
  admitted(request: Sent): Principal | undefined {
    const decision = this.#decide(request)
    return 'principal' in decision ? decision.principal : undefined
  }

  #decide({ rawHeaders, socket }: Sent): MaybePromise<Decision> {
    const { tokens, jwts, allowsAnonymous } = this.#options
    // Without tokens there is nothing to check, and a gateway in front may have its own.
    if (tokens.size === 0 && jwts === undefined && allowsAnonymous)
      return this.#byCertificate(socket)
    const header = authorizationOf(rawHeaders)
    const known = this.#remembered.entryOf(socket, header, tokens)
    if (known !== undefined) return known
    const given = readAuthorization(header)
    switch (given.kind) {
      case 'none':
        return this.#byCertificate(socket)
      case 'unreadable':
        return denied('unreadable_credentials', unauthenticated(given.message))
      case 'token': {
        if (jwts !== undefined && isJwt(given.token)) {
          const answer = jwts.verify(given.token)
          return answer instanceof Promise ? answer.then(decisionOf) : decisionOf(answer)
        }
        const principal = tokens.find(given.token)
        if (principal === undefined) return denied('unknown_token', UNKNOWN_TOKEN)
        return this.#remembered.remember(socket, header, tokens, { principal })
      }
    }
  }

  #byCertificate(socket: Sent['socket']): Decision {
    const { certificates, allowsAnonymous } = this.#options
    const answer = socket && certificates?.of(socket)
    switch (answer?.kind) {
      case 'client':
        return answer
      case 'untrusted':
        return denied('certificate_untrusted', UNTRUSTED_CERTIFICATE)
      case 'unnamed':
        return denied('certificate_unnamed', UNNAMED_CERTIFICATE)
      case 'none':
      case undefined:
        return allowsAnonymous ? ADMITTED : denied('no_credentials', NO_CREDENTIALS)
    }
  }

  #tell(decision: Decision): Entry {
    if ('principal' in decision) return decision
    this.#options.onDenied(decision.reason)
    return decision.refusal
  }
}

function decisionOf(answer: JwtAnswer): Decision {
  if (!('fault' in answer)) return answer
  return denied(`jwt_${answer.fault}`, JWT_REFUSALS[answer.fault])
}

function denied(reason: DeniedReason, refusal: Refusal): Decision {
  return { reason, refusal }
}
