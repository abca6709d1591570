/** Settings of TLS and SASL. Fields are empty if not used. */
import type { SaslMechanism } from '../../base/kafka-names.ts'

/** TLS to brokers. {@link TLS_PROPERTIES} has the librdkafka property of each field. */
export interface TlsSettings {
  /** A PEM file with certificates, or a directory of such files. If empty, Node's own authorities are trusted. */
  readonly caLocation: string
  /** The same as text. Each item is set as a file or as text, not both. */
  readonly caPem: string
  /** Client certificate, followed by the intermediate certificates; PEM. */
  readonly certificateLocation: string
  readonly certificatePem: string
  /** Its private key; PEM. */
  readonly keyLocation: string
  readonly keyPem: string
  readonly keyPassword: string
  /** Client certificate and key in one file, instead of the above; PKCS#12. */
  readonly keystoreLocation: string
  readonly keystorePassword: string
  /** Certificate revocation list; PEM. */
  readonly crlLocation: string
  /** OpenSSL's names, separated by colons. */
  readonly cipherSuites: string
  readonly curvesList: string
  readonly sigalgsList: string
  /** Whether a broker's certificate must match the host name. @defaultValue `https` */
  readonly endpointIdentification: 'https' | 'none'
  /** Whether a broker's certificate is verified. @defaultValue true */
  readonly isCertificateVerified: boolean
}

/** The name of each field of {@link TlsSettings} in the configuration, for messages. */
export type TlsKeys = Readonly<Record<keyof TlsSettings, string>>

/** librdkafka's names. */
export const TLS_PROPERTIES: TlsKeys = {
  caLocation: 'ssl.ca.location',
  caPem: 'ssl.ca.pem',
  certificateLocation: 'ssl.certificate.location',
  certificatePem: 'ssl.certificate.pem',
  keyLocation: 'ssl.key.location',
  keyPem: 'ssl.key.pem',
  keyPassword: 'ssl.key.password',
  keystoreLocation: 'ssl.keystore.location',
  keystorePassword: 'ssl.keystore.password',
  crlLocation: 'ssl.crl.location',
  cipherSuites: 'ssl.cipher.suites',
  curvesList: 'ssl.curves.list',
  sigalgsList: 'ssl.sigalgs.list',
  endpointIdentification: 'ssl.endpoint.identification.algorithm',
  isCertificateVerified: 'enable.ssl.certificate.verification',
}

/** SASL, by `sasl.mechanism`. */
export type SaslSettings = PasswordSettings | BearerSettings

/** A user name and a password. */
export interface PasswordSettings {
  readonly mechanism: Exclude<SaslMechanism, 'oauthbearer'>
  /** `sasl.username`. */
  readonly username: string
  /** `sasl.password`. */
  readonly password: string
}

/** A token. */
export interface BearerSettings {
  readonly mechanism: 'oauthbearer'
  /** The source of the token: `sasl.oauthbearer.method`. */
  readonly source: StaticTokenSettings | UnsecuredTokenSettings | OidcSettings
  /** `sasl.oauthbearer.extensions`, sent with the token (KIP-342). @defaultValue none */
  readonly extensions: Readonly<Record<string, string>>
}

/** One token for the lifetime of the process. */
export interface StaticTokenSettings {
  readonly method: 'static'
  readonly token: string
}

/** Unsigned tokens, which brokers accept for tests only (RFC 7515, appendix A.5). */
export interface UnsecuredTokenSettings {
  readonly method: 'unsecured'
  /** The claims of each token other than its times. */
  readonly claims: Readonly<Record<string, unknown>>
  readonly lifeSeconds: number
}

/** Tokens from a token endpoint, for a client id and its secret (RFC 6749, section 4.4). */
export interface OidcSettings {
  readonly method: 'oidc'
  /** `sasl.oauthbearer.token.endpoint.url`, checked by {@link tokenEndpoint}. */
  readonly tokenEndpointUrl: string
  /** `sasl.oauthbearer.client.id`. */
  readonly clientId: string
  /** `sasl.oauthbearer.client.secret`. */
  readonly clientSecret: string
  /** `sasl.oauthbearer.scope`. @defaultValue empty: the default scope of the endpoint */
  readonly scope: string
  /** `sasl.oauthbearer.sub.claim.name`. @defaultValue `sub` */
  readonly subClaimName: string
  /** The certificates of `https.ca.location` or `https.ca.pem`; `undefined` for Node's own authorities. */
  readonly ca: readonly string[] | undefined
}
