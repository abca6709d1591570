/**
 * Makes the settings of SASL OAUTHBEARER out of librdkafka's properties, and finds mistakes in them: each is
 * one line that names the property and says what to do. None quotes a secret.
 */
import { ProxyError } from '../../errors.ts'
import { parseExtensions } from './extensions.ts'
import { certificatesIn, readCertificates } from './pem-files.ts'
import type { BearerSettings, OidcSettings } from './settings.ts'
import { tokenEndpoint } from './token-endpoint.ts'
import { parseUnsecured } from './unsecured-config.ts'

/** librdkafka's properties; empty where not used. */
export interface BearerProperties {
  /** `sasl.oauthbearer.method`. @defaultValue `default`, which is tokens without a signature */
  readonly method: 'default' | 'oidc'
  /** `enable.sasl.oauthbearer.unsecure.jwt`: whether tokens without a signature are wanted at all. */
  readonly isUnsecuredJwtEnabled: boolean
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
  /** Of {@link OidcSettings}; `sasl.oauthbearer.header.urlencode` in Java's clients. @defaultValue true */
  readonly isUrlEncoded: boolean
  /** `https.ca.location`. */
  readonly caLocation: string
  /** `https.ca.pem`. */
  readonly caPem: string
}

/** Nothing is set. */
export const BEARER_DEFAULTS: BearerProperties = {
  method: 'default',
  isUnsecuredJwtEnabled: false,
  config: '',
  tokenEndpointUrl: '',
  clientId: '',
  clientSecret: '',
  scope: '',
  extensions: '',
  subClaimName: 'sub',
  isUrlEncoded: true,
  caLocation: '',
  caPem: '',
}

/** See the head of this file. @throws ProxyError CONFIG_INVALID */
export function bearerSettings(properties: BearerProperties): BearerSettings {
  if (properties.method === 'oidc') {
    const extensions = parseExtensions('sasl.oauthbearer.extensions', properties.extensions)
    return { mechanism: 'oauthbearer', source: oidcSettings(properties), extensions }
  }
  if (!properties.isUnsecuredJwtEnabled) {
    refuse(
      'sasl.mechanism is OAUTHBEARER, and nothing says where tokens come from; set sasl.oauthbearer.method to oidc, or, to try things out, enable.sasl.oauthbearer.unsecure.jwt to true',
    )
  }
  return {
    mechanism: 'oauthbearer',
    ...parseUnsecured('sasl.oauthbearer.config', properties.config),
  }
}

function oidcSettings(properties: BearerProperties): OidcSettings {
  const { tokenEndpointUrl, clientId, clientSecret, scope, subClaimName, isUrlEncoded } = properties
  const needed = {
    'sasl.oauthbearer.token.endpoint.url': tokenEndpointUrl,
    'sasl.oauthbearer.client.id': clientId,
    'sasl.oauthbearer.client.secret': clientSecret,
    'sasl.oauthbearer.sub.claim.name': subClaimName,
  }
  for (const [key, value] of Object.entries(needed)) {
    if (value === '') refuse(`sasl.oauthbearer.method is oidc, but ${key} is empty; set it`)
  }
  tokenEndpoint('sasl.oauthbearer.token.endpoint.url', tokenEndpointUrl)
  return {
    method: 'oidc',
    tokenEndpointUrl,
    clientId,
    clientSecret,
    scope,
    subClaimName,
    isUrlEncoded,
    ca: authorities(properties),
  }
}

function authorities({ caLocation, caPem }: BearerProperties): readonly string[] | undefined {
  if (caLocation !== '' && caPem !== '') {
    refuse('https.ca.location and https.ca.pem are both set; remove one of them')
  }
  if (caLocation !== '') return readCertificates('https.ca.location', caLocation)
  return caPem === '' ? undefined : certificatesIn('https.ca.pem', caPem)
}

function refuse(message: string): never {
  throw new ProxyError('CONFIG_INVALID', message)
}
