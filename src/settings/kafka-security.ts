/** Converts the TLS and SASL settings of the configuration to options of the transport. */
import type { ConnectionOptions } from 'node:tls'
import type { KafkaConfig } from '../config/types.ts'
import { bearerSettings } from '../producer/security/bearer-settings.ts'
import { parseExtensions } from '../producer/security/extensions.ts'
import {
  TLS_PROPERTIES,
  type BearerSettings,
  type SaslSettings,
  type TlsKeys,
} from '../producer/security/settings.ts'
import { tlsOptions } from '../producer/security/tls-options.ts'

/** The names of the TLS settings in the configuration. */
const TLS_KEYS: TlsKeys = {
  ...TLS_PROPERTIES,
  caLocation: 'kafka.ssl.ca_file',
  certificateLocation: 'kafka.ssl.cert_file',
  keyLocation: 'kafka.ssl.key_file',
  keyPassword: 'kafka.ssl.key_password',
}

/**
 * TLS options; `undefined` if connections are not encrypted.
 *
 * @throws ProxyError CONFIG_INVALID if a file cannot be used.
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

/** SASL settings; `undefined` without SASL. @throws ProxyError CONFIG_INVALID if a setting is not valid. */
export function saslOf(kafka: KafkaConfig): SaslSettings | undefined {
  if (!kafka.securityProtocol.startsWith('sasl_')) return undefined
  const { saslMechanism: mechanism, user: username, password } = kafka
  return mechanism === 'oauthbearer' ? bearerOf(kafka) : { mechanism, username, password }
}

function bearerOf({ saslOauthbearerToken: token, properties }: KafkaConfig): BearerSettings {
  const extensions = properties['sasl.oauthbearer.extensions']
  if (token !== '') {
    return {
      mechanism: 'oauthbearer',
      source: { method: 'static', token },
      extensions: parseExtensions('sasl.oauthbearer.extensions', extensions),
    }
  }
  return bearerSettings({
    method: properties['sasl.oauthbearer.method'],
    config: properties['sasl.oauthbearer.config'],
    tokenEndpointUrl: properties['sasl.oauthbearer.token.endpoint.url'],
    clientId: properties['sasl.oauthbearer.client.id'],
    clientSecret: properties['sasl.oauthbearer.client.secret'],
    scope: properties['sasl.oauthbearer.scope'],
    extensions,
    subClaimName: properties['sasl.oauthbearer.sub.claim.name'],
    caLocation: properties['https.ca.location'],
    caPem: properties['https.ca.pem'],
  })
}
