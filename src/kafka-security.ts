/** Translates what the configuration says of TLS and SASL into what the transport is told. */
import type { ConnectionOptions } from 'node:tls'
import type { PropertyValues } from './config/properties/catalog.ts'
import type { KafkaConfig } from './config/types.ts'
import { parseExtensions } from './producer/security/extensions.ts'
import { certificatesIn, readCertificates } from './producer/security/pem-files.ts'
import {
  TLS_PROPERTIES,
  type BearerSettings,
  type SaslSettings,
  type TlsKeys,
} from './producer/security/settings.ts'
import { tlsOptions } from './producer/security/tls-options.ts'
import { tokenEndpoint } from './producer/security/token-endpoint.ts'

/** What the settings of TLS are called in the configuration. */
const TLS_KEYS: TlsKeys = {
  ...TLS_PROPERTIES,
  caLocation: 'kafka.ssl.ca_file',
  certificateLocation: 'kafka.ssl.cert_file',
  keyLocation: 'kafka.ssl.key_file',
  keyPassword: 'kafka.ssl.key_password',
}

const TOKEN_ENDPOINT = 'sasl.oauthbearer.token.endpoint.url'
const EXTENSIONS = 'sasl.oauthbearer.extensions'

/**
 * Options of TLS; `undefined` where connections are not encrypted.
 *
 * @throws ProxyError CONFIG_INVALID when a file cannot be used.
 */
export function tlsOf({
  securityProtocol,
  ssl,
  properties,
}: KafkaConfig): ConnectionOptions | undefined {
  if (!securityProtocol.endsWith('ssl')) return undefined
  const settings = {
    caLocation: ssl.caFile,
    caPem: properties['ssl.ca.pem'],
    certificateLocation: ssl.certFile,
    certificatePem: properties['ssl.certificate.pem'],
    keyLocation: ssl.keyFile,
    keyPem: properties['ssl.key.pem'],
    keyPassword: ssl.keyPassword,
    keystoreLocation: properties['ssl.keystore.location'],
    keystorePassword: properties['ssl.keystore.password'],
    crlLocation: properties['ssl.crl.location'],
    cipherSuites: properties['ssl.cipher.suites'],
    curvesList: properties['ssl.curves.list'],
    sigalgsList: properties['ssl.sigalgs.list'],
    endpointIdentification: properties['ssl.endpoint.identification.algorithm'],
    isCertificateVerified: properties['enable.ssl.certificate.verification'],
  }
  return tlsOptions(settings, TLS_KEYS)
}

/**
 * How kprf proves who it is; `undefined` where nobody asks.
 *
 * @throws ProxyError CONFIG_INVALID when something that is needed for it makes no sense.
 */
export function saslOf(kafka: KafkaConfig): SaslSettings | undefined {
  if (!kafka.securityProtocol.startsWith('sasl_')) return undefined
  const { saslMechanism: mechanism, user: username, password, properties } = kafka
  if (mechanism !== 'oauthbearer') return { mechanism, username, password }
  return {
    mechanism,
    source: sourceOf(kafka),
    extensions: parseExtensions(EXTENSIONS, properties[EXTENSIONS]),
  }
}

function sourceOf({ saslOauthbearerToken, properties }: KafkaConfig): BearerSettings['source'] {
  if (properties['sasl.oauthbearer.method'] === 'default') {
    return { method: 'static', token: saslOauthbearerToken }
  }
  return {
    method: 'oidc',
    tokenEndpointUrl: tokenEndpoint(TOKEN_ENDPOINT, properties[TOKEN_ENDPOINT]).href,
    clientId: properties['sasl.oauthbearer.client.id'],
    clientSecret: properties['sasl.oauthbearer.client.secret'],
    scope: properties['sasl.oauthbearer.scope'],
    subClaimName: properties['sasl.oauthbearer.sub.claim.name'],
    ca: authoritiesOf(properties),
  }
}

function authoritiesOf(properties: PropertyValues): readonly string[] | undefined {
  const location = properties['https.ca.location']
  if (location !== '') return readCertificates('https.ca.location', location)
  const pem = properties['https.ca.pem']
  return pem === '' ? undefined : certificatesIn('https.ca.pem', pem)
}
