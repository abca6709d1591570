/** Converts `http.auth`, `http.acl` and `http.topics` to the options of who may push what. */
import type { Config } from '../config/types.ts'
import { ClientCertificates } from '../http/access/client-certificate.ts'
import { TokenTable } from '../http/access/token-table.ts'
import { Permissions } from '../ingest/permissions.ts'
import { hasJwts, type JwtSettings, jwtSettings } from './jwt.ts'

/** Who may push what, as far as it can change while kprf runs. */
export interface AccessRules {
  readonly tokens: TokenTable
  /** Whether clients without credentials are served. */
  readonly allowsAnonymous: boolean
  readonly permissions: Permissions
}

/** Other ways for clients to say who they are. */
export interface AccessMethods {
  /** `undefined` if the certificates of clients do not say who they are. */
  readonly certificates: ClientCertificates | undefined
  /** `undefined` if JSON Web Tokens are not configured. */
  readonly jwt: JwtSettings | undefined
}

/** Reads no file, so that it cannot fail. */
export function accessRules({ http, tokensOfFile }: Config): AccessRules {
  const { auth, acl, topics } = http
  return {
    tokens: new TokenTable([...auth.tokens, ...tokensOfFile]),
    allowsAnonymous: allowsAnonymous(http),
    permissions: new Permissions({ acl, topics: topics.allow }),
  }
}

/** @throws ProxyError CONFIG_INVALID if the file of keys cannot be used. */
export function accessMethods({ http }: Config): AccessMethods {
  const { principalFrom } = http.auth.clientCertificates
  return {
    certificates: principalFrom === 'none' ? undefined : new ClientCertificates(principalFrom),
    jwt: jwtSettings(http),
  }
}

/** Whether anyone who reaches the port can push. */
export function allowsAnonymous(http: Config['http']): boolean {
  const { anonymous } = http.auth
  return anonymous === 'auto' ? !canAuthenticate(http) : anonymous === 'allow'
}

/** Whether there is a way for clients to say who they are. A file of tokens may be empty for now. */
function canAuthenticate({ auth }: Config['http']): boolean {
  if (auth.clientCertificates.principalFrom !== 'none') return true
  return auth.tokens.length > 0 || auth.tokensFile !== '' || hasJwts(auth.jwt)
}
