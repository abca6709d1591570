import { parseExtensions } from './extensions.ts'
import { certificatesIn, readCertificates } from './pem-files.ts'
import type { BearerSettings, OidcSettings } from './settings.ts'
import { tokenEndpoint } from './token-endpoint.ts'
import { parseUnsecured } from './unsecured-config.ts'

/** librdkafka's properties; empty if not used. With `oidc`, endpoint, id, secret and claim are set. */
export interface BearerProperties {
  /** `sasl.oauthbearer.method`. @defaultValue `default`, which is tokens without a signature */
  readonly method: 'default' | 'oidc'
  /** `sasl.oauthbearer.config`, for tokens without a signature. */
  readonly config: string
  /** `sasl.oauthbearer.token.endpoint.url`. */
  readonly tokenEndpointUrl: string
  /** `sasl.oauthbearer.client.id`. */
  readonly clientId: string
  /** `sasl.oauthbearer.client.secret`. */
  readonly clientSecret: string
  /** `sasl.oauthbearer.scope`. */
  readonly scope: string
  /** `sasl.oauthbearer.extensions`. */
  readonly extensions: string
  /** `sasl.oauthbearer.sub.claim.name`. @defaultValue `sub` */
  readonly subClaimName: string
  /** `https.ca.location`. */
  readonly caLocation: string
  /** `https.ca.pem`. */
  readonly caPem: string
}

/**
 * Converts librdkafka's properties to the settings of SASL OAUTHBEARER, and checks them: each error is one line
 * that names the property and says what to do. None quotes a secret.
 *
 * @throws ProxyError CONFIG_INVALID
 */
export function bearerSettings(properties: BearerProperties): BearerSettings {
  if (properties.method === 'oidc') {
    const extensions = parseExtensions('sasl.oauthbearer.extensions', properties.extensions)
    return { mechanism: 'oauthbearer', source: oidcSettings(properties), extensions }
  }
  return {
    mechanism: 'oauthbearer',
    ...parseUnsecured('sasl.oauthbearer.config', properties.config),
  }
}

function oidcSettings(properties: BearerProperties): OidcSettings {
  const { tokenEndpointUrl, clientId, clientSecret, scope, subClaimName } = properties
  tokenEndpoint('sasl.oauthbearer.token.endpoint.url', tokenEndpointUrl)
  return {
    method: 'oidc',
    tokenEndpointUrl,
    clientId,
    clientSecret,
    scope,
    subClaimName,
    ca: authorities(properties),
  }
}

function authorities({ caLocation, caPem }: BearerProperties): readonly string[] | undefined {
  if (caLocation !== '') return readCertificates('https.ca.location', caLocation)
  return caPem === '' ? undefined : certificatesIn('https.ca.pem', caPem)
}
